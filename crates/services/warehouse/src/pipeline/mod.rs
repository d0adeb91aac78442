//! Pipelines at work: batches of messages into a target, from the log, from files, and once more.
//!
//! A batch is gathered (what dictionaries say, what they said before), made into rows by [`crate::intake`], and loaded by the
//! statements of [`crate::sql`] in one transaction with its checkpoint. Everything that takes messages in goes this one way.

mod batch;
mod between;
mod between_log;
mod broken;
mod core;
mod document;
mod file;
mod forget;
mod layer_sink;
mod lineage;
mod naming;
mod nothing;
mod once;
mod picture;
mod pins;
mod redrive;
mod replay;
mod role;
mod show;
mod sink;
mod staging;
mod status;
mod together;

pub use batch::Loaded;
pub use between_log::BetweenLog;
pub use broken::RejectedMessage;
pub use core::{ApplyError, Parts, Pipeline};
pub use document::document;
pub use file::{FileError, LoadedFile};
pub use layer_sink::LayerSink;
pub use lineage::{Ancestor, LineageError};
pub use nothing::NoDictionaries;
pub use picture::picture;
pub use role::{Role, UnknownRole};
pub use show::{ShowError, ShownRows};
pub use sink::PipelineSink;
pub use status::{PartitionStatus, PipelineStatus, RejectStatus, TableStatus};
