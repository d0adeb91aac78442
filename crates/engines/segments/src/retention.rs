//! What may be deleted: whole closed segments, the oldest first, by age and size, and never what a consumer still needs.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use playhead_domain::{Offset, Timestamp};
use playhead_ports::{AppendError, LogError};

use crate::partition::Partition;

/// The first offset that each consumer still needs.
#[derive(Debug, Default)]
pub(crate) struct Holds(HashMap<String, u64>);

impl Holds {
    /// The first offset that somebody needs. Nobody has said anything: everything may be needed.
    fn floor(&self) -> u64 {
        self.0.values().copied().min().unwrap_or(0)
    }
}

impl Partition {
    /// The consumer needs nothing before the offset.
    pub(crate) fn hold(&self, consumer: &str, offset: Offset) {
        let mut holds = self.holds.lock();
        match holds.0.get_mut(consumer) {
            Some(held) => *held = offset.0,
            None => {
                holds.0.insert(consumer.to_owned(), offset.0);
            }
        }
        if self.overfull.load(Ordering::Relaxed) {
            self.trim_with(&holds, self.clock.now());
        }
    }

    /// Closes the active segment once it is old enough, and deletes what may be deleted.
    pub(crate) fn sweep(&self, now: Timestamp) {
        let mut writer = self.writer.lock();
        let active = self.segments.active();
        if !active.is_empty() && older(active.header.created_ms, now, self.config.segment_age_ms) {
            let end = writer.end();
            if let Err(error) = writer.roll(end) {
                tracing::warn!(at = %self.at, %error, "the old segment stays open");
            }
        }
        drop(writer);
        self.trim(now);
    }

    /// Deletes closed segments by age and size, as far as consumers allow. If they hold more than may be held, appends are
    /// refused until they have read it.
    pub(crate) fn trim(&self, now: Timestamp) {
        self.trim_with(&self.holds.lock(), now);
    }

    fn trim_with(&self, holds: &Holds, now: Timestamp) {
        let floor = holds.floor();
        let all = self.segments.all();
        let mut bytes = self.segments.bytes();
        let mut until = 0;
        let mut overfull = false;
        for pair in all.windows(2) {
            let [segment, next] = pair else { unreachable!("windows of two") };
            let too_many = bytes > self.config.retention_bytes;
            // A segment was closed when the next one was begun.
            let too_old = older(next.header.created_ms, now, self.config.retention_age_ms);
            if segment.end() > floor {
                overfull = too_many;
                break;
            }
            if !too_many && !too_old {
                break;
            }
            bytes -= segment.valid_bytes();
            until = segment.end();
        }
        self.delete_below(holds, until);
        if self.overfull.swap(overfull, Ordering::Relaxed) != overfull {
            tracing::warn!(at = %self.at, refusing = overfull, bytes, floor, "bytes of the log that consumers have not read");
        }
    }

    /// Closes the active segment and deletes every segment whose records all lie below the offset and below every hold.
    pub(crate) fn seal_and_trim(&self, below: Offset) -> Result<Offset, LogError> {
        let mut writer = self.writer.lock();
        if !self.segments.active().is_empty() {
            let end = writer.end();
            writer.roll(end).map_err(|error| not_begun(&error))?;
        }
        drop(writer);
        let holds = self.holds.lock();
        self.delete_below(&holds, below.0.min(holds.floor()));
        drop(holds);
        Ok(Offset(self.segments.start()))
    }

    /// The next record gets at least this offset, even after a crash.
    pub(crate) fn skip_to(&self, offset: Offset) -> Result<(), LogError> {
        let mut writer = self.writer.lock();
        if offset.0 <= writer.end() {
            return Ok(());
        }
        tracing::warn!(at = %self.at, end = writer.end(), next = offset.0, "offsets are skipped: a checkpoint lies past the log's end");
        writer.roll(offset.0).map_err(|error| not_begun(&error))?;
        self.show(&writer);
        drop(writer);
        Ok(())
    }

    /// Deletes the oldest first, and durably before the next, so that what is left after a crash has no hole. The holds are
    /// locked, so that two do not delete at once.
    fn delete_below(&self, _locked: &Holds, offset: u64) {
        let mut start = 0;
        for segment in self.segments.all().iter().take_while(|segment| segment.is_closed() && segment.end() <= offset) {
            if let Err(error) = segment.delete() {
                tracing::warn!(path = %segment.path.display(), %error, "a segment was not deleted");
                break;
            }
            tracing::info!(path = %segment.path.display(), "deleted by retention");
            self.meter.shrank(segment.valid_bytes());
            start = segment.end();
        }
        self.segments.remove_below(start);
    }
}

fn older(since_ms: i64, now: Timestamp, than_ms: u64) -> bool {
    u64::try_from(now.since_ms(Timestamp(since_ms))).is_ok_and(|age_ms| age_ms > than_ms)
}

fn not_begun(error: &AppendError) -> LogError {
    LogError::Unavailable(format!("a new segment could not be begun: {error}"))
}
