//! A slice: what is kept of the events of one play on one day.

use serde::{Deserialize, Serialize};

use crate::{Day, Kind, Moment, Offset, PlayId, Timestamp};

/// The key of a slice. It never changes, and keys are totally ordered, so "the greatest N" of a union is well defined.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SliceKey {
    /// The UTC day of the events.
    pub day: Day,
    /// Their play.
    pub play_id: PlayId,
}

/// The offsets of the records that something was made from, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OffsetRange {
    /// The least.
    pub least: Offset,
    /// The greatest.
    pub greatest: Offset,
}

impl OffsetRange {
    /// The range of one record.
    pub fn of(offset: Offset) -> Self {
        Self { least: offset, greatest: offset }
    }

    /// The range over both.
    pub fn join(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), greatest: self.greatest.max(other.greatest) }
    }
}

/// What is kept of the events of one play on one day. Each field is a least or a greatest under a total order, so joining
/// is commutative, associative and idempotent. Of two contents of one event, one that does not hold
/// ([`Moment::weight`]) changes no field but the offsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Slice {
    /// The first event of the play on this day.
    pub first: Moment,
    /// The newest.
    pub newest: Moment,
    /// The least time of an event.
    pub time_least: Timestamp,
    /// The greatest.
    pub time_greatest: Timestamp,
    /// Whether an event was of kind `ended`.
    pub ended: bool,
    /// Whether an event completes the play.
    pub completed: bool,
    /// The records behind it.
    pub offsets: OffsetRange,
}

impl Slice {
    /// The slice of one event.
    pub fn of(moment: Moment, offset: Offset) -> Self {
        Self {
            first: moment,
            newest: moment,
            time_least: moment.event_time,
            time_greatest: moment.event_time,
            ended: moment.kind == Kind::Ended,
            completed: moment.completes(),
            offsets: OffsetRange::of(offset),
        }
    }

    /// The slice of the events of both.
    pub fn join(&self, other: &Self) -> Self {
        Self {
            first: self.first.first(other.first),
            newest: self.newest.max(other.newest),
            time_least: self.time_least.min(other.time_least),
            time_greatest: self.time_greatest.max(other.time_greatest),
            ended: self.ended | other.ended,
            completed: self.completed | other.completed,
            offsets: self.offsets.join(other.offsets),
        }
    }
}
