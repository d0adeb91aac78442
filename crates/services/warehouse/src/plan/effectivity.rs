//! Effectivity satellites: from when until when a relation of a link holds.

use playhead_ports::FieldType;

use super::planner::{Columns, Filling, Planner, vault_table};
use super::{Kind, system};
use crate::spec::{EffectivitySatellite, Link, Spec};

pub(super) fn plan<'a>(planner: &mut Planner<'a>, name: &str, of: &'a EffectivitySatellite) {
    let Some(link) = link(planner.spec, &of.parent) else { return };
    let parent = planner.parent(&of.parent);
    let effective = effective_name(planner.spec, of);
    let hash_type = planner.hash_type();
    let (mut columns, mut feeds) = (Columns::default(), Vec::new());
    columns.add(&parent.hash_key, hash_type, false, &format!("Hash key of {}", of.parent));
    for (key, linked) in &link.keys {
        columns.add(key, hash_type, false, &format!("Hash key of {}", linked.hub));
    }
    columns.add(&of.start, FieldType::Time, true, "From when the relation holds");
    columns.add(&of.end, FieldType::Time, true, "Until when it holds; the greatest time while it does");
    columns.add(effective, FieldType::Time, true, "From when this was so");
    for feed in &of.from {
        let Some(mut filling) = planner.open(feed) else { continue };
        let field = filling.key(planner, &parent.hash_key, &parent.groups);
        columns.retype(&parent.hash_key, planner.type_in(filling.rows(), &field));
        for (key, linked) in &link.keys {
            let hashed = planner.linked_key(linked);
            let field = filling.key(planner, key, std::slice::from_ref(&hashed));
            columns.retype(key, planner.type_in(filling.rows(), &field));
        }
        fill_times(planner, &mut filling, &mut columns, [&of.start, &of.end, effective]);
        for column in &of.extra {
            let type_of = filling.column(planner, column);
            columns.add(column, type_of, true, "Further column");
        }
        filling.times(planner);
        feeds.push(filling.done());
    }
    columns.times(planner, false, "");
    let names = &planner.spec.pipeline.names;
    let mut table = vault_table(planner, Kind::EffectivitySatellite, name, columns);
    table.indexes = vec![vec![parent.hash_key, names.load_time.clone()], of.driving.clone()];
    table.feeds = feeds;
    table.comment = format!("Effectivity satellite: from when until when relations of {} hold", of.parent);
    planner.push(table);
}

/// Start and effective date fall back on when it happened; an end that the rows do not have is none.
fn fill_times<'a>(
    planner: &mut Planner<'a>,
    filling: &mut Filling<'a>,
    columns: &mut Columns,
    [start, end, effective]: [&str; 3],
) {
    for column in [effective, start, end] {
        let own = filling.renamed(column).to_owned();
        let has_it = planner.rowset(filling.rows()).is_some_and(|rowset| rowset.has(&own));
        if has_it {
            let of = filling.column(planner, column);
            columns.retype(column, of);
        } else if column == effective {
            filling.system(column, system::EVENT_TIME);
        }
    }
}

/// The column that tells from when a row holds.
pub(crate) fn effective_name<'a>(spec: &'a Spec, of: &'a EffectivitySatellite) -> &'a str {
    of.effective.as_deref().unwrap_or(&spec.pipeline.names.event_time)
}

/// The link of that name, of whatever kind.
pub(crate) fn link<'a>(spec: &'a Spec, name: &str) -> Option<&'a Link> {
    let transactional = || spec.transactional_link.get(name).map(|link| &link.link);
    let between_same = || spec.same_as_link.get(name).or_else(|| spec.hierarchical_link.get(name));
    spec.link.get(name).or_else(transactional).or_else(between_same)
}
