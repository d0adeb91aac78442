//! Watch positions: players say where viewers are, anyone asks where they stopped, analysts ask who watched what.
//!
//! Two walks, and nothing else on them. A write: [`NewEvent`] -> [`Watch::record`] (clock rule, append to the log, visible in
//! recent) -> answer. A read: [`Watch::positions`] -> recent joined with the base. Everything else follows from the log through
//! two sinks on the micro-batch runner: [`PositionsSink`] folds positions into the base, [`MartsSink`] loads the warehouse.
//!
//! It does not know HTTP, gRPC, or any engine.

mod clock_rule;
mod config;
mod forget_gate;
mod forgotten;
mod intake;
mod listing;
mod marts;
mod positions_sink;
mod read;
mod rebuild;
mod replay;
mod topics;
mod watch;

pub use config::Config;
pub use forgotten::{Forgotten, forget_again, forgetting_of, read_forgotten};
pub use intake::{NewEvent, RawEvent, RawVideo};
pub use listing::{Cursor, CursorError, ListQuery, Page};
pub use marts::{MARTS_CONSUMER, MartsSink, TABLES};
pub use playhead_contracts::decode_fact;
pub use positions_sink::PositionsSink;
pub use read::{ReadError, Reading};
pub use rebuild::{RebuildError, Rebuilt, rebuild_marts, rebuild_positions};
pub use replay::ReplayError;
pub use topics::{VIDEOS, WATCH, topic};
pub use watch::{Receipt, RecordError, Recorded, Watch};
