//! [`Base`]: the state of every (user, video).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use fjall::{Keyspace, Readable};
use playhead_domain::{Offset, Stable, State, UserId, VideoId};
use playhead_ports::{Advance, Base, BaseError, Checkpoint, CommitError, Fold, Forgetting, SinkError, TopicPartition};

use crate::error::Trouble;
use crate::opened::Opened;
use crate::shelf::{Shelf, blocking};

/// So many keys are read on the caller's own thread. A read takes some microseconds, handing it to another thread takes
/// longer, and under load far longer.
const INLINE_KEYS_MAX: usize = 32;

/// Positions in files.
#[derive(Clone)]
pub struct FjallBase {
    shelf: Arc<Shelf>,
}

/// Keys are `user NUL video`; an id has no NUL, so the keys of one user are neighbours and of nobody else.
fn prefix_of(user: &UserId) -> Vec<u8> {
    let mut prefix = Vec::with_capacity(2 * UserId::BYTES_MAX + 1);
    prefix.extend_from_slice(user.as_str().as_bytes());
    prefix.push(0);
    prefix
}

fn key_of(user: &UserId, video: &VideoId) -> Vec<u8> {
    let mut key = prefix_of(user);
    key.extend_from_slice(video.as_str().as_bytes());
    key
}

/// Names the key by a hash: ids of users do not go into errors and logs.
fn decode(key: &[u8], bytes: &[u8]) -> Result<State, Trouble> {
    Stable::decode(bytes).map_err(|error| {
        let mut hasher = DefaultHasher::new();
        hasher.write(key);
        let hash = hasher.finish();
        Trouble::Broken(format!(
            "the position under the key of hash {hash:016x} is broken ({error}): rebuild positions"
        ))
    })
}

/// What a user has, by video: keys, and bytes as they are stored.
fn stored_of(opened: &Opened, prefix: &[u8]) -> impl Iterator<Item = Result<(Vec<u8>, fjall::UserValue), Trouble>> {
    let found = opened.db.snapshot().prefix(&opened.data, prefix);
    found.map(|guard| guard.into_inner().map(|(key, value)| (key.to_vec(), value)).map_err(Trouble::from))
}

fn get(opened: &Opened, user: &UserId, videos: &[VideoId]) -> Result<Vec<Option<State>>, Trouble> {
    // Of one moment, so that no half of a fold is seen.
    let snapshot = opened.db.snapshot();
    let one = |video| {
        let key = key_of(user, video);
        snapshot.get(&opened.data, &key)?.map(|bytes| decode(&key, &bytes)).transpose()
    };
    videos.iter().map(one).collect()
}

fn by_user(opened: &Opened, user: &UserId) -> Result<Vec<(VideoId, State)>, Trouble> {
    let prefix = prefix_of(user);
    let one = |stored| {
        let (key, bytes): (Vec<u8>, fjall::UserValue) = stored?;
        let video = String::from_utf8_lossy(&key[prefix.len()..]);
        Ok((VideoId::from_stored(&video), decode(&key, &bytes)?))
    };
    stored_of(opened, &prefix).map(one).collect()
}

/// The changes of a fold, in the order of keys: what is put, or none where the key goes.
#[derive(Default)]
struct Changes(BTreeMap<Vec<u8>, Option<State>>);

impl Changes {
    fn of(opened: &Opened, fold: Fold) -> Result<Self, Trouble> {
        let mut changes = Self::default();
        for forgetting in fold.forgets {
            changes.forget(opened, &forgetting)?;
        }
        let joins = fold.joins.into_iter().map(|(user, video, state)| (key_of(&user, &video), state));
        let mut joins: Vec<_> = joins.collect();
        // Neighbours are in the same blocks.
        joins.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        for (key, state) in joins {
            changes.join(&opened.data, key, state)?;
        }
        Ok(changes)
    }

