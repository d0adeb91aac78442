//! Record and status tracking: in which loads a key appeared, and which keys a full load no longer has.

use playhead_ports::FieldType;

use super::planner::{Columns, Planner, vault_table};
use super::satellite::key_groups;
use super::{FeedPlan, Kind};
use crate::spec::TrackingSatellite;

pub(super) fn plan_records<'a>(planner: &mut Planner<'a>, name: &str, of: &'a TrackingSatellite) {
    let (pk, mut columns, feeds) = keys(planner, of, &of.extra);
    columns.times(planner, false, "");
    if let Some(rows) = &of.rows {
        columns.add(rows, FieldType::Text, true, "Where in the pipeline it came from");
    }
    let names = &planner.spec.pipeline.names;
    let mut table = vault_table(planner, Kind::RecordTrackingSatellite, name, columns);
    table.indexes = vec![vec![pk, names.load_time.clone()]];
    table.feeds = feeds;
    table.comment = format!("Record tracking satellite: in which loads keys of {} appeared", of.parent);
    planner.push(table);
}

pub(super) fn plan_status<'a>(planner: &mut Planner<'a>, name: &str, of: &'a TrackingSatellite) {
    let (pk, mut columns, feeds) = keys(planner, of, &[]);
    columns.times(planner, false, "");
    if let Some(active) = &of.active {
        columns.add(active, FieldType::Int, false, "1 from this load on, or 0 since the key was not in it");
    } else {
        columns.add(status_name(of), FieldType::Text, false, "I: it appeared; U: it is there still; D: it is gone");
        if let Some(hashdiff) = &of.hashdiff {
            columns.add(hashdiff, planner.hash_type(), false, "Hash of the status");
        }
    }
    let names = &planner.spec.pipeline.names;
    let mut table = vault_table(planner, Kind::StatusTrackingSatellite, name, columns);
    table.unique = vec![pk, names.load_time.clone()];
    table.feeds = feeds;
    table.comment = format!("Status tracking satellite: which keys of {} full loads have", of.parent);
    planner.push(table);
}

/// The column of the status.
pub(crate) fn status_name(of: &TrackingSatellite) -> &str {
    of.status.as_deref().unwrap_or("status")
}

fn keys<'a>(
    planner: &mut Planner<'a>,
    of: &'a TrackingSatellite,
    extra: &[String],
) -> (String, Columns, Vec<FeedPlan>) {
    let parent = planner.parent(&of.parent);
    let groups = key_groups(&parent.groups, &of.key);
    let pk = parent.hash_key;
    let (mut columns, mut feeds) = (Columns::default(), Vec::new());
    columns.add(&pk, planner.hash_type(), false, &format!("Hash key of {}", of.parent));
    for feed in &of.from {
        let Some(mut filling) = planner.open(feed) else { continue };
        let field = filling.key(planner, &pk, &groups);
        columns.retype(&pk, planner.type_in(filling.rows(), &field));
        for column in extra {
            let type_of = filling.column(planner, column);
            columns.add(column, type_of, true, "Further column");
        }
        filling.times(planner);
        feeds.push(filling.done());
    }
    (pk, columns, feeds)
}
