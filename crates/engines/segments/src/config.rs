//! The settings of the log. They are data; it knows nothing of how they are read.

use serde::{Deserialize, Serialize};

const MIB: u64 = 1024 * 1024;
const DAY_MS: u64 = 86_400_000;

/// How the log writes, and what it keeps. Limits count for each partition by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// A segment file is closed and the next one begun once it has this size, bytes. Default 256 MiB.
    pub segment_bytes: u64,
    /// A segment file is closed once it is this old, ms, so that retention by age has whole files to delete. Default 1 day.
    pub segment_age_ms: u64,
    /// Records are deleted this long after their segment was closed, ms. Default 29 days: with the day that a segment may be
    /// open, no byte of a forgotten user is older than 30 days.
    pub retention_age_ms: u64,
    /// The oldest segments are deleted while the partition has more than this, bytes. Where a consumer still needs them,
    /// appends are refused instead. Default 64 GiB.
    pub retention_bytes: u64,
    /// The most records that wait for the disk; past it appends are refused as busy. A batch of more than this is taken only
    /// when nothing else waits. As many again may be under way to the disk. Default 262,144.
    pub queue_records_max: usize,
    /// The most bytes that wait for the disk, with the same meaning. Default 64 MiB.
    pub queue_bytes_max: usize,
    /// What is written and synced at once, bytes; one record may be larger. Default 4 MiB.
    pub frame_bytes_max: usize,
    /// The largest record, bytes of key, value and headers. Default 1 MiB.
    pub record_bytes_max: usize,
    /// Appends are refused while the file system has less than this free, bytes, so that consumers on the same disk can
    /// finish. Never more than 5 % of the file system. Default 256 MiB.
    pub min_free_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            segment_bytes: 256 * MIB,
            segment_age_ms: DAY_MS,
            retention_age_ms: 29 * DAY_MS,
            retention_bytes: 64 * 1024 * MIB,
            queue_records_max: 262_144,
            queue_bytes_max: 64 * 1024 * 1024,
            frame_bytes_max: 4 * 1024 * 1024,
            record_bytes_max: 1024 * 1024,
            min_free_bytes: 256 * MIB,
        }
    }
}

impl Config {
    /// What makes these settings impossible, if anything does.
    pub fn problem(&self) -> Option<String> {
        let least_one = [
            ("segment_bytes", self.segment_bytes),
            ("segment_age_ms", self.segment_age_ms),
            ("queue_records_max", self.queue_records_max as u64),
            ("queue_bytes_max", self.queue_bytes_max as u64),
            ("frame_bytes_max", self.frame_bytes_max as u64),
            ("record_bytes_max", self.record_bytes_max as u64),
        ];
        if let Some((key, _)) = least_one.iter().find(|(_, value)| *value == 0) {
            return Some(format!("{key} must be at least 1"));
        }
        if self.frame_bytes_max as u64 > 1024 * MIB || self.record_bytes_max as u64 > 1024 * MIB {
            return Some("frame_bytes_max and record_bytes_max may be at most 1 GiB".into());
        }
        if self.retention_bytes < self.segment_bytes {
            return Some("retention_bytes must be at least segment_bytes: whole segments are deleted".into());
        }
        None
    }
}
