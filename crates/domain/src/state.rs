//! The state of a (user, video): what is kept to answer "where did I stop".

use serde::{Deserialize, Serialize};

use crate::{MarkKind, Moment, Offset, OffsetRange, PlayId, Slice, SliceKey, Timestamp};

/// How many slices are kept: those of the greatest keys.
pub const SLICES_MAX: usize = 32;

/// The newest mark of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct MarkAt {
    time: Timestamp,
    offsets: OffsetRange,
}

/// The newest mark of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Marks([Option<MarkAt>; MarkKind::ALL.len()]);

impl Marks {
    /// When `kind` was last marked.
    pub fn time(&self, kind: MarkKind) -> Option<Timestamp> {
        self.0[kind as usize].map(|mark| mark.time)
    }

    fn join(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine = match (*mine, theirs) {
                (Some(a), Some(b)) => Some(MarkAt { time: a.time.max(b.time), offsets: a.offsets.join(b.offsets) }),
                (a, b) => a.or(b),
            };
        }
    }

    fn offsets(&self) -> impl Iterator<Item = OffsetRange> + '_ {
        self.0.iter().flatten().map(|mark| mark.offsets)
    }
}

/// A map from (UTC day, play) to a slice, and the newest marks.
///
/// [`State::join`] joins slices of a key and keeps the [`SLICES_MAX`] greatest keys. Since a key never changes this is
/// commutative, associative and idempotent: whatever the order, the grouping and the repetition of events, the state is
/// the same. Slices of one play are joined, and plays put in order, only on reading ([`crate::Position`]).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct State {
    /// Sorted by key, keys unique, at most [`SLICES_MAX`].
    slices: Vec<(SliceKey, Slice)>,
    marks: Marks,
}

impl State {
    /// The state after one event alone.
    pub fn of_event(play_id: PlayId, moment: Moment, offset: Offset) -> Self {
        let key = SliceKey { day: moment.event_time.day(), play_id };
        Self { slices: vec![(key, Slice::of(moment, offset))], marks: Marks::default() }
    }

    /// The state after one mark alone.
    pub fn of_mark(kind: MarkKind, time: Timestamp, offset: Offset) -> Self {
        let mut marks = Marks::default();
        marks.0[kind as usize] = Some(MarkAt { time, offsets: OffsetRange::of(offset) });
        Self { slices: Vec::new(), marks }
    }

    /// The slices, by key.
    pub fn slices(&self) -> &[(SliceKey, Slice)] {
        &self.slices
    }

    /// The newest moment of a play, if the play is known.
    pub fn newest_of(&self, play_id: &PlayId) -> Option<Moment> {
        self.slices.iter().filter(|(key, _)| key.play_id == *play_id).map(|(_, slice)| slice.newest).max()
    }

    /// The marks.
    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.slices.is_empty() && self.marks == Marks::default()
    }

    /// Takes in what `other` knows.
    pub fn join(&mut self, other: &Self) {
        for (key, slice) in &other.slices {
            self.join_slice(key, slice);
        }
        self.marks.join(&other.marks);
    }

    fn join_slice(&mut self, key: &SliceKey, slice: &Slice) {
        match self.slices.binary_search_by(|(held, _)| held.cmp(key)) {
            Ok(at) => self.slices[at].1 = self.slices[at].1.join(slice),
            Err(0) if self.slices.len() == SLICES_MAX => {}
            Err(at) => {
                self.slices.insert(at, (key.clone(), *slice));
                if self.slices.len() > SLICES_MAX {
                    self.slices.remove(0);
                }
            }
        }
    }

    /// The offsets of the records behind this state, if there are any.
    pub fn offsets(&self) -> Option<OffsetRange> {
        self.slices.iter().map(|(_, slice)| slice.offsets).chain(self.marks.offsets()).reduce(OffsetRange::join)
    }

    /// Drops every slice and mark that knows of a record below `offset`.
    pub fn forget_below(&mut self, offset: Offset) {
        self.slices.retain(|(_, slice)| slice.offsets.least >= offset);
        for mark in &mut self.marks.0 {
            *mark = mark.filter(|held| held.offsets.least >= offset);
        }
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
