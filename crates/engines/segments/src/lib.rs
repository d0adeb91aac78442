//! The embedded log: segment files of our own, each record durable before its answer.
//!
//! A topic is a folder, a partition a folder in it, and a partition's records lie in files named by their first offset. What
//! is written at once is a frame with a checksum that covers the one before. One thread per partition writes: it takes what
//! has gathered while the last sync was under way, syncs once, shows it to readers and answers all.
//!
//! It knows nothing of what records mean, of who consumes them, or of checkpoints other than as a floor for retention.

mod committer;
mod config;
mod disk;
#[cfg(test)]
mod faults_tests;
mod files;
mod frame;
mod group;
mod header;
mod index;
mod log;
mod meter;
mod partition;
mod queue;
mod reader;
mod record;
mod recovery;
mod repair;
mod retention;
mod scan;
mod segment;
mod segments;
mod snapshot;
mod space;
mod topics;
mod verify;
mod writer;

pub use config::Config;
pub use group::SegmentGroup;
pub use log::SegmentLog;
pub use repair::{Quarantined, RepairReport};
pub use snapshot::SnapshotFile;
pub use verify::{Damage, PartitionReport};
