//! The one micro-batch runner: every consumer of the log is a small [`playhead_ports::Sink`] on it.
//!
//! A batch: fetch from the log -> gather -> prepare -> commit with its checkpoint -> measure. The runner owns the loop, the
//! triggers (rows, bytes or age), backoff with jitter, halving around a poison record, dead letters and draining. It does not
//! know what a sink makes of records.

mod ahead;
mod backoff;
mod commit;
mod config;
mod dead_letters;
mod fetch;
mod gathering;
mod metering;
mod runner;
mod status;

pub use config::Config;
pub use runner::{RunError, Runner};
pub use status::{PartStatus, Status, StatusView};
