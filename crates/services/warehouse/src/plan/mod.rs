//! What follows from a spec: which tables there are, what a batch must stage, and which statements take it in.
//!
//! A spec is planned after it was checked: a plan does not complain.

mod hub;
mod link;
mod mart;
mod model;
mod planner;
mod rowset;
mod satellite;
mod stg;
pub mod system;

pub use model::{ColumnPlan, FeedPlan, Kind, Layer, Origin, Plan, StageField, StageOf, StagePlan, TablePlan};

use crate::spec::Spec;

/// What follows from a checked spec.
pub fn plan(spec: &Spec) -> Plan {
    let mut planner = planner::Planner::new(spec);
    for (name, hub) in &spec.hub {
        hub::plan(&mut planner, name, hub);
    }
    for (name, link) in &spec.link {
        link::plan(&mut planner, Kind::Link, name, link, &[]);
    }
    for (name, link) in &spec.transactional_link {
        link::plan(&mut planner, Kind::TransactionalLink, name, &link.link, &link.payload);
    }
    for (name, satellite) in &spec.satellite {
        satellite::plan(&mut planner, name, satellite);
    }
    for (name, satellite) in &spec.multi_active_satellite {
        satellite::plan_multi_active(&mut planner, name, satellite);
    }
    for (name, mart) in &spec.mart {
        mart::plan(&mut planner, name, mart);
    }
    planner.finish()
}