    fn forget(&mut self, opened: &Opened, forgetting: &Forgetting) -> Result<(), Trouble> {
        let Forgetting { user_id, video_id, below } = forgetting;
        match video_id {
            Some(video) => {
                let key = key_of(user_id, video);
                if let Some(bytes) = opened.data.get(&key)? {
                    self.forget_one(key, &bytes, *below);
                }
            }
            None => {
                for stored in stored_of(opened, &prefix_of(user_id)) {
                    let (key, bytes) = stored?;
                    self.forget_one(key, &bytes, *below);
                }
            }
        }
        Ok(())
    }

    /// A state that cannot be read is dropped whole: forgetting must not stop at it.
    fn forget_one(&mut self, key: Vec<u8>, bytes: &[u8], below: Offset) {
        let held = match self.0.entry(key) {
            Entry::Occupied(held) => held.into_mut(),
            Entry::Vacant(empty) => empty.insert(Stable::decode(bytes).ok()),
        };
        if let Some(state) = held {
            state.forget_below(below);
            if state.is_empty() {
                *held = None;
            }
        }
    }

    fn join(&mut self, data: &Keyspace, key: Vec<u8>, state: State) -> Result<(), Trouble> {
        match self.0.entry(key) {
            Entry::Occupied(mut held) => held.get_mut().get_or_insert_default().join(&state),
            Entry::Vacant(empty) => {
                let joined = match data.get(empty.key())? {
                    Some(bytes) => {
                        let mut stored = decode(empty.key(), &bytes)?;
                        stored.join(&state);
                        stored
                    }
                    None => state,
                };
                empty.insert(Some(joined));
            }
        }
        Ok(())
    }
}

impl FjallBase {
    pub(crate) fn new(shelf: Arc<Shelf>) -> Self {
        Self { shelf }
    }

    /// Reads where it may block.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Opened) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, BaseError> {
        let shelf = Arc::clone(&self.shelf);
        Ok(blocking(move || work(&*shelf.reader()?)).await?)
    }
}

#[async_trait]
impl Base for FjallBase {
    async fn get(&self, user: &UserId, videos: &[VideoId]) -> Result<Vec<Option<State>>, BaseError> {
        match self.shelf.now() {
            Some(opened) if videos.len() <= INLINE_KEYS_MAX => Ok(get(&opened, user, videos)?),
            _ => {
                let (user, videos) = (user.clone(), videos.to_vec());
                self.read(move |opened| get(opened, &user, &videos)).await
            }
        }
    }

    async fn by_user(&self, user: &UserId) -> Result<Vec<(VideoId, State)>, BaseError> {
        let user = user.clone();
        self.read(move |opened| by_user(opened, &user)).await
    }

    async fn checkpoints(&self, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError> {
        let (shelf, of) = (Arc::clone(&self.shelf), of.to_vec());
        Ok(blocking(move || shelf.checkpoints(&of)).await?)
    }

    async fn fold(&self, fold: Fold, advances: &[Advance]) -> Result<(), CommitError> {
        let (shelf, advances) = (Arc::clone(&self.shelf), advances.to_vec());
        let work = move || {
            let began = Instant::now();
            let folded = shelf.write(&advances, |opened, batch| {
                for (key, change) in Changes::of(opened, fold)?.0 {
                    match change {
                        Some(state) => batch.insert(&opened.data, key, Stable::encode(&state)),
                        None => batch.remove(&opened.data, key),
                    }
                }
                Ok(())
            });
            metrics::histogram!("playhead_base_fold_seconds").record(began.elapsed());
            if let Ok(size_bytes) = shelf.size_bytes() {
                metrics::gauge!("playhead_base_bytes").set(size_bytes as f64);
            }
            Ok(folded)
        };
        blocking(work).await?
    }

    async fn clear(&self) -> Result<(), BaseError> {
        let shelf = Arc::clone(&self.shelf);
        Ok(blocking(move || shelf.clear()).await?)
    }
}

#[cfg(test)]
#[path = "base_tests.rs"]
mod tests;
