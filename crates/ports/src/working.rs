//! The working state of a loader: what it must know of a key before it can tell a difference.

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Advance, Checkpoint, CommitError, SinkError, TopicPartition};

/// A key: any bytes, ordered by them.
pub type WorkingKey = Bytes;

/// A write: a value, or none to remove the key.
pub type WorkingWrite = (WorkingKey, Option<Bytes>);

/// Why working state cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkingError {
    /// It is away: try again.
    #[error("working state is not available: {0}")]
    Unavailable(String),
}

/// An ordered store of keys and values with checkpoints. It is never ahead of the warehouse that it serves; after a crash it
/// is caught up from the log.
#[async_trait]
pub trait Working: Send + Sync {
    /// The value of each key, in the order of the keys.
    async fn get(&self, keys: Vec<WorkingKey>) -> Result<Vec<Option<Bytes>>, WorkingError>;

    /// All keys that begin with `prefix`, ascending, with their values.
    async fn scan(&self, prefix: &[u8]) -> Result<Vec<(WorkingKey, Bytes)>, WorkingError>;

    /// How far the state has got in each partition.
    async fn checkpoints(&self, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError>;

    /// Makes the writes and the advance of the checkpoints, together or not at all, durably. [`CommitError::Moved`] if a
    /// checkpoint does not stand where the advance begins. Of two writes of a key the later one holds.
    async fn commit(&self, writes: Vec<WorkingWrite>, advances: &[Advance]) -> Result<(), CommitError>;

    /// Drops everything, checkpoints too, before a rebuild.
    async fn clear(&self) -> Result<(), WorkingError>;
}
