//! [`Working`]: keys and values of a loader, as bytes.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use fjall::Readable;
use playhead_ports::{
    Advance, Checkpoint, CommitError, SinkError, TopicPartition, Working, WorkingError, WorkingKey, WorkingWrite,
};

use crate::shelf::{Shelf, blocking};

/// Keys of data begin with this byte, so that they never meet those of checkpoints.
const MARK: u8 = 1;
/// fjall's limit, less the mark.
const KEY_BYTES_MAX: usize = (1 << 16) - 2;

/// Working state in files.
#[derive(Clone)]
pub struct FjallWorking {
    shelf: Arc<Shelf>,
}

fn marked(key: &[u8]) -> Vec<u8> {
    let mut marked = Vec::with_capacity(1 + key.len());
    marked.push(MARK);
    marked.extend_from_slice(key);
    marked
}

impl FjallWorking {
    pub(crate) fn new(shelf: Arc<Shelf>) -> Self {
        Self { shelf }
    }
}

#[async_trait]
impl Working for FjallWorking {
    async fn get(&self, keys: Vec<WorkingKey>) -> Result<Vec<Option<Bytes>>, WorkingError> {
        let shelf = Arc::clone(&self.shelf);
        Ok(blocking(move || shelf.values(keys.iter().map(|key| marked(key)))).await?)
    }

    async fn scan(&self, prefix: &[u8]) -> Result<Vec<(WorkingKey, Bytes)>, WorkingError> {
        let (shelf, prefix) = (Arc::clone(&self.shelf), marked(prefix));
        let work = move || {
            let opened = shelf.reader()?;
            let one = |guard: fjall::Guard| {
                let (key, value) = guard.into_inner()?;
                Ok((Bytes::copy_from_slice(&key[1..]), Bytes::copy_from_slice(&value)))
            };
            opened.db.snapshot().prefix(&opened.data, prefix).map(one).collect()
        };
        Ok(blocking(work).await?)
    }

    async fn checkpoints(&self, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError> {
        let (shelf, of) = (Arc::clone(&self.shelf), of.to_vec());
        Ok(blocking(move || shelf.checkpoints(&of)).await?)
    }

    async fn commit(&self, writes: Vec<WorkingWrite>, advances: &[Advance]) -> Result<(), CommitError> {
        if let Some((key, _)) = writes.iter().find(|(key, _)| key.len() > KEY_BYTES_MAX) {
            return Err(CommitError::Permanent(format!("a key may have {KEY_BYTES_MAX} bytes, one has {}", key.len())));
        }
        let (shelf, advances) = (Arc::clone(&self.shelf), advances.to_vec());
        let work = move || {
            Ok(shelf.write(&advances, |opened, batch| {
                // fjall keeps whichever of two equal keys of a batch it likes; a map keeps the later one.
                let writes: std::collections::BTreeMap<_, _> = writes.into_iter().collect();
                for (key, value) in writes {
                    match value {
                        Some(value) => batch.insert(&opened.data, marked(&key), &value[..]),
                        None => batch.remove(&opened.data, marked(&key)),
                    }
                }
                Ok(())
            }))
        };
        blocking(work).await?
    }

    async fn clear(&self) -> Result<(), WorkingError> {
        let shelf = Arc::clone(&self.shelf);
        Ok(blocking(move || shelf.clear()).await?)
    }
}
