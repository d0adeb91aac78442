//! Recent positions: what the log has and the base has not.

use async_trait::async_trait;
use playhead_domain::{Offset, State, UserId, VideoId};
use smol_str::SmolStr;

use crate::TopicPartition;

/// The identity of a store's memory. When it changes, the store may have lost what it held: the tail of the log past the
/// base's checkpoint is merged again before reads trust it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch(pub SmolStr);

/// What an entry holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// Nothing: what there is, the base has.
    Absent,
    /// Part of the state: join it with the base's.
    Delta(State),
    /// All of the state, joined with the base's under the current epoch: the base need not be asked.
    Whole(State),
}

/// What is merged: the state of a few records of one (user, video).
#[derive(Debug, Clone)]
pub struct Delta {
    /// Who.
    pub user_id: UserId,
    /// What.
    pub video_id: VideoId,
    /// The state of these records alone; its offsets say which.
    pub state: State,
}

/// What of a user is forgotten, though the base may still have it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Veil {
    /// Records of all of their videos below this offset.
    pub all_below: Offset,
    /// Records of single videos below an offset of their own.
    pub below: Vec<(VideoId, Offset)>,
}

impl Veil {
    /// Records of this video below this offset are forgotten.
    pub fn below(&self, video: &VideoId) -> Offset {
        let single = self.below.iter().find(|(held, _)| held == video);
        single.map_or(self.all_below, |(_, below)| self.all_below.max(*below))
    }
}

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// The entries held.
    pub held: usize,
    /// The most that may be held.
    pub most: usize,
}

impl Room {
    /// Whether writers must wait for the fold.
    pub fn is_full(self) -> bool {
        self.held >= self.most
    }
}

/// Why recent positions cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecentError {
    /// The store is away. Reads go to the base and say that they may be stale.
    #[error("recent positions are not available: {0}")]
    Unavailable(String),
}

/// A store of recent positions that many edges share.
///
/// What is merged is read by every caller from then on, until it is released or forgotten.
#[async_trait]
pub trait Recent: Send + Sync {
    /// The identity of what is held now.
    async fn epoch(&self) -> Result<Epoch, RecentError>;

    /// Joins the deltas into what is held. Merging the same again changes nothing. Deltas below a forgetting are ignored.
    async fn merge(&self, at: &TopicPartition, deltas: Vec<Delta>) -> Result<(), RecentError>;

    /// What is held of each of the videos, in their order.
    async fn get(&self, user: &UserId, videos: &[VideoId]) -> Result<Vec<Held>, RecentError>;

    /// What is held of all of a user's videos, by video; [`Held::Absent`] does not occur.
    async fn by_user(&self, user: &UserId) -> Result<Vec<(VideoId, Held)>, RecentError>;

    /// The user's forgettings that the base may not have passed yet. A reader drops what they cover from what the base
    /// gives it afterwards, because a forgetting holds from its answer on and the base hears of it later.
    async fn veil(&self, user: &UserId) -> Result<Veil, RecentError>;

    /// Offers what a read found by joining with the base. The store may decline, and does if the epoch is not the current
    /// one; what it takes is joined with what it holds.
    async fn keep(&self, epoch: &Epoch, user: &UserId, video: &VideoId, whole: State) -> Result<(), RecentError>;

    /// The base has everything of this partition below `below`: entries of these keys whose greatest offset is below may go,
    /// and what is merged later of records below may be ignored. So a reader asks here first, and the base after that.
    async fn release(&self, at: &TopicPartition, keys: &[(UserId, VideoId)], below: Offset) -> Result<(), RecentError>;

    /// Drops what knows of a record below `below`, of one video or of all of the user's, and ignores what is merged later
    /// of records below it. What was joined with such records is dropped with them; the consumer merges it again.
    async fn forget(
        &self,
        at: &TopicPartition,
        user: &UserId,
        video: Option<&VideoId>,
        below: Offset,
    ) -> Result<(), RecentError>;

    /// How full it is.
    fn room(&self) -> Room;
}
