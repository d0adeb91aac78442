//! Extended tracking satellites: which version of which satellite came with which load.
//!
//! Its feeds are those of the satellites that it tracks, in their order.

use playhead_ports::FieldType;

use super::planner::{Columns, Planner, vault_table};
use super::satellite::key_groups;
use super::{FeedPlan, Kind};
use crate::spec::{ExtendedTrackingSatellite, Satellite, Spec};

pub(super) fn plan<'a>(planner: &mut Planner<'a>, name: &str, of: &'a ExtendedTrackingSatellite) {
    let parent = planner.parent(&of.parent);
    let pk = parent.hash_key;
    let (mut columns, mut feeds) = (Columns::default(), Vec::new());
    columns.add(&pk, planner.hash_type(), false, &format!("Hash key of {}", of.parent));
    columns.add(&of.hashdiff, planner.hash_type(), true, "Hash of what the satellite says");
    columns.add(&of.satellite_name, FieldType::Text, false, "The satellite");
    for tracked in &of.satellites {
        let Some((satellite, child_key)) = satellite(planner.spec, tracked) else { continue };
        let groups = key_groups(&parent.groups, &satellite.key);
        for feed in &satellite.from {
            let Some(mut filling) = planner.open(feed) else { continue };
            let field = filling.key(planner, &pk, &groups);
            columns.retype(&pk, planner.type_in(filling.rows(), &field));
            let described: Vec<String> = child_key.iter().chain(&satellite.payload).cloned().collect();
            let diff = filling.diff(planner, &satellite.hashdiff, &described);
            columns.retype(&of.hashdiff, planner.type_in(filling.rows(), &diff));
            for column in &of.extra {
                let type_of = filling.column(planner, column);
                columns.add(column, type_of, true, "Further column");
            }
            filling.times(planner);
            feeds.push(renamed(filling.done(), &satellite.hashdiff, &of.hashdiff));
        }
    }
    columns.times(planner, false, "");
    let names = &planner.spec.pipeline.names;
    let mut table = vault_table(planner, Kind::ExtendedTrackingSatellite, name, columns);
    table.indexes = vec![vec![pk, names.load_time.clone()]];
    table.feeds = feeds;
    table.comment = format!("Extended tracking satellite: which versions of {} came when", of.satellites.join(", "));
    planner.push(table);
}

/// The satellite's hashdiff under the table's own name for it.
fn renamed(mut feed: FeedPlan, theirs: &str, ours: &str) -> FeedPlan {
    if let Some(field) = feed.fields.remove(theirs) {
        feed.fields.insert(ours.to_owned(), field);
    }
    feed
}

/// The satellite of that name, and what tells the rows of its sets apart.
pub(crate) fn satellite<'a>(spec: &'a Spec, name: &str) -> Option<(&'a Satellite, &'a [String])> {
    let multi = || spec.multi_active_satellite.get(name).map(|of| (&of.satellite, of.child_key.as_slice()));
    spec.satellite.get(name).map(|of| (of, [].as_slice())).or_else(multi)
}
