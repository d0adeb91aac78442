//! What follows from a spec: which tables there are, what a batch must stage, and which statements take it in.
//!
//! A spec is planned after it was checked: a plan does not complain.

mod bridge;
mod effectivity;
mod extended_tracking;
mod hub;
mod link;
mod mart;
mod model;
mod pit;
mod planner;
mod reference;
mod rowset;
mod satellite;
mod stg;
pub mod system;
mod tracking;

pub(crate) use bridge::step_name;
pub(crate) use effectivity::{effective_name, link as effectivity_link};
pub(crate) use extended_tracking::satellite as tracked_satellite;
pub use model::{ColumnPlan, FeedPlan, Kind, Layer, Origin, Plan, StageField, StageOf, StagePlan, TablePlan};
pub(crate) use pit::{key_name as pit_key_name, time_name as pit_time_name};
pub(crate) use tracking::status_name;

pub(crate) use mart::OF_MART;
pub(crate) use planner::hash_of;

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
    snapshot_kinds(&mut planner, spec);
    mart::plan_all(&mut planner);
    planner.finish()
}

/// What is loaded load by load, after all that it is made of.
fn snapshot_kinds<'a>(planner: &mut planner::Planner<'a>, spec: &'a Spec) {
    for (name, link) in &spec.same_as_link {
        link::plan(planner, Kind::SameAsLink, name, link, &[]);
    }
    for (name, link) in &spec.hierarchical_link {
        link::plan(planner, Kind::HierarchicalLink, name, link, &[]);
    }
    for (name, of) in &spec.effectivity_satellite {
        effectivity::plan(planner, name, of);
    }
    for (name, of) in &spec.record_tracking_satellite {
        tracking::plan_records(planner, name, of);
    }
    for (name, of) in &spec.status_tracking_satellite {
        tracking::plan_status(planner, name, of);
    }
    for (name, of) in &spec.extended_tracking_satellite {
        extended_tracking::plan(planner, name, of);
    }
    for (name, of) in &spec.reference {
        reference::plan(planner, name, of);
    }
    for (name, of) in &spec.pit {
        pit::plan(planner, name, of);
    }
    for (name, of) in &spec.bridge {
        bridge::plan(planner, name, of);
    }
}
