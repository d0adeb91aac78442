//! The settings of the watch service.

use serde::{Deserialize, Serialize};

/// The settings of the watch service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// A time further in the future than this becomes the received time, ms.
    pub future_ms_max: u64,
    /// A player's clock that is further off than this, by `sent_time`, corrects the times of its events, ms.
    pub clock_offset_ms_max: u64,
    /// Partitions of the topics `watch` and `videos`; fixed when they are made.
    pub partitions: u32,
    /// The most videos that one read may name.
    pub videos_per_read_max: usize,
    /// The most positions on a page.
    pub page_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            future_ms_max: 60_000,
            clock_offset_ms_max: 5_000,
            partitions: 1,
            videos_per_read_max: 200,
            page_max: 200,
        }
    }
}
