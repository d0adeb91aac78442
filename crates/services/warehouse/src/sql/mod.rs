//! SQL of a plan: tables, their changes, and the statements that take a batch in. One file a kind of table.

mod as_of;
mod automate_dv;
mod bridge;
mod condition;
mod ddl;
mod effectivity;
mod extended_tracking;
mod forget;
mod ghost;
mod hub;
mod loader;
mod lock;
mod mart;
mod migrate;
mod pit;
mod record_tracking;
mod reference;
mod rows;
mod satellite;
mod settle;
mod snapshot;
mod status_tracking;
mod stg;
mod tags;
mod totals;
mod writer;

pub use ddl::create;
pub(crate) use forget::{FORGOTTEN, forgets, knowing};
pub use loader::LoadStatement;
pub use migrate::{Refusal, migrate};

use playhead_ports::Dialect;

use crate::plan::{Kind, Layer, Plan, TablePlan};
use crate::spec::Spec;
use loader::Loader;

/// The statements that take a batch in, in order. `staged` are the temporary tables that the batch brings along filled: what is
/// fed by others alone has no statement. The work tables of the plan must be there, empty.
pub fn loads(dialect: Dialect, spec: &Spec, plan: &Plan, staged: &[&str]) -> Vec<LoadStatement> {
    loads_of(dialect, spec, plan, staged, &[Layer::Stg, Layer::Dds, Layer::Cdm])
}

/// The same for these layers alone: who fills the others does it by itself, STG before the rest. What is rejected is noted
/// whoever rejects it.
pub fn loads_of(dialect: Dialect, spec: &Spec, plan: &Plan, staged: &[&str], layers: &[Layer]) -> Vec<LoadStatement> {
    let mut loader = Loader::new(dialect, spec, plan, staged);
    let is_filled = |layer: Layer| layers.contains(&layer);
    let is_satellite = |table: &&TablePlan| matches!(table.kind, Kind::Satellite | Kind::MultiActiveSatellite);
    let each = |is: fn(Kind) -> bool| plan.tables.iter().filter(move |table| is(table.kind));
    each(|kind| kind == Kind::Messages).for_each(|table| {
        if is_filled(Layer::Stg) {
            stg::load_messages(&mut loader, table);
        } else if is_filled(Layer::Cdm) {
            stg::note_messages(&mut loader, table);
        }
    });
    if loader.is_safe() && is_filled(Layer::Dds) {
        plan.tables.iter().filter(is_satellite).for_each(|table| satellite::note(&mut loader, table));
    }
    let is_shared = |kind| matches!(kind, Kind::Waiting | Kind::Rejects);
    for table in plan.tables.iter().filter(|table| is_filled(table.layer) || is_shared(table.kind)) {
        match table.kind {
            Kind::Rows => rows::load(&mut loader, table),
            Kind::Pins | Kind::Waiting | Kind::Rejects => stg::load_shared(&mut loader, table),
            Kind::Hub | Kind::Link | Kind::TransactionalLink | Kind::SameAsLink | Kind::HierarchicalLink => {
                hub::load(&mut loader, table)
            }
            Kind::Satellite | Kind::MultiActiveSatellite => {
                ghost::load(&mut loader, table);
                let load = if loader.is_safe() { satellite::load } else { automate_dv::load };
                load(&mut loader, table);
            }
            Kind::Mart => mart::load(&mut loader, table),
            // Filled with the messages, and with their mart.
            Kind::Messages | Kind::History | Kind::Tags => {}
            Kind::EffectivitySatellite => effectivity::load(&mut loader, table),
            Kind::RecordTrackingSatellite => record_tracking::load(&mut loader, table),
            Kind::StatusTrackingSatellite => status_tracking::load(&mut loader, table),
            Kind::ExtendedTrackingSatellite => extended_tracking::load(&mut loader, table),
            Kind::Reference => reference::load(&mut loader, table),
            Kind::Pit => pit::load(&mut loader, table),
            Kind::Bridge => bridge::load(&mut loader, table),
        }
    }
    loader.done()
}
