//! Plays of a (user, video), put together from slices.

use std::collections::BTreeMap;

use crate::{Moment, PlayId, Slice, State, Timestamp};

/// A play whose events span at least this is no accident.
const SETTLED_SPAN_MS: i64 = 30_000;
/// A play that begins this near to where the viewer had stopped is no accident.
const SETTLED_NEAR_MS: u64 = 30_000;

/// One playback, as far as its slices are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Play {
    /// Which.
    pub play_id: PlayId,
    /// Its slices joined.
    pub whole: Slice,
}

impl Play {
    /// The plays of a state in the order of their first events, by (`event_time`, `play_id`).
    pub fn all_of(state: &State) -> Vec<Self> {
        let mut plays: BTreeMap<&PlayId, Slice> = BTreeMap::new();
        for (key, slice) in state.slices() {
            plays.entry(&key.play_id).and_modify(|whole| *whole = whole.join(slice)).or_insert(*slice);
        }
        let mut plays: Vec<Self> =
            plays.into_iter().map(|(play_id, whole)| Self { play_id: play_id.clone(), whole }).collect();
        plays.sort_by(|a, b| a.first_key().cmp(&b.first_key()));
        plays
    }

    fn first_key(&self) -> (Timestamp, &PlayId) {
        (self.whole.first.event_time, &self.play_id)
    }

    /// What makes one play newer than another.
    pub fn newest_key(&self) -> (Timestamp, &PlayId) {
        (self.whole.newest.event_time, &self.play_id)
    }

    /// The newest event.
    pub fn newest(&self) -> &Moment {
        &self.whole.newest
    }

    /// Whether this play is no accident, given where the viewer would have resumed before it.
    pub fn is_settled(&self, resume_ms_before: u64) -> bool {
        self.play_id.is_derived()
            || self.whole.ended
            || self.whole.time_greatest.since_ms(self.whole.time_least) >= SETTLED_SPAN_MS
            || self.whole.first.position_ms.abs_diff(resume_ms_before) <= SETTLED_NEAR_MS
    }
}
