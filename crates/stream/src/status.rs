//! How a runner is doing, for readiness, for the log's retention and for people.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use playhead_domain::Offset;
use playhead_ports::TopicPartition;

/// How far a runner has got in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartStatus {
    /// The checkpoint.
    pub next: Offset,
    /// The log's end when it was last looked at.
    pub end: Offset,
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

    pub(crate) fn set_part(&self, at: &TopicPartition, part: PartStatus) {
        self.0.lock().parts.insert(at.clone(), part);
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
