//! What a runner measures.

use std::time::Duration;

use metrics::{counter, gauge, histogram};
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

    /// How far the sink is behind the log.
    pub(crate) fn lag(self, at: &TopicPartition, records: u64, ms: u64) {
        let labels =
            [("sink", self.sink.to_owned()), ("topic", at.topic.to_string()), ("partition", at.partition.to_string())];
        gauge!("playhead_sink_lag_records", &labels).set(records as f64);
        gauge!("playhead_sink_lag_seconds", &labels).set(ms as f64 / 1_000.0);
    }
}
