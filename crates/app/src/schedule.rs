//! When the program compacts by itself: what was forgotten leaves the files in the stated time, though nobody asks.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io};

use anyhow::Result;
use parking_lot::Mutex;
use playhead_domain::Timestamp;
use playhead_watch::read_forgotten;

use crate::engines::Engines;

/// Holds when the last compaction began, ms since 1970.
const MARK: &str = "compacted";
const LOOK_MS_MIN: u64 = 1_000;
const LOOK_MS_MAX: u64 = 3_600_000;

/// Knows when a compaction is due.
pub(crate) struct Schedule {
    /// What was forgotten so long ago must be gone from the files; 0 asks for nothing.
    most_ms: u64,
    next_look: Mutex<Instant>,
}

impl Schedule {
    pub(crate) fn new(most_ms: u64) -> Self {
        Self { most_ms, next_look: Mutex::new(Instant::now()) }
    }

    /// Whether something was forgotten that long ago, and nothing was compacted since. It looks now and then.
    pub(crate) async fn is_due(&self, engines: &Engines, data: &Path) -> Result<bool> {
        if self.most_ms == 0 || !self.may_look() {
            return Ok(false);
        }
        let (now, last) = (engines.clock.now(), last_time(data));
        let forgotten = read_forgotten(&*engines.warehouse).await?;
        Ok(forgotten.iter().any(|entry| {
            let waited = u64::try_from(now.since_ms(Timestamp(entry.forgotten_time))).unwrap_or(0);
            entry.forgotten_time > last.0 && waited >= self.most_ms
        }))
    }

    fn may_look(&self) -> bool {
        let mut next = self.next_look.lock();
        let now = Instant::now();
        if now < *next {
            return false;
        }
        *next = now + Duration::from_millis((self.most_ms / 20).clamp(LOOK_MS_MIN, LOOK_MS_MAX));
        true
    }
}

/// When the last compaction began; the beginning of time if none is known, so that one too many is made rather than none.
fn last_time(data: &Path) -> Timestamp {
    let text = fs::read_to_string(data.join(MARK)).unwrap_or_default();
    Timestamp(text.trim().parse().unwrap_or_default())
}

/// A compaction that began then has ended well.
pub(crate) fn mark(data: &Path, begun: Timestamp) -> io::Result<()> {
    let fresh = data.join(format!("{MARK}.new"));
    fs::write(&fresh, format!("{}\n", begun.0))?;
    fs::rename(fresh, data.join(MARK))
}
