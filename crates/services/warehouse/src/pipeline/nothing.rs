//! Dictionaries that know nothing: for pipelines that ask none, and for commands that only look.

use async_trait::async_trait;
use bytes::Bytes;
use playhead_ports::{
    Advance, Checkpoint, CommitError, Dictionaries, DictionaryChange, DictionaryError, DictionaryKey, SinkError,
    TopicPartition,
};

/// They have no entries and take none.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDictionaries;

#[async_trait]
impl Dictionaries for NoDictionaries {
    async fn get(&self, keys: &[DictionaryKey]) -> Result<Vec<Option<Bytes>>, DictionaryError> {
        Ok(vec![None; keys.len()])
    }

    async fn count(&self, _dictionary: &str) -> Result<u64, DictionaryError> {
        Ok(0)
    }

    async fn checkpoints(&self, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError> {
        Ok(vec![None; of.len()])
    }

    async fn change(&self, _changes: Vec<DictionaryChange>, _advances: &[Advance]) -> Result<(), CommitError> {
        Err(CommitError::Permanent("there are no dictionaries here".into()))
    }
}
