//! Positions, working state and dictionaries in files, by the key-value store fjall: the ports [`playhead_ports::Base`],
//! [`playhead_ports::Working`] and [`playhead_ports::Dictionaries`].
//!
//! Each has a database of its own in its own folder, so that one can be dropped and built again without touching the other,
//! and so that neither waits for the other's journal. Checkpoints lie in the same database as what they speak of, and are
//! written in the same batch. Nothing here knows the log or what working state means.

mod base;
mod checkpoint;
mod compact;
mod config;
mod dictionaries;
mod dump;
mod error;
mod opened;
mod shelf;
mod store;
mod working;

pub use base::FjallBase;
pub use config::Config;
pub use dictionaries::FjallDictionaries;
pub use error::OpenError;
pub use store::{CompactError, FjallStore};
pub use working::FjallWorking;
