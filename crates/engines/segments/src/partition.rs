//! A partition's log: what appends, what is written, and what readers see of it.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use parking_lot::Mutex;
use playhead_domain::Offset;
use playhead_ports::{AppendError, Bounds, Clock, LogError, LogId, Record, TopicPartition};
use tokio::sync::watch;
use uuid::Uuid;

use crate::config::Config;
use crate::disk::Disk;
use crate::header;
use crate::meter::Meter;
use crate::queue::{Answer, Queue};
use crate::record;
use crate::recovery;
use crate::retention::Holds;
use crate::segments::Segments;
use crate::space::Space;
use crate::writer::Writer;

thread_local! {
    /// Where a batch becomes bytes before it is copied into the queue. It is kept, so that an append allocates nothing for it.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

const SCRATCH_KEEP_BYTES: usize = 1024 * 1024;

/// What the partitions of a log share.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) disk: Disk,
    pub(crate) space: Arc<Space>,
}

/// One partition's log.
pub(crate) struct Partition {
    pub(crate) at: TopicPartition,
    pub(crate) log_id: LogId,
    pub(crate) salt: u32,
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) queue: Queue,
    pub(crate) segments: Arc<Segments>,
    /// Held while a frame is written and synced, or the segments are changed.
    pub(crate) writer: Mutex<Writer>,
    pub(crate) meter: Arc<Meter>,
    /// What consumers still need. Held for a look-up, and while segments are chosen for deletion.
    pub(crate) holds: Mutex<Holds>,
    /// Too many bytes are held for consumers: appends are refused.
    pub(crate) overfull: AtomicBool,
    /// The offset after the last durable record; readers wait for it.
    end: watch::Sender<u64>,
    space: Arc<Space>,
}

/// A batch that is in the queue.
struct Waiting {
    /// Which records were refused by themselves, ascending by their place in the batch.
    refused: Vec<(usize, AppendError)>,
    parts: Vec<(u32, Answer)>,
}

impl Partition {
    /// Opens what is in the folder.
    pub(crate) fn open(folder: &Path, at: TopicPartition, id: Uuid, around: Surroundings) -> Result<Self, LogError> {
        let Surroundings { config, clock, disk, space } = around;
        let opened = recovery::open(folder, id)?;
        let segments = Arc::new(Segments::new(opened.segments));
        let meter = Arc::new(Meter::new(&at));
        let salt = header::salt(&id);
        let writer = Writer::new(
            PathBuf::from(folder),
            Arc::clone(&segments),
            Arc::clone(&clock),
            disk,
            Arc::clone(&meter),
            salt,
            config.segment_bytes,
            opened.crc,
        );
        let end = writer.end();
        meter.stands(end, segments.bytes());
        Ok(Self {
            at,
            log_id: id.to_string().parse().unwrap_or_else(|never: std::convert::Infallible| match never {}),
            salt,
            queue: Queue::new(config.queue_records_max, config.queue_bytes_max),
            config,
            clock,
            segments,
            writer: Mutex::new(writer),
            meter,
            holds: Mutex::default(),
            overfull: AtomicBool::new(false),
            end: watch::Sender::new(end),
            space,
        })
    }

    /// The offset after the last durable record.
    pub(crate) fn end(&self) -> u64 {
        *self.end.borrow()
    }

    /// Hears of every new end.
    pub(crate) fn ends(&self) -> watch::Receiver<u64> {
        self.end.subscribe()
    }

    pub(crate) fn bounds(&self) -> Bounds {
        let end = self.end();
        // A record may become durable between the two looks; it is not seen yet.
        let start = self.segments.start().min(end);
        Bounds { log_id: self.log_id.clone(), start: Offset(start), end: Offset(end) }
    }

    /// Appends a batch: an answer for each record in its place.
    pub(crate) async fn append(&self, batch: Vec<Record>) -> Vec<Result<Offset, AppendError>> {
        let records = batch.len();
        let waiting = match self.enqueue(batch) {
            Ok(waiting) => waiting,
            Err(error) => {
                self.meter.refused(&error, records);
                return vec![Err(error); records];
            }
        };
        let mut answers = Vec::with_capacity(records);
        let mut refused = waiting.refused.into_iter().peekable();
        for (count, answer) in waiting.parts {
            let gone = || Err(AppendError::Unknown("the log was closed".into()));
            let first = answer.await.unwrap_or_else(|_| gone());
            if let Err(error) = &first {
                self.meter.refused(error, count as usize);
            }
            for n in 0..u64::from(count) {
                while let Some((_, error)) = refused.next_if(|(place, _)| *place == answers.len()) {
                    answers.push(Err(error));
                }
                answers.push(first.clone().map(|first| Offset(first + n)));
            }
        }
        answers.extend(refused.map(|(_, error)| Err(error)));
        answers
    }

    /// Writes a frame and shows it to readers.
    pub(crate) fn write(&self, payload: &[u8], count: u32) -> Result<u64, AppendError> {
        let mut writer = self.writer.lock();
        let first = writer.write(payload, count)?;
        self.show(&writer);
        let rolled = writer.take_rolled();
        drop(writer);
        if rolled {
            self.trim(self.clock.now());
        }
        Ok(first)
    }

    /// Shows readers how far the log is durable.
    pub(crate) fn show(&self, writer: &Writer) {
        self.end.send_replace(writer.end());
    }

    /// Encodes the batch here, in the caller's task, so that the committer only writes.
    fn enqueue(&self, batch: Vec<Record>) -> Result<Waiting, AppendError> {
        let most = self.config.record_bytes_max;
        let mut waiting = Waiting { refused: Vec::new(), parts: Vec::new() };
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.clear();
            let mut parts = Vec::with_capacity(1);
            let (mut part_start, mut count) = (0, 0u32);
            for (place, record) in batch.iter().enumerate() {
                let size = record.size_bytes();
                if size > most {
                    let error = AppendError::TooLarge { size, most };
                    self.meter.refused(&error, 1);
                    waiting.refused.push((place, error));
                    continue;
                }
                let before = scratch.len();
                record::encode(record, scratch);
                if count > 0 && scratch.len() - part_start > self.config.frame_bytes_max {
                    parts.push((before - part_start, count));
                    (part_start, count) = (before, 0);
                }
                count += 1;
            }
            if count > 0 {
                parts.push((scratch.len() - part_start, count));
            }
            if !parts.is_empty() {
                self.admit(scratch.len())?;
                let answers = self.queue.push(scratch, &parts)?;
                waiting.parts = parts.iter().map(|(_, count)| *count).zip(answers).collect();
            }
            scratch.shrink_to(SCRATCH_KEEP_BYTES);
            Ok(waiting)
        })
    }

    fn admit(&self, bytes: usize) -> Result<(), AppendError> {
        if self.overfull.load(Ordering::Relaxed) {
            let limit = self.config.retention_bytes;
            return Err(AppendError::Full(format!("{} holds {limit} bytes that its consumers have not read", self.at)));
        }
        self.space.spend(bytes).map_or(Ok(()), Err)
    }
}
