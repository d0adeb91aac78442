//! The watch over a running query: it stops the query when its time is over, when nobody waits for the answer, or when the
//! process grows too much.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crate::database::Database;
use crate::gate::{Reader, Stop};

/// How often the watch looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long a query that was stopped may go on before it is counted as one that does not heed it.
const HEEDS_WITHIN: Duration = Duration::from_secs(1);
/// How long after its time whoever asked waits for a query to end by itself.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// A query that goes on though it was stopped is counted while this lives.
struct Unheeding;

impl Unheeding {
    fn counted() -> Self {
        tracing::warn!("a query goes on though it was stopped: it keeps its place until it ends");
        metrics::gauge!("playhead_warehouse_queries_overdue").increment(1);
        Self
    }
}

impl Drop for Unheeding {
    fn drop(&mut self) {
        metrics::gauge!("playhead_warehouse_queries_overdue").decrement(1);
    }
}

/// The memory of the process when the first of the running queries began.
#[derive(Default)]
pub(crate) struct Growth {
    base_bytes: AtomicU64,
}

impl Growth {
    /// A query begins; `alone` if no other one runs.
    fn begins(&self, alone: bool) {
        if alone {
            self.base_bytes.store(resident_bytes().unwrap_or(0), Ordering::Relaxed);
        }
    }

    /// How much the process has grown since.
    fn bytes(&self) -> u64 {
        resident_bytes().unwrap_or(0).saturating_sub(self.base_bytes.load(Ordering::Relaxed))
    }
}

/// The memory that the process occupies; none where the system does not say.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes << 10)
}

/// Watches the reader until the returned sender is dropped. `has_left` tells that nobody waits for the answer. It is a thread,
/// not a task: a runtime that ends waits for the query, but drops the task that could stop it.
pub(crate) fn watch(
    database: &Arc<Database>,
    reader: &Arc<Reader>,
    until: Instant,
    has_left: impl Fn() -> bool + Send + 'static,
) -> std::io::Result<Sender<()>> {
    let (ended, end) = channel();
    database.growth.begins(database.gate.readers() <= 1);
    let database = database.clone();
    let reader = reader.clone();
    std::thread::Builder::new().name("warehouse-watch".to_owned()).spawn(move || {
        let (mut stopped, mut unheeding) = (None, None);
        while end.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
            // The first reason holds, so a reader that was stopped is only asked again.
            if let Some(why) = reader.why() {
                reader.stop(why);
                if stopped.get_or_insert_with(Instant::now).elapsed() > HEEDS_WITHIN {
                    unheeding.get_or_insert_with(Unheeding::counted);
                }
            } else if Instant::now() >= until {
                reader.stop(Stop::TooLong);
            } else if has_left() {
                reader.stop(Stop::Left);
            } else if database.growth.bytes() > database.config.query_growth_max_bytes {
                tracing::warn!("the process grew too much: the running queries are stopped");
                database.gate.stop_all(Stop::TooLarge);
            }
        }
    })?;
    Ok(ended)
}
