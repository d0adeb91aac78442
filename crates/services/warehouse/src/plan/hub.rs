//! Hubs: each business key once.

use super::Kind;
use super::planner::{Columns, Planner, hash_key_name, vault_table};
use crate::spec::Hub;

pub(super) fn plan<'a>(planner: &mut Planner<'a>, name: &str, hub: &'a Hub) {
    let pk = hash_key_name(name, hub.hash_key.as_ref());
    let (mut columns, mut feeds) = (Columns::default(), Vec::new());
    columns.add(&pk, planner.hash_type(), false, "Hash of the business key");
    let mut has_event_time = planner.is_safe();
    for feed in &hub.from {
        let Some(mut filling) = planner.open(feed) else { continue };
        let field = filling.key(planner, &pk, std::slice::from_ref(&hub.key));
        columns.retype(&pk, planner.type_in(filling.rows(), &field));
        for column in &hub.key {
            let of = filling.column(planner, column);
            columns.add(column, of, true, "Business key");
        }
        for column in &hub.extra {
            let of = filling.column(planner, column);
            columns.add(column, of, true, "As it was first seen");
        }
        filling.times(planner);
        has_event_time |= planner.tells_event_time(filling.rows());
        feeds.push(filling.done());
    }
    columns.times(planner, has_event_time, "When it was first seen to happen");
    let mut table = vault_table(planner, Kind::Hub, name, columns);
    table.unique = vec![pk];
    table.feeds = feeds;
    table.comment = format!("Hub: each {} once", hub.key.join(", "));
    planner.push(table);
}
