//! The sink that keeps a dictionary as a topic of changes says.
//!
//! A record is an entry. One without a value removes the entry that its key names.

use std::sync::Arc;

use async_trait::async_trait;
use playhead_ports::{
    Advance, Batch, Checkpoint, CommitError, Dictionaries, DictionaryChange, DictionaryKey, Prepared, Reject, Sink,
    SinkError, TopicPartition,
};

use super::entries::entry;

/// Keeps one dictionary.
pub struct DictionarySink {
    name: &'static str,
    dictionary: String,
    id: String,
    store: Arc<dyn Dictionaries>,
}

impl DictionarySink {
    /// A sink into that dictionary, whose entries have their id in that field.
    pub fn new(dictionary: &str, id: &str, store: Arc<dyn Dictionaries>) -> Self {
        // A sink's name lives as long as the program; there are as many as there are dictionaries.
        let name = Box::leak(format!("dictionary-{dictionary}").into_boxed_str());
        Self { name, dictionary: dictionary.to_owned(), id: id.to_owned(), store }
    }
}

#[async_trait]
impl Sink for DictionarySink {
    type Context = ();
    type Rows = Vec<DictionaryChange>;

    fn name(&self) -> &'static str {
        self.name
    }

    async fn checkpoints(&self, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError> {
        self.store.checkpoints(of).await
    }

    async fn gather(&self, _batch: &Batch) -> Result<(), SinkError> {
        Ok(())
    }

    fn prepare(&self, (): &(), batch: &Batch) -> Prepared<Vec<DictionaryChange>> {
        let mut prepared: Prepared<Vec<DictionaryChange>> = Prepared::default();
        for (at, stored) in batch.iter() {
            let record = &stored.record;
            let change = match std::str::from_utf8(&record.key) {
                Ok(id) if record.value.is_empty() && !id.is_empty() => {
                    Ok((DictionaryKey { dictionary: self.dictionary.as_str().into(), id: id.into() }, None))
                }
                _ => entry(&self.dictionary, &self.id, &record.value),
            };
            match change {
                Ok(change) => prepared.rows.push(change),
                Err(reason) => prepared.rejects.push(Reject { at: at.clone(), offset: stored.offset, reason }),
            }
        }
        prepared
    }

    async fn commit(&self, rows: Vec<DictionaryChange>, advances: &[Advance]) -> Result<(), CommitError> {
        self.store.change(rows, advances).await
    }
}
