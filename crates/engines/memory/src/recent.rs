//! [`Recent`] as a map in memory, split into shards by user so that writers rarely meet.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use parking_lot::{Mutex, MutexGuard};
use playhead_domain::{Offset, State, UserId, VideoId};
use playhead_ports::{Delta, Epoch, Held, Recent, RecentError, Room, TopicPartition, Veil};

use crate::Config;
use crate::released::{PartitionNumber, Released};
use crate::shard::Shard;

const SHARDS: usize = 64;

/// Recent positions in the memory of this process.
///
/// Its base is on the same machine, so wholes are never kept: joining with the base costs less than the memory would.
pub struct MemoryRecent {
    epoch: Epoch,
    entries_max: usize,
    /// What is held by all shards, so that [`Recent::room`] locks nothing. Signed, because a release may be counted before the
    /// merge that it undoes.
    entries: AtomicI64,
    released: Released,
    hasher: RandomState,
    /// Each is locked for one user's change or read, never across a wait, and never two at once.
    shards: Vec<Mutex<Shard>>,
}

impl MemoryRecent {
    /// An empty store. The epoch must be unlike that of any earlier one.
    pub fn new(config: &Config, epoch: Epoch) -> Self {
        Self {
            epoch,
            entries_max: config.entries_max,
            entries: AtomicI64::new(0),
            released: Released::default(),
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    fn shard(&self, user: &UserId) -> MutexGuard<'_, Shard> {
        let hash = self.hasher.hash_one(user);
        self.shards[usize::try_from(hash % SHARDS as u64).expect("less than the count of shards")].lock()
    }

    /// Joins one delta, less what the base has and what is forgotten. Gives the room taken.
    fn merge_one(&self, partition: PartitionNumber, delta: Delta) -> usize {
        let Delta { user_id, video_id, mut state } = delta;
        let mut shard = self.shard(&user_id);
        let Some(offsets) = state.offsets() else {
            return 0;
        };
        if offsets.greatest < self.released.below(partition) {
            return 0;
        }
        if !shard.forgotten.is_empty() {
            state.forget_below(shard.forgotten.below(&user_id, &video_id));
            if state.is_empty() {
                return 0;
            }
        }
        shard.join(user_id, video_id, state)
    }

    fn count(&self, taken: usize, freed: usize) {
        let signed = |entries| i64::try_from(entries).expect("no more entries than memory has bytes");
        self.entries.fetch_add(signed(taken) - signed(freed), Ordering::Relaxed);
    }

    fn held(&self) -> usize {
        usize::try_from(self.entries.load(Ordering::Relaxed)).unwrap_or(0)
    }

    /// Forgettings are few, and most shards have none.
    fn drop_passed_forgettings(&self, partition: PartitionNumber, below: Offset) -> usize {
        self.shards.iter().map(|shard| shard.lock().forgotten.pass(partition, below)).sum()
    }
}

fn held_of(state: Option<&State>) -> Held {
    state.map_or(Held::Absent, |state| Held::Delta(state.clone()))
}

#[async_trait]
impl Recent for MemoryRecent {
    async fn epoch(&self) -> Result<Epoch, RecentError> {
        Ok(self.epoch.clone())
    }

    async fn merge(&self, at: &TopicPartition, deltas: Vec<Delta>) -> Result<(), RecentError> {
        let partition = self.released.number_of(at);
        let taken = deltas.into_iter().map(|delta| self.merge_one(partition, delta)).sum();
        self.count(taken, 0);
        Ok(())
    }

    async fn get(&self, user: &UserId, videos: &[VideoId]) -> Result<Vec<Held>, RecentError> {
        let shard = self.shard(user);
        Ok(videos.iter().map(|video| held_of(shard.get(user, video))).collect())
    }

    async fn by_user(&self, user: &UserId) -> Result<Vec<(VideoId, Held)>, RecentError> {
        let shard = self.shard(user);
        Ok(shard.by_user(user).map(|(video, state)| (video.clone(), held_of(Some(state)))).collect())
    }

    async fn veil(&self, user: &UserId) -> Result<Veil, RecentError> {
        let shard = self.shard(user);
        Ok(if shard.forgotten.is_empty() { Veil::default() } else { shard.forgotten.veil(user) })
    }

    async fn keep(&self, _: &Epoch, _: &UserId, _: &VideoId, _: State) -> Result<(), RecentError> {
        Ok(())
    }

    async fn release(&self, at: &TopicPartition, keys: &[(UserId, VideoId)], below: Offset) -> Result<(), RecentError> {
        let partition = self.released.number_of(at);
        self.released.raise(partition, below);
        let freed: usize = keys.iter().map(|(user, video)| self.shard(user).release(user, video, below)).sum();
        self.count(0, freed + self.drop_passed_forgettings(partition, below));
        metrics::gauge!("playhead_recent_entries").set(self.held() as f64);
        Ok(())
    }

    async fn forget(
        &self,
        at: &TopicPartition,
        user: &UserId,
        video: Option<&VideoId>,
        below: Offset,
    ) -> Result<(), RecentError> {
        let partition = self.released.number_of(at);
        let mut shard = self.shard(user);
        let freed = shard.forget(user, video, below);
        // The forgetting itself lies at `below`, so the base has done it only once it is past that.
        let is_passed = below < self.released.below(partition);
        let taken = if is_passed { 0 } else { shard.forgotten.remember(partition, user, video, below) };
        self.count(taken, freed);
        Ok(())
    }

    fn room(&self) -> Room {
        Room { held: self.held(), most: self.entries_max }
    }
}
