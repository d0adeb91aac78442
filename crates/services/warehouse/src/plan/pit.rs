//! Point-in-time tables: for each key and as-of date, the versions of its satellites that held.

use playhead_ports::FieldType;

use super::planner::{Columns, Planner, vault_table};
use super::{FeedPlan, Kind};
use crate::spec::{AsOf, Pit};

pub(super) fn plan<'a>(planner: &mut Planner<'a>, name: &str, of: &'a Pit) {
    let parent = planner.parent(&of.hub);
    let mut columns = Columns::default();
    let key_type = planner.column_type(&of.hub, &parent.hash_key).unwrap_or(planner.hash_type());
    columns.add(&parent.hash_key, key_type, false, &format!("Hash key of {}", of.hub));
    columns.add(&of.date, FieldType::Time, false, "The as-of date");
    for satellite in &of.satellites {
        let comment = format!("Points to the version of {satellite}");
        columns.add(&key_name(of, satellite), key_type, !of.ghost, &comment);
        columns.add(&time_name(of, satellite), FieldType::Time, !of.ghost, &comment);
    }
    let feeds = as_of_feed(planner, &of.as_of, &of.date);
    let mut table = vault_table(planner, Kind::Pit, name, columns);
    table.indexes = vec![vec![parent.hash_key, of.date.clone()]];
    table.feeds = feeds;
    table.comment = format!("Point in time: which versions of {} held at each as-of date", of.satellites.join(", "));
    planner.push(table);
}

/// The column that points to the key of the satellite's version.
pub(crate) fn key_name(of: &Pit, satellite: &str) -> String {
    of.key_name.replace("{satellite}", satellite)
}

/// The column that points to the time of the satellite's version.
pub(crate) fn time_name(of: &Pit, satellite: &str) -> String {
    of.time_name.replace("{satellite}", satellite)
}

/// The feed of as-of dates, where they do not come from a table.
pub(super) fn as_of_feed(planner: &mut Planner<'_>, as_of: &AsOf, date: &str) -> Vec<FeedPlan> {
    if as_of.table().is_some() {
        return Vec::new();
    }
    let Some(rowset) = planner.rowset(&as_of.rows) else { return Vec::new() };
    let field = rowset.want_column(&as_of.column);
    let fields = [(date.to_owned(), field)].into();
    vec![FeedPlan { rows: as_of.rows.clone(), stage: format!("stage_{}", as_of.rows), fields }]
}
