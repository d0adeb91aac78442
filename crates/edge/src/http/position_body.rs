//! A position as JSON.

use playhead_domain::{Kind, Position, UserId, VideoId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a player was doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Kind)]
pub(crate) enum KindName {
    Progress,
    Seek,
    Pause,
    Ended,
}

impl From<Kind> for KindName {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Progress => Self::Progress,
            Kind::Seek => Self::Seek,
            Kind::Pause => Self::Pause,
            Kind::Ended => Self::Ended,
        }
    }
}

impl From<KindName> for Kind {
    fn from(kind: KindName) -> Self {
        match kind {
            KindName::Progress => Self::Progress,
            KindName::Seek => Self::Seek,
            KindName::Pause => Self::Pause,
            KindName::Ended => Self::Ended,
        }
    }
}

/// Where a viewer is in a video.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Position)]
pub(crate) struct PositionBody<'a> {
    /// The viewer.
    user_id: &'a str,
    /// The video.
    video_id: &'a str,
    /// The newest position, ms from the start.
    #[schema(minimum = 0)]
    position_ms: u64,
    /// Where to resume, ms from the start: an accident does not move it; 0 once completed.
    #[schema(minimum = 0)]
    resume_ms: u64,
    /// Whether it was watched to its end.
    completed: bool,
    /// The length of the video as the player told it, ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    duration_ms: Option<u64>,
    /// When the newest event happened, ms since 1970.
    event_time: i64,
    /// The newest play: as the caller named it, or `~` and the day where the caller did not; none if it was only marked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    play_id: Option<&'a str>,
    /// What the player was doing.
    kind: KindName,
    /// Left out of continue watching.
    hidden: bool,
    /// A newer position may exist: the store of recent positions is away or catching up.
    stale: bool,
}

impl<'a> PositionBody<'a> {
    pub(crate) fn new(user: &'a UserId, video: &'a VideoId, position: &'a Position, stale: bool) -> Self {
        Self {
            user_id: user.as_str(),
            video_id: video.as_str(),
            position_ms: position.position_ms,
            resume_ms: position.resume_ms,
            completed: position.completed,
            duration_ms: position.duration_ms,
            event_time: position.event_time.0,
            play_id: position.play_id.as_ref().map(|play| play.as_str()),
            kind: position.kind.into(),
            hidden: position.hidden,
            stale,
        }
    }
}

/// A page of positions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Positions)]
pub(crate) struct PositionsBody<'a> {
    /// Newest first; where videos were named, in their order.
    pub(crate) positions: Vec<PositionBody<'a>>,
    /// Where the next page begins; not there on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) next_cursor: Option<String>,
    /// Newer positions may exist.
    pub(crate) stale: bool,
}
