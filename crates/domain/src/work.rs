//! What is kept of a (user, video) to keep the marts true: what it adds to each row, so that a difference can be told.
//!
//! In order a play advances by its last event alone. When an event comes late the pair is built anew from all of its events;
//! the same functions do both, so both ways end at the same state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Day, Moment, Percents, PlayId, Position, Spans, State, Timestamp};

/// A stretch was watched if it took at least a quarter of its length, with a second of grace.
const SPEED_MAX: i64 = 4;
const GRACE_MS: i64 = 1_000;

/// The stretch of video watched between two neighbouring events of a play, if it was.
pub fn stretch_between(earlier: &Moment, later: &Moment) -> Option<(u64, u64)> {
    let length_ms = later.position_ms.checked_sub(earlier.position_ms)?;
    let allowed_ms = later.event_time.since_ms(earlier.event_time).saturating_mul(SPEED_MAX).saturating_add(GRACE_MS);
    let fits = i64::try_from(length_ms).is_ok_and(|length| length <= allowed_ms);
    (later.kind != crate::Kind::Seek && fits).then_some((earlier.position_ms, later.position_ms))
}

/// What is kept of one play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayWork {
    /// Its newest event.
    pub newest: Moment,
    /// Whether it has completed.
    pub completed: bool,
}

/// What a (user, video) adds to the row of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DayShare {
    /// Plays whose first event is on this day.
    pub plays: i64,
    /// 1: the user had an event on this day.
    pub viewers: i64,
    /// The length of the stretches whose later event is on this day, ms.
    pub watched_ms: i64,
    /// Plays that first completed on this day.
    pub completions: i64,
}

impl DayShare {
    /// This share less `other`.
    pub fn minus(self, other: Self) -> Self {
        Self {
            plays: self.plays - other.plays,
            viewers: self.viewers - other.viewers,
            watched_ms: self.watched_ms - other.watched_ms,
            completions: self.completions - other.completions,
        }
    }
}

/// What is kept of a (user, video): its share in every mart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PairWork {
    /// The same state that a read sees.
    pub state: State,
    /// Time watched, ms: the sum over all stretches.
    pub watched_ms: u64,
    /// Plays.
    pub plays: u64,
    /// The times of the first and the last event.
    pub times: Option<(Timestamp, Timestamp)>,
    /// The union of the stretches.
    pub spans: Spans,
    /// The percents watched.
    pub percents: Percents,
    /// The share in each day.
    pub days: BTreeMap<Day, DayShare>,
}

impl PairWork {
    /// Takes an event that is newer than all others of its play: `play` is what is kept of the play, if it has begun.
    /// Gives what is to be kept of it from now on.
    ///
    /// The [`State`] is not touched: it is joined apart, from every record, late and repeated ones too.
    pub fn advance(&mut self, play: Option<&PlayWork>, event: &Moment) -> PlayWork {
        let day = self.days.entry(event.event_time.day()).or_default();
        day.viewers = 1;
        if play.is_none() {
            day.plays += 1;
            self.plays += 1;
        }
        let completed_before = play.is_some_and(|play| play.completed);
        if !completed_before && event.completes() {
            day.completions += 1;
        }
        if let Some((from, to)) = play.and_then(|play| stretch_between(&play.newest, event)) {
            day.watched_ms += i64::try_from(to - from).unwrap_or(i64::MAX);
            self.watched_ms += to - from;
            self.spans.add(from, to);
            if let Some(duration_ms) = event.duration_ms {
                self.percents.add(from, to, duration_ms);
            }
        }
        let (first, last) = self.times.unwrap_or((event.event_time, event.event_time));
        self.times = Some((first.min(event.event_time), last.max(event.event_time)));
        PlayWork { newest: *event, completed: completed_before || event.completes() }
    }

    /// Builds a pair from all of its events, whatever their order; the state is kept as it is given.
    pub fn rebuild<'a>(
        state: State,
        events: impl IntoIterator<Item = (&'a PlayId, Moment)>,
    ) -> (Self, BTreeMap<PlayId, PlayWork>) {
        let mut by_play: BTreeMap<&PlayId, Vec<Moment>> = BTreeMap::new();
        for (play_id, moment) in events {
            by_play.entry(play_id).or_default().push(moment);
        }
        let mut pair = Self { state, ..Self::default() };
        let mut plays = BTreeMap::new();
        for (play_id, mut moments) in by_play {
            moments.sort_unstable();
            let mut play = None;
            for moment in &moments {
                play = Some(pair.advance(play.as_ref(), moment));
            }
            plays.extend(play.map(|play| (play_id.clone(), play)));
        }
        (pair, plays)
    }

    /// What a read of this pair says.
    pub fn position(&self) -> Option<Position> {
        Position::of(&self.state)
    }
}

#[cfg(test)]
#[path = "work_tests.rs"]
mod tests;
