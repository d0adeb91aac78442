//! What a runner measures.

use std::time::Duration;

use metrics::{counter, gauge, histogram};
use playhead_domain::{Offset, Timestamp};
use playhead_ports::TopicPartition;

/// The meters of one sink.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meters {
    pub(crate) sink: &'static str,
}

impl Meters {
    pub(crate) fn batch(self, records: usize, took: Duration) {
        counter!("playhead_sink_batches_total", "sink" => self.sink).increment(1);
        counter!("playhead_sink_records_total", "sink" => self.sink).increment(records as u64);
        histogram!("playhead_sink_batch_records", "sink" => self.sink).record(records as f64);
        histogram!("playhead_sink_batch_seconds", "sink" => self.sink).record(took.as_secs_f64());
    }

    pub(crate) fn rejected(self, stage: &'static str) {
        counter!("playhead_sink_rejects_total", "sink" => self.sink, "stage" => stage).increment(1);
    }

    pub(crate) fn failed(self) {
        counter!("playhead_sink_failures_total", "sink" => self.sink).increment(1);
    }

    /// How far the sink is behind the log: in records, and by the age of the newest record that it has.
    pub(crate) fn lag(self, at: &TopicPartition, next: Offset, end: Offset, newest: Timestamp, now: Timestamp) {
        let records = end.0.saturating_sub(next.0);
        let age_ms = if records == 0 { 0 } else { now.since_ms(newest).max(0) };
        let labels =
            [("sink", self.sink.to_owned()), ("topic", at.topic.to_string()), ("partition", at.partition.to_string())];
        gauge!("playhead_sink_lag_records", &labels).set(records as f64);
        gauge!("playhead_sink_lag_seconds", &labels).set(age_ms as f64 / 1_000.0);
    }
}
