//! The settings of the micro-batch runner.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// When a batch is committed, and how failures are waited out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// A batch of so many records is committed.
    pub batch_rows: usize,
    /// Where a sink can prepare rows while others are committed, a larger batch is committed in pieces of so many records.
    pub piece_rows: usize,
    /// A batch of so many bytes is committed.
    pub batch_bytes: usize,
    /// A batch whose first record was read this long ago is committed, ms.
    pub batch_age_ms: u64,
    /// The first wait after a failure, ms; it doubles up to `backoff_ms_max`, with jitter.
    pub backoff_ms_min: u64,
    /// The longest wait after a failure, ms.
    pub backoff_ms_max: u64,
    /// How long a stopping runner goes on trying to commit what it has gathered, ms.
    pub drain_ms_max: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            batch_rows: 20_000,
            piece_rows: 5_000,
            batch_bytes: 16 << 20,
            batch_age_ms: 500,
            backoff_ms_min: 50,
            backoff_ms_max: 5_000,
            drain_ms_max: 10_000,
        }
    }
}

impl Config {
    pub(crate) fn batch_age(&self) -> Duration {
        Duration::from_millis(self.batch_age_ms)
    }

    pub(crate) fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms_max)
    }
}
