//! The warehouse of the watch service: `watch_events` and the marts, kept true batch by batch.
//!
//! Hot path: an event that is newer than all of its play advances the (user, video) by itself. A late one builds the pair anew
//! from all of its events, found by key in the working state. Either way the difference between the pair's share in each
//! total before and after goes to the warehouse, in one transaction with the checkpoint. The working state follows the
//! warehouse, never leads it.

mod content;
mod context;
mod desk;
mod keys;
mod rows;
mod sink;
mod tables;
mod writes;

pub use sink::{MARTS_CONSUMER, MartsSink};
pub use tables::TABLES;

pub(crate) use context::{Context, Placed};
pub(crate) use desk::Desk;
pub(crate) use tables::{FORGOTTEN, MARTS, WATCH_EVENTS, WATCH_MARKS, event_of_row, mark_of_row};
