//! The real log, which fails on demand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use playhead_domain::Offset;
use playhead_ports::{AppendError, Bounds, EventLog, LogError, LogReader, Record, Topic, TopicPartition};
use playhead_segments::SegmentLog;

/// What an append does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Full,
    Busy,
    Unavailable,
    Unknown,
    /// It waits before it goes on, or until the fault is gone.
    Slow(Duration),
    Panics,
}

/// A log with faults.
pub(crate) struct FaultyLog {
    log: Arc<SegmentLog>,
    fault: std::sync::Mutex<Fault>,
    pub(crate) appends: AtomicUsize,
}

impl FaultyLog {
    pub(crate) fn new(log: Arc<SegmentLog>) -> Self {
        Self { log, fault: std::sync::Mutex::new(Fault::None), appends: AtomicUsize::new(0) }
    }

    pub(crate) fn fail(&self, fault: Fault) {
        *self.fault.lock().expect("no holder panics") = fault;
    }

    fn fault(&self) -> Fault {
        *self.fault.lock().expect("no holder panics")
    }
}

#[async_trait]
impl EventLog for FaultyLog {
    async fn create(&self, topic: &Topic, partitions: u32) -> Result<(), LogError> {
        self.log.create(topic, partitions).await
    }

    async fn partitions(&self, topic: &Topic) -> Result<u32, LogError> {
        self.log.partitions(topic).await
    }

    async fn append(&self, at: &TopicPartition, batch: Vec<Record>) -> Vec<Result<Offset, AppendError>> {
        self.appends.fetch_add(1, Ordering::SeqCst);
        let fault = self.fault();
        let error = match fault {
            Fault::None => return self.log.append(at, batch).await,
            Fault::Slow(wait) => {
                let until = Instant::now() + wait;
                while Instant::now() < until && self.fault() == fault {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                return self.log.append(at, batch).await;
            }
            Fault::Panics => panic!("on demand"),
            Fault::Full => AppendError::Full("the disk has 0 bytes".to_owned()),
            Fault::Busy => AppendError::Busy,
            Fault::Unavailable => AppendError::Unavailable("closing".to_owned()),
            Fault::Unknown => AppendError::Unknown("timed out".to_owned()),
        };
        batch.iter().map(|_| Err(error.clone())).collect()
    }

    async fn bounds(&self, at: &TopicPartition) -> Result<Bounds, LogError> {
        self.log.bounds(at).await
    }

    async fn reader(&self, at: &TopicPartition, from: Offset) -> Result<Box<dyn LogReader>, LogError> {
        self.log.reader(at, from).await
    }
}
