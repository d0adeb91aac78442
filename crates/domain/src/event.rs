//! What can happen: facts, as they stand on the log.

use std::cmp::{Ordering, Reverse};

use serde::{Deserialize, Serialize};

use crate::{Label, Offset, PlayId, Timestamp, UserId, VideoId};

/// What a player was doing when it told a position. The order breaks ties between events; it never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Kind {
    /// Playing on.
    #[default]
    Progress,
    /// Jumped here.
    Seek,
    /// Stopped here, may go on.
    Pause,
    /// Reached the end.
    Ended,
}

impl Kind {
    /// All kinds, in their order.
    pub const ALL: [Self; 4] = [Self::Progress, Self::Seek, Self::Pause, Self::Ended];

    /// The name in requests and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Progress => "progress",
            Self::Seek => "seek",
            Self::Pause => "pause",
            Self::Ended => "ended",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// "User U was at position P of video V at time T": one event of one playback.
///
/// It is identified by (user, video, play, `seq`, `event_time_sent`); a second one of the same identity is a duplicate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchEvent {
    /// Who watches.
    pub user_id: UserId,
    /// What is watched.
    pub video_id: VideoId,
    /// The playback that this event is of; derived per user, video and UTC day if the caller gave none.
    pub play_id: PlayId,
    /// Counts up within the play; the `event_time` as sent if the caller gave none.
    pub seq: u64,
    /// When it happened, by the player's clock as corrected by the clock rule.
    pub event_time: Timestamp,
    /// When it happened, as the player said.
    pub event_time_sent: Timestamp,
    /// When the edge took it.
    pub received_time: Timestamp,
    /// How far from the start, ms.
    pub position_ms: u64,
    /// How long the video is, ms, as the player knows it.
    pub duration_ms: Option<u64>,
    /// What the player was doing.
    pub kind: Kind,
    /// What it was watched on.
    pub device: Option<Label>,
    /// The caller's session.
    pub session: Option<Label>,
}

impl WatchEvent {
    /// The part of the event that says where the viewer was.
    pub fn moment(&self) -> Moment {
        Moment {
            seq: self.seq,
            event_time: self.event_time,
            position_ms: self.position_ms,
            kind: self.kind,
            duration_ms: self.duration_ms,
        }
    }
}

/// Where a viewer was within a play. The order is the order of events in a play: by (`seq`, `event_time`), ties broken by
/// [`Moment::weight`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Moment {
    /// The event's number in its play.
    pub seq: u64,
    /// When.
    pub event_time: Timestamp,
    /// Where, ms from the start.
    pub position_ms: u64,
    /// What the player was doing.
    pub kind: Kind,
    /// The length of the video, ms, as told by this event.
    pub duration_ms: Option<u64>,
}

impl Ord for Moment {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |moment: &Self| (moment.seq, moment.event_time, moment.weight());
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A video is watched to its end from here on.
const COMPLETED_PERCENT: u64 = 95;

impl Moment {
    /// What of two contents of one event holds: the greater. What ends a play, and what completes it, comes first, so that
    /// what does not hold says nothing that what holds does not say.
    pub fn weight(&self) -> impl Ord + use<> {
        (self.kind == Kind::Ended, self.completes(), self.position_ms, self.kind, self.duration_ms)
    }

    /// The first of two moments in a play; of two contents of one event the one that holds.
    pub fn first(self, other: Self) -> Self {
        let key = |moment: &Self| (moment.seq, moment.event_time, Reverse(moment.weight()));
        if key(&other) < key(&self) { other } else { self }
    }

    /// Whether this event completes its play: it is `ended`, or no `seek` at or past 95 % of its own duration.
    pub fn completes(&self) -> bool {
        self.kind == Kind::Ended || (self.kind != Kind::Seek && self.is_past_completion())
    }

    fn is_past_completion(&self) -> bool {
        let past =
            |duration_ms| u128::from(self.position_ms) * 100 >= u128::from(duration_ms) * u128::from(COMPLETED_PERCENT);
        self.duration_ms.is_some_and(past)
    }
}

/// What a viewer may say of a video by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MarkKind {
    /// "I have seen it": completed, resumes at the start.
    Watched,
    /// "I have not": not completed, resumes at the start.
    Unwatched,
    /// "Do not offer it": left out of continue-watching until it is watched again.
    Hidden,
}

impl MarkKind {
    /// All kinds, in their order.
    pub const ALL: [Self; 3] = [Self::Watched, Self::Unwatched, Self::Hidden];

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Watched => "watched",
            Self::Unwatched => "unwatched",
            Self::Hidden => "hidden",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A viewer said something of a video by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Who.
    pub user_id: UserId,
    /// Of what.
    pub video_id: VideoId,
    /// What.
    pub kind: MarkKind,
    /// When, by the edge's clock.
    pub time: Timestamp,
}

/// Everything of this user at lower offsets, or of this user and video, is to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forget {
    /// Whom.
    pub user_id: UserId,
    /// What of theirs; everything if none is given.
    pub video_id: Option<VideoId>,
    /// When it was asked for, by the edge's clock.
    pub time: Timestamp,
    /// Where it was said first, if a restore says it again: it means what lies below that place, and is on the list of the
    /// forgotten already. None where it is said first: it means what lies below its own place.
    pub below: Option<Offset>,
}

/// What a video is, so that analysts read names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Video {
    /// Which.
    pub video_id: VideoId,
    /// Its title.
    pub title: Label,
    /// How long it is, ms.
    pub duration_ms: Option<u64>,
    /// Its genres.
    pub genres: Vec<Label>,
    /// When this was said, by the edge's clock; the newest by (time, offset) holds.
    pub time: Timestamp,
}

/// A record of the log, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A player told a position.
    Watched(WatchEvent),
    /// A viewer marked a video.
    Marked(Mark),
    /// A user is to be forgotten.
    Forgotten(Forget),
    /// A video was described.
    Described(Video),
}
