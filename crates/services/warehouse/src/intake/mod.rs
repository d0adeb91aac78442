//! Messages become typed rows: checked, filtered, exploded, derived, enriched, hashed.
//!
//! It is pure: what dictionaries say is handed in, and what is wrong with a message is told, never raised. A message is taken
//! whole or not at all: where one of its rows is wrong, or a dictionary does not know an id yet, no row of it is staged. The
//! message is rejected or waits alone; its neighbours are loaded.
//!
//! Limits, where a spec says nothing else: a message has at most 8 MiB, JSON is nested at most 64 deep, a number has at most
//! 1,000 digits, event times and versions are of 1970 to 2199, other times of the years 0001 to 9999.

mod csv;
mod derive;
mod enrich;
mod fields;
mod headers;
mod json;
mod model;
mod number;
mod program;
mod rows;
mod take;
mod time;
mod value;
mod walk;
mod watch;

pub use csv::csv_messages;
pub use headers::{headers_of, headers_text};
pub use model::{Enrichment, Mark, Message, MessageVersion, Missed, Pin, Taken, Wanted};
pub(crate) use program::made_of;
pub use take::Intake;
pub(crate) use watch::FIELDS as WATCH_FIELDS;

/// Whether a text is a day, or a time.
pub(crate) fn is_moment(text: &str) -> bool {
    time::time_of(text).is_some()
}
