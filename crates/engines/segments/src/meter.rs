//! What is measured of a partition's log. The recorder must be installed before the log is opened.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram};
use playhead_ports::{AppendError, TopicPartition};

/// The meters of one partition, looked up once.
pub(crate) struct Meter {
    commit_records: Histogram,
    fsync_seconds: Histogram,
    end_offset: Gauge,
    size_bytes: Gauge,
    refused_full: Counter,
    refused_busy: Counter,
    refused_large: Counter,
    refused_other: Counter,
}

impl Meter {
    pub(crate) fn new(at: &TopicPartition) -> Self {
        let labels = [("topic", at.topic.to_string()), ("partition", at.partition.to_string())];
        let refused = |reason: &'static str| {
            let [topic, partition] = labels.clone();
            metrics::counter!("playhead_log_append_refused_total", &[topic, partition, ("reason", reason.to_owned())])
        };
        Self {
            commit_records: metrics::histogram!("playhead_log_group_commit_records", &labels),
            fsync_seconds: metrics::histogram!("playhead_log_fsync_seconds", &labels),
            end_offset: metrics::gauge!("playhead_log_end_offset", &labels),
            size_bytes: metrics::gauge!("playhead_log_size_bytes", &labels),
            refused_full: refused("full"),
            refused_busy: refused("busy"),
            refused_large: refused("too_large"),
            refused_other: refused("other"),
        }
    }

    /// A frame of so many records is durable.
    pub(crate) fn written(&self, records: u64, end: u64, bytes: u64) {
        self.commit_records.record(records as f64);
        self.end_offset.set(end as f64);
        self.size_bytes.increment(bytes as f64);
    }

    /// A sync took so long.
    pub(crate) fn synced(&self, took: Duration) {
        self.fsync_seconds.record(took);
    }

    /// The log stands like this.
    pub(crate) fn stands(&self, end: u64, bytes: u64) {
        self.end_offset.set(end as f64);
        self.size_bytes.set(bytes as f64);
    }

    /// The files have so many bytes more.
    pub(crate) fn grew(&self, bytes: u64) {
        self.size_bytes.increment(bytes as f64);
    }

    /// The files have so many bytes less.
    pub(crate) fn shrank(&self, bytes: u64) {
        self.size_bytes.decrement(bytes as f64);
    }

    /// So many records were refused.
    pub(crate) fn refused(&self, error: &AppendError, records: usize) {
        let counter = match error {
            AppendError::Full(_) => &self.refused_full,
            AppendError::Busy => &self.refused_busy,
            AppendError::TooLarge { .. } => &self.refused_large,
            AppendError::Unavailable(_) | AppendError::Unknown(_) => &self.refused_other,
        };
        counter.increment(records as u64);
    }
}
