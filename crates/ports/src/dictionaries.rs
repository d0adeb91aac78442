//! Dictionaries: what ids mean, by dictionary and id.

use async_trait::async_trait;
use bytes::Bytes;
use smol_str::SmolStr;

use crate::{Advance, Checkpoint, CommitError, SinkError, TopicPartition};

/// The place of an entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DictionaryKey {
    /// The dictionary's name, without NUL.
    pub dictionary: SmolStr,
    /// The id: any text of at most 1 KiB.
    pub id: SmolStr,
}

/// What becomes of an entry: its bytes, or none to remove it.
pub type DictionaryChange = (DictionaryKey, Option<Bytes>);

/// Why dictionaries cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DictionaryError {
    /// They are away: try again.
    #[error("dictionaries are not available: {0}")]
    Unavailable(String),
}

/// A store of dictionaries, filled by people or from topics of changes. What an entry's bytes mean is not known here.
#[async_trait]
pub trait Dictionaries: Send + Sync {
    /// What each key has, in the order of the keys.
    async fn get(&self, keys: &[DictionaryKey]) -> Result<Vec<Option<Bytes>>, DictionaryError>;

    /// How many entries the dictionary has.
    async fn count(&self, dictionary: &str) -> Result<u64, DictionaryError>;

    /// How far the changes of topics have got.
    async fn checkpoints(&self, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError>;

    /// Makes the changes and the advance of the checkpoints, together or not at all, durably. [`CommitError::Moved`] if a
    /// checkpoint does not stand where the advance begins. Of two changes of a key the later one holds. An id that is too
    /// long is [`CommitError::Permanent`].
    async fn change(&self, changes: Vec<DictionaryChange>, advances: &[Advance]) -> Result<(), CommitError>;
}
