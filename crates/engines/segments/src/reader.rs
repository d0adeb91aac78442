//! A place in a partition that moves on as it is read. It reads from the files, whole frames with their checksums, and only
//! what is durable.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use playhead_domain::Offset;
use playhead_ports::{LogError, LogReader, Most, Record, Stored};
use tokio::sync::watch;

use crate::files;
use crate::frame::{self, HEAD_BYTES, Look};
use crate::partition::Partition;
use crate::record;
use crate::recovery;
use crate::segment::Segment;

/// What is read from a file at once, unless a frame is larger.
const CHUNK_BYTES: usize = 256 * 1024;

/// A longer wait is as good as for ever, and would overflow the clock.
const WAIT_MAX: Duration = Duration::from_secs(365 * 86_400);

/// A reader of one partition.
pub(crate) struct Reader {
    partition: Arc<Partition>,
    ends: watch::Receiver<u64>,
    /// Replaced only by an answer that is given, so neither an error nor a dropped future loses a record.
    place: Place,
}

/// Where the next record is.
#[derive(Clone)]
struct Place {
    /// Its offset, or less if there is none of that offset.
    next: u64,
    /// A record that is taken out already, but was too much for the last answer.
    held: Option<Stored>,
    /// The frame that is being given: its records from `in_frame` on. Once it is empty, the next frame begins with that one.
    frame: Bytes,
    in_frame: u64,
    /// The frames after it that are read already.
    chunk: Bytes,
    /// Where the chunk lies.
    source: Option<(Arc<Segment>, u64)>,
}

impl Reader {
    pub(crate) fn new(partition: Arc<Partition>, from: Offset) -> Self {
        let ends = partition.ends();
        let place =
            Place { next: from.0, held: None, frame: Bytes::new(), in_frame: 0, chunk: Bytes::new(), source: None };
        Self { partition, ends, place }
    }

    /// Takes what there is, up to the limits.
    async fn take(&mut self, most: Most) -> Result<Vec<Stored>, LogError> {
        let end = *self.ends.borrow_and_update();
        let mut place = self.place.clone();
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while taken.len() < most.records.max(1) && place.next < end {
            match self.step(&mut place).await {
                Ok(Some(stored)) => {
                    bytes += stored.record.size_bytes();
                    if bytes > most.bytes && !taken.is_empty() {
                        place.next = stored.offset.0;
                        place.held = Some(stored);
                        break;
                    }
                    taken.push(stored);
                }
                Ok(None) => {}
                // What is whole is given first; the error comes again at its place.
                Err(_) if !taken.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        self.place = place;
        Ok(taken)
    }

    /// One step on: a record, or a frame or a chunk on the way to it. After an error the place is as it was.
    async fn step(&self, place: &mut Place) -> Result<Option<Stored>, LogError> {
        if let Some(stored) = place.held.take() {
            place.next = stored.offset.0 + 1;
            return Ok(Some(stored));
        }
        if !place.frame.is_empty() {
            return self.record(place);
        }
        let Some((segment, position)) = place.source.clone() else {
            return self.seek(place).map(|()| None);
        };
        match frame::look(self.partition.salt, &place.chunk) {
            Look::Whole(head) if head.first != place.in_frame => {
                return Err(broken(&segment, position, "a frame has offsets out of order", place.next));
            }
            Look::Whole(head) => {
                let mut frame = place.chunk.split_to(head.frame_bytes());
                place.source = Some((segment, position + head.frame_bytes() as u64));
                place.frame = frame.split_off(HEAD_BYTES);
            }
            Look::Needs(_) if position >= segment.valid_bytes() => {
                if segment.is_closed() && position >= segment.valid_bytes() {
                    place.source = None;
                    place.next = place.next.max(segment.end());
                }
            }
            Look::Needs(bytes) if bytes as u64 <= segment.valid_bytes() - position => {
                place.chunk = self.read(&segment, position, bytes).await?;
            }
            Look::Needs(_) => return Err(broken(&segment, position, "a frame runs past the end", place.next)),
            Look::None(why) => return Err(broken(&segment, position, why, place.next)),
        }
        Ok(None)
    }

    /// The next record of the frame; nothing if it lies before the place.
    fn record(&self, place: &mut Place) -> Result<Option<Stored>, LogError> {
        let offset = place.in_frame;
        let record: Option<Record> = record::decode(&mut place.frame);
        let Some(record) = record else {
            (place.frame, place.source) = (Bytes::new(), None);
            let text = format!("the record at offset {offset} of {} is no record", self.partition.at);
            return Err(LogError::Broken(text));
        };
        place.in_frame += 1;
        if offset < place.next {
            return Ok(None);
        }
        place.next = offset + 1;
        Ok(Some(Stored { offset: Offset(offset), record }))
    }

    /// Finds the frame of the place, or the first one after it.
    fn seek(&self, place: &mut Place) -> Result<(), LogError> {
        let start = self.partition.segments.start();
        if place.next < start {
            return Err(LogError::Trimmed { start: Offset(start) });
        }
        let segment = self.partition.segments.holding(place.next);
        let (first, position) = segment.frame_before(place.next);
        // Between segments offsets may have a gap.
        place.next = place.next.max(segment.header.first);
        (place.in_frame, place.chunk) = (first, Bytes::new());
        place.source = Some((segment, position));
        Ok(())
    }

    /// Reads from a file on a thread that may block.
    async fn read(&self, segment: &Arc<Segment>, position: u64, least: usize) -> Result<Bytes, LogError> {
        let left = usize::try_from(segment.valid_bytes() - position).unwrap_or(usize::MAX);
        let len = least.max(CHUNK_BYTES).min(left);
        let reading = Arc::clone(segment);
        let read = tokio::task::spawn_blocking(move || reading.read(position, len)).await;
        match read {
            Ok(Ok(bytes)) => Ok(Bytes::from(bytes)),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                Err(broken(segment, position, "the file is shorter than it was", segment.header.first))
            }
            Ok(Err(error)) => Err(files::unavailable(&segment.path, &error)),
            Err(error) => Err(LogError::Unavailable(format!("the read was given up: {error}"))),
        }
    }
}

fn broken(segment: &Segment, position: u64, why: &str, end: u64) -> LogError {
    recovery::broken(&segment.path, position, why, end, None)
}

#[async_trait]
impl LogReader for Reader {
    async fn next(&mut self, most: Most, wait: Duration) -> Result<Vec<Stored>, LogError> {
        let until = tokio::time::Instant::now() + wait.min(WAIT_MAX);
        loop {
            let taken = self.take(most).await?;
            if !taken.is_empty() {
                return Ok(taken);
            }
            let next = self.place.next;
            match tokio::time::timeout_at(until, self.ends.wait_for(|end| *end > next)).await {
                Ok(Ok(_)) => {}
                Ok(Err(_)) | Err(_) => return Ok(Vec::new()),
            }
        }
    }
}
