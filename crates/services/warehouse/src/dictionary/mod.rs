//! Filling dictionaries: from a file of entries, or from a topic of changes.

mod entries;
mod sink;

pub use entries::{EntriesError, entries};
pub use sink::DictionarySink;
