//! The batch under way: what was fetched and is not committed, by partition.

use std::collections::BTreeMap;

use playhead_domain::Offset;
use playhead_ports::{Batch, LogId, Stored, TopicPartition};
use tokio::time::Instant;

use crate::config::Config;
use crate::fetch::Fetching;

/// A partition that this member reads.
pub(crate) struct Part {
    pub(crate) log_id: LogId,
    /// The checkpoint.
    pub(crate) next: Offset,
    pub(crate) run: u64,
    /// Ends with the part.
    pub(crate) _fetching: Fetching,
    pub(crate) waiting: Vec<Stored>,
}

/// The partitions of a member, and the batch that gathers from them.
#[derive(Default)]
pub(crate) struct Gathering {
    pub(crate) parts: BTreeMap<TopicPartition, Part>,
    records: usize,
    bytes: usize,
    /// When the first record of the batch was read.
    begun: Option<Instant>,
}

impl Gathering {
    /// Adds what was fetched, unless it is of a partition, or of a start of it, that is past. Gives whether it did.
    pub(crate) fn add(&mut self, at: &TopicPartition, run: u64, records: Vec<Stored>) -> bool {
        let Some(part) = self.parts.get_mut(at).filter(|part| part.run == run) else { return false };
        self.begun.get_or_insert_with(Instant::now);
        self.records += records.len();
        self.bytes += records.iter().map(|stored| stored.record.size_bytes()).sum::<usize>();
        part.waiting.extend(records);
        true
    }

    pub(crate) fn is_full(&self, config: &Config) -> bool {
        self.records >= config.batch_rows || self.bytes >= config.batch_bytes
    }

    /// When the batch is to be committed at the latest.
    pub(crate) fn due(&self, config: &Config) -> Option<Instant> {
        self.begun.map(|begun| begun + config.batch_age())
    }

    /// The batch, which is empty afterwards.
    pub(crate) fn take(&mut self) -> Batch {
        (self.records, self.bytes, self.begun) = (0, 0, None);
        let parts = self.parts.iter_mut().filter(|(_, part)| !part.waiting.is_empty());
        Batch { parts: parts.map(|(at, part)| (at.clone(), std::mem::take(&mut part.waiting))).collect() }
    }

    /// Drops a partition with what waits of it.
    pub(crate) fn lose(&mut self, at: &TopicPartition) {
        if let Some(part) = self.parts.remove(at) {
            self.records -= part.waiting.len();
            self.bytes -= part.waiting.iter().map(|stored| stored.record.size_bytes()).sum::<usize>();
            if self.records == 0 {
                self.begun = None;
            }
        }
    }
}
