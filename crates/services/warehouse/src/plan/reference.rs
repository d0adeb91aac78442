//! Reference tables: codes with their values, the newest or all versions.

use super::Kind;
use super::planner::{Columns, Planner, vault_table};
use crate::spec::Reference;

pub(super) fn plan<'a>(planner: &mut Planner<'a>, name: &str, of: &'a Reference) {
    let (mut columns, mut feeds) = (Columns::default(), Vec::new());
    let mut has_event_time = planner.is_safe();
    for feed in &of.from {
        let Some(mut filling) = planner.open(feed) else { continue };
        for column in &of.key {
            let type_of = filling.column(planner, column);
            columns.add(column, type_of, false, "Code");
        }
        if of.history {
            let diff = filling.diff(planner, &of.hashdiff, &of.payload);
            columns.add(&of.hashdiff, planner.hash_type(), true, "Hash of the values");
            columns.retype(&of.hashdiff, planner.type_in(filling.rows(), &diff));
        }
        for column in &of.payload {
            let type_of = filling.column(planner, column);
            columns.add(column, type_of, true, "");
        }
        filling.times(planner);
        has_event_time |= planner.tells_event_time(filling.rows());
        feeds.push(filling.done());
    }
    columns.times(planner, has_event_time, "From when it holds");
    let names = &planner.spec.pipeline.names;
    let mut table = vault_table(planner, Kind::Reference, name, columns);
    if of.history {
        table.indexes = vec![of.key.iter().chain([&names.load_time]).cloned().collect()];
    } else {
        table.unique = of.key.clone();
    }
    table.feeds = feeds;
    table.comment = format!("Reference table by {}", of.key.join(", "));
    planner.push(table);
}
