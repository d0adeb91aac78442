//! [`Dictionaries`]: entries by dictionary and id, in a database of their own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use fjall::Readable;
use playhead_ports::{
    Advance, Checkpoint, CommitError, Dictionaries, DictionaryChange, DictionaryError, DictionaryKey, SinkError,
    TopicPartition,
};

use crate::Config;
use crate::error::OpenError;
use crate::shelf::{Shelf, blocking};

/// Keys of data begin with this byte, so that they never meet those of checkpoints.
const MARK: u8 = 1;
const ID_BYTES_MAX: usize = 1 << 10;

/// Dictionaries in files. The folder belongs to this process while this lives.
#[derive(Clone)]
pub struct FjallDictionaries {
    shelf: Arc<Shelf>,
}

/// All keys of a dictionary begin so: its name has no NUL, so that none is the beginning of another.
fn prefix(dictionary: &str) -> Vec<u8> {
    [&[MARK], dictionary.as_bytes(), &[0]].concat()
}

fn key_of(key: &DictionaryKey) -> Vec<u8> {
    let mut bytes = prefix(&key.dictionary);
    bytes.extend_from_slice(key.id.as_bytes());
    bytes
}

impl FjallDictionaries {
    pub(crate) fn shelf(&self) -> &Arc<Shelf> {
        &self.shelf
    }

    /// Opens the folder, or makes it.
    pub fn open(dir: &Path, config: &Config) -> Result<Self, OpenError> {
        Ok(Self { shelf: Arc::new(Shelf::open(dir, config.dictionaries())?) })
    }
}

#[async_trait]
impl Dictionaries for FjallDictionaries {
    async fn get(&self, keys: &[DictionaryKey]) -> Result<Vec<Option<Bytes>>, DictionaryError> {
        let (shelf, keys) = (Arc::clone(&self.shelf), keys.to_vec());
        Ok(blocking(move || shelf.values(keys.iter().map(key_of))).await?)
    }

    async fn count(&self, dictionary: &str) -> Result<u64, DictionaryError> {
        let (shelf, prefix) = (Arc::clone(&self.shelf), prefix(dictionary));
        let work = move || {
            let opened = shelf.reader()?;
            let mut count = 0;
            for guard in opened.db.snapshot().prefix(&opened.data, prefix) {
                guard.key()?;
                count += 1;
            }
            Ok(count)
        };
        Ok(blocking(work).await?)
    }

    async fn checkpoints(&self, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError> {
        let (shelf, of) = (Arc::clone(&self.shelf), of.to_vec());
        Ok(blocking(move || shelf.checkpoints(&of)).await?)
    }

    async fn change(&self, changes: Vec<DictionaryChange>, advances: &[Advance]) -> Result<(), CommitError> {
        for (key, _) in &changes {
            if key.dictionary.contains('\0') || key.id.len() > ID_BYTES_MAX {
                let size = key.id.len();
                return Err(CommitError::Permanent(format!("an id may have {ID_BYTES_MAX} bytes, one has {size}")));
            }
        }
        let (shelf, advances) = (Arc::clone(&self.shelf), advances.to_vec());
        let work = move || {
            Ok(shelf.write(&advances, |opened, batch| {
                // fjall keeps whichever of two equal keys of a batch it likes; a map keeps the later one.
                let changes: BTreeMap<_, _> = changes.into_iter().collect();
                for (key, entry) in changes {
                    match entry {
                        Some(entry) => batch.insert(&opened.data, key_of(&key), &entry[..]),
                        None => batch.remove(&opened.data, key_of(&key)),
                    }
                }
                Ok(())
            }))
        };
        blocking(work).await?
    }
}
