//! Watches the free space of the file system, so that writing stops while what drains the log can still write.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use playhead_ports::AppendError;

const CHECK_EVERY_MS: u64 = 100;

/// The reserve of a file system, looked at ten times a second while somebody writes.
#[derive(Debug)]
pub(crate) struct Space {
    folder: PathBuf,
    min_free_bytes: u64,
    started: Instant,
    next_check_ms: AtomicU64,
    /// What was written since the last look.
    spent_bytes: AtomicU64,
    /// Free bytes beyond the reserve at the last look.
    beyond_bytes: AtomicU64,
    low: AtomicBool,
}

impl Space {
    pub(crate) fn new(folder: PathBuf, min_free_bytes: u64) -> Self {
        Self {
            folder,
            min_free_bytes,
            started: Instant::now(),
            next_check_ms: AtomicU64::new(0),
            spent_bytes: AtomicU64::new(0),
            beyond_bytes: AtomicU64::new(0),
            low: AtomicBool::new(false),
        }
    }

    /// Notes that so much is about to be written; the refusal if the reserve is touched.
    pub(crate) fn spend(&self, bytes: usize) -> Option<AppendError> {
        let now_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let spent_bytes = self.spent_bytes.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        let due = now_ms >= self.next_check_ms.load(Ordering::Relaxed);
        let low = self.low.load(Ordering::Relaxed);
        if due || (!low && spent_bytes > self.beyond_bytes.load(Ordering::Relaxed) / 2) {
            self.next_check_ms.store(now_ms + CHECK_EVERY_MS, Ordering::Relaxed);
            self.look();
        }
        self.low.load(Ordering::Relaxed).then(|| {
            AppendError::Full(format!("{} has less free space than is reserved for consumers", self.folder.display()))
        })
    }

    fn look(&self) {
        // A file system that does not tell is taken to have space; writing tells otherwise soon enough.
        let Ok(stat) = rustix::fs::statvfs(&self.folder) else { return };
        let free_bytes = stat.f_bavail.saturating_mul(stat.f_frsize);
        let reserve_bytes = self.min_free_bytes.min(stat.f_blocks.saturating_mul(stat.f_frsize) / 20);
        let low = free_bytes < reserve_bytes;
        self.beyond_bytes.store(free_bytes.saturating_sub(reserve_bytes), Ordering::Relaxed);
        self.spent_bytes.store(0, Ordering::Relaxed);
        if self.low.swap(low, Ordering::Relaxed) != low {
            tracing::warn!(folder = %self.folder.display(), free_bytes, reserve_bytes, refusing = low, "the log's disk space");
        }
    }
}
