//! SQL of a plan: tables, their changes, and the statements that take a batch in. One file a kind of table.

mod ddl;
mod hub;
mod loader;
mod migrate;
mod writer;

pub use ddl::create;
pub use loader::LoadStatement;
pub use migrate::{Refusal, migrate};

use playhead_ports::Dialect;

use crate::plan::{Kind, Plan};
use crate::spec::Spec;
use loader::Loader;

/// The statements that take a batch in, in order. `staged` are the temporary tables that the batch brings along filled: what is
/// fed by others alone has no statement. The work tables of the plan must be there, empty.
pub fn loads(dialect: Dialect, spec: &Spec, plan: &Plan, staged: &[&str]) -> Vec<LoadStatement> {
    let mut loader = Loader::new(dialect, spec, plan, staged);
    for table in &plan.tables {
        match table.kind {
            Kind::Hub | Kind::Link | Kind::TransactionalLink => hub::load(&mut loader, table),
            _ => {}
        }
    }
    loader.done()
}
