//! How a runner is doing, for readiness, for the log's retention and for people.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use playhead_domain::{Offset, Timestamp};
use playhead_ports::TopicPartition;

/// How far a runner has got in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartStatus {
    /// The checkpoint.
    pub next: Offset,
    /// The log's end when it was last looked at.
    pub end: Offset,
    /// When the oldest record was taken in that was read and is not in the view.
    pub oldest: Option<Timestamp>,
}

impl PartStatus {
    /// How many records the view lacks.
    pub fn lag_records(&self) -> u64 {
        self.end.0.saturating_sub(self.next.0)
    }

    /// How long the oldest record that the view lacks has waited, ms.
    pub fn lag_ms(&self, now: Timestamp) -> u64 {
        let waited = self.oldest.filter(|_| self.lag_records() > 0).map_or(0, |oldest| now.since_ms(oldest));
        u64::try_from(waited).unwrap_or(0)
    }
}

/// What a runner is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusView {
    /// The partitions that it reads.
    pub parts: BTreeMap<TopicPartition, PartStatus>,
    /// What it is waiting out, if something failed.
    pub trouble: Option<String>,
}

/// A runner's status, shared with whoever asks.
#[derive(Debug, Clone, Default)]
pub struct Status(Arc<Mutex<StatusView>>);

impl Status {
    /// What it is doing now.
    pub fn view(&self) -> StatusView {
        self.0.lock().clone()
    }

    /// The checkpoint stands at `next`, and nothing that was read waits.
    pub(crate) fn set_next(&self, at: &TopicPartition, next: Offset) {
        let mut view = self.0.lock();
        let part = view.parts.entry(at.clone()).or_insert(PartStatus { next, end: next, oldest: None });
        *part = PartStatus { next, end: part.end.max(next), oldest: None };
    }

    pub(crate) fn set_end(&self, at: &TopicPartition, end: Offset) {
        if let Some(part) = self.0.lock().parts.get_mut(at) {
            part.end = end;
        }
    }

    /// A record of this time was read; the first one since the checkpoint moved counts.
    pub(crate) fn has_read(&self, at: &TopicPartition, time: Timestamp) {
        if let Some(part) = self.0.lock().parts.get_mut(at) {
            part.oldest.get_or_insert(time);
        }
    }

    pub(crate) fn drop_part(&self, at: &TopicPartition) {
        self.0.lock().parts.remove(at);
    }

    /// The runner has ended by itself: why.
    pub fn fail(&self, why: String) {
        self.set_trouble(Some(why));
    }

    pub(crate) fn set_trouble(&self, trouble: Option<String>) {
        self.0.lock().trouble = trouble;
    }
}
