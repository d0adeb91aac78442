//! Fetching: one task a partition reads ahead, as far as a bounded channel lets it.
//!
//! Offsets have gaps, at the log's end too: a restored log goes on far past its last record. Whoever waits there tells it, so
//! that a view that has everything stands at the end.

use std::sync::Arc;
use std::time::Duration;

use playhead_domain::Offset;
use playhead_ports::{EventLog, LogError, Most, Stored, TopicPartition};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

const CHUNK: Most = Most { records: 5_000, bytes: 4 << 20 };
const WAIT: Duration = Duration::from_secs(1);

/// What lies next in a partition.
pub(crate) enum Found {
    /// Records.
    Records(Vec<Stored>),
    /// No record before this offset, and none will come.
    NothingBefore(Offset),
}

/// What a fetch task found, or why it ended.
pub(crate) struct Fetched {
    pub(crate) at: TopicPartition,
    /// Which start of the partition's fetching this is from; those of an earlier one are stale.
    pub(crate) run: u64,
    pub(crate) found: Result<Found, LogError>,
}

/// A fetch task; it ends when this is dropped.
pub(crate) struct Fetching(AbortHandle);

impl Drop for Fetching {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Reads the partition from `from` on into `into`. After an error the task is over.
pub(crate) fn fetch(
    log: Arc<dyn EventLog>,
    at: TopicPartition,
    from: Offset,
    run: u64,
    into: mpsc::Sender<Fetched>,
) -> Fetching {
    let task = tokio::spawn(async move {
        let error = loop_over(&*log, &at, from, run, &into).await;
        if let Some(error) = error {
            // If nobody listens any more, nobody needs to know.
            let _ = into.send(Fetched { at, run, found: Err(error) }).await;
        }
    });
    Fetching(task.abort_handle())
}

async fn loop_over(
    log: &dyn EventLog,
    at: &TopicPartition,
    from: Offset,
    run: u64,
    into: &mpsc::Sender<Fetched>,
) -> Option<LogError> {
    let mut reader = match log.reader(at, from).await {
        Ok(reader) => reader,
        Err(error) => return Some(error),
    };
    let mut next = from;
    // Where the log ended before the read under way, once the one before it found nothing.
    let mut end_before = from;
    loop {
        let found = match reader.next(CHUNK, WAIT).await {
            Ok(records) => records,
            Err(error) => return Some(error),
        };
        let found = if let Some(last) = found.last() {
            next = last.offset.next();
            Found::Records(found)
        } else if end_before > next {
            next = end_before;
            Found::NothingBefore(next)
        } else {
            // A log that is away says so to the next read.
            end_before = log.bounds(at).await.map_or(next, |bounds| bounds.end);
            continue;
        };
        if into.send(Fetched { at: at.clone(), run, found: Ok(found) }).await.is_err() {
            return None;
        }
    }
}
