//! Bridges: for each as-of date, the ways along links from a hub.

use playhead_ports::FieldType;

use super::Kind;
use super::pit::as_of_feed;
use super::planner::{Columns, Planner, vault_table};
use crate::spec::{Bridge, Walk};

pub(super) fn plan<'a>(planner: &mut Planner<'a>, name: &str, of: &'a Bridge) {
    let hub_key = planner.parent(&of.hub).hash_key;
    let mut columns = Columns::default();
    let key_type = planner.column_type(&of.hub, &hub_key).unwrap_or(planner.hash_type());
    columns.add(&hub_key, key_type, false, &format!("Hash key of {}", of.hub));
    columns.add(&of.date, FieldType::Time, false, "The as-of date");
    for step in &of.walk {
        let key = planner.parent(&step.link).hash_key;
        let key_type = planner.column_type(&step.link, &key).unwrap_or(planner.hash_type());
        columns.add(&step_name(step), key_type, false, &format!("Hash key of {}", step.link));
    }
    let feeds = as_of_feed(planner, &of.as_of, &of.date);
    let mut table = vault_table(planner, Kind::Bridge, name, columns);
    table.indexes = vec![vec![hub_key, of.date.clone()]];
    table.feeds = feeds;
    let links: Vec<&str> = of.walk.iter().map(|step| step.link.as_str()).collect();
    table.comment = format!("Bridge: the ways from {} along {} at each as-of date", of.hub, links.join(", "));
    planner.push(table);
}

/// The column with the hash key of the step's link.
pub(crate) fn step_name(step: &Walk) -> String {
    step.name.clone().unwrap_or_else(|| format!("{}_pk", step.link))
}
