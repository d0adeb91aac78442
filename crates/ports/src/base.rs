//! The base of positions: holds all; filled from the log by a sink.

use async_trait::async_trait;
use playhead_domain::{Offset, State, UserId, VideoId};

use crate::{Advance, Checkpoint, CommitError, SinkError, TopicPartition};

/// Something of a user that is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgetting {
    /// Whose.
    pub user_id: UserId,
    /// What; everything if none is given.
    pub video_id: Option<VideoId>,
    /// Records below this offset of the user's partition are forgotten.
    pub below: Offset,
}

/// The changes of one batch.
#[derive(Debug, Clone, Default)]
pub struct Fold {
    /// What is to go, before anything is joined.
    pub forgets: Vec<Forgetting>,
    /// What is joined, each key once.
    pub joins: Vec<(UserId, VideoId, State)>,
}

/// Why the base cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseError {
    /// It is away: try again, or answer 503.
    #[error("the base of positions is not available: {0}")]
    Unavailable(String),
    /// What it stores is broken: where, and what to do.
    #[error("{0}")]
    Broken(String),
}

/// A store of the state of every (user, video).
#[async_trait]
pub trait Base: Send + Sync {
    /// The state of each of the videos, in their order; none where nothing is known.
    async fn get(&self, user: &UserId, videos: &[VideoId]) -> Result<Vec<Option<State>>, BaseError>;

    /// The states of all of a user's videos, by video.
    async fn by_user(&self, user: &UserId) -> Result<Vec<(VideoId, State)>, BaseError>;

    /// How far the base has got in each partition.
    async fn checkpoints(&self, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError>;

    /// Joins the changes into what is stored and advances the checkpoints, together or not at all, durably.
    /// [`CommitError::Moved`] if a checkpoint does not stand where the advance begins. A forgetting drops whatever is
    /// stored that knows of a record below its offset.
    async fn fold(&self, fold: Fold, advances: &[Advance]) -> Result<(), CommitError>;

    /// Drops everything, checkpoints too, before a rebuild.
    async fn clear(&self) -> Result<(), BaseError>;
}
