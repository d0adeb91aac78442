//! Fetching: one task a partition reads ahead, as far as a bounded channel lets it.

use std::sync::Arc;
use std::time::Duration;

use playhead_domain::Offset;
use playhead_ports::{EventLog, LogError, Most, Stored, TopicPartition};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

const CHUNK: Most = Most { records: 5_000, bytes: 4 << 20 };
const WAIT: Duration = Duration::from_secs(1);

/// What a fetch task read, or why it ended.
pub(crate) struct Fetched {
    pub(crate) at: TopicPartition,
    /// Which start of the partition's fetching this is from; those of an earlier one are stale.
    pub(crate) run: u64,
    pub(crate) records: Result<Vec<Stored>, LogError>,
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
            let _ = into.send(Fetched { at, run, records: Err(error) }).await;
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
    loop {
        match reader.next(CHUNK, WAIT).await {
            Ok(records) if records.is_empty() => {}
            Ok(records) => {
                let fetched = Fetched { at: at.clone(), run, records: Ok(records) };
                if into.send(fetched).await.is_err() {
                    return None;
                }
            }
            Err(error) => return Some(error),
        }
    }
}
