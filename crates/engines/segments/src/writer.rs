//! Makes the log longer: a frame is written and synced, and then it is durable. One frame is under way at a time, so after a
//! crash at most the last frame of the file is torn, and a broken frame before a good one was broken by something else.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use playhead_ports::{AppendError, Clock};

use crate::disk::Disk;
use crate::frame::{self, HEAD_BYTES};
use crate::header::{Header, SEGMENT_HEADER_BYTES};
use crate::meter::Meter;
use crate::segment::Segment;
use crate::segments::Segments;

/// How far ahead of its frames a file is made longer: as much again as it has, within these bounds.
const AHEAD_BYTES_MIN: u64 = 64 * 1024;
const AHEAD_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The end of the log, where it is written.
pub(crate) struct Writer {
    folder: PathBuf,
    segments: Arc<Segments>,
    active: Arc<Segment>,
    clock: Arc<dyn Clock>,
    disk: Disk,
    meter: Arc<Meter>,
    salt: u32,
    segment_bytes: u64,
    /// The checksum of the last frame.
    crc: u32,
    /// The next offset.
    end: u64,
    /// The active file's length; zeros lie after the last frame, which opening knows to be no damage.
    reserved_bytes: u64,
    /// Bytes of a frame that failed may lie after the last good one.
    needs_cut: bool,
    /// A sync has failed: it is not known what the disk has.
    lost: bool,
    rolled: bool,
}

impl Writer {
    #[expect(clippy::too_many_arguments, reason = "its parts are its partition's, made once")]
    pub(crate) fn new(
        folder: PathBuf,
        segments: Arc<Segments>,
        clock: Arc<dyn Clock>,
        disk: Disk,
        meter: Arc<Meter>,
        salt: u32,
        segment_bytes: u64,
        crc: u32,
    ) -> Self {
        let active = segments.active();
        let end = active.end();
        let reserved_bytes = active.valid_bytes();
        Self {
            folder,
            segments,
            active,
            clock,
            disk,
            meter,
            salt,
            segment_bytes,
            crc,
            end,
            reserved_bytes,
            needs_cut: false,
            lost: false,
            rolled: false,
        }
    }

    /// Whether a segment was closed since this was last asked.
    pub(crate) fn take_rolled(&mut self) -> bool {
        std::mem::take(&mut self.rolled)
    }

    /// The next offset.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Writes one frame and syncs it: its first offset. On failure nothing of it is there, but where that is not known.
    pub(crate) fn write(&mut self, payload: &[u8], count: u32) -> Result<u64, AppendError> {
        self.ready()?;
        let frame_bytes = (HEAD_BYTES + payload.len()) as u64;
        if !self.active.is_empty() && self.active.valid_bytes() + frame_bytes > self.segment_bytes {
            self.roll(self.end)?;
        }
        let position = self.active.valid_bytes();
        self.reserve(position + frame_bytes);
        let (head, crc) = frame::head(self.salt, self.crc, self.end, count, payload);
        if let Err(error) = self.disk.write_all(&self.active.file, &head, payload, position) {
            self.needs_cut = true;
            // If even this fails, it is tried again before the next frame.
            let _ = self.cut();
            return Err(refused(&self.active, &error));
        }
        let started = Instant::now();
        let synced = self.disk.sync(&self.active.file, &self.active.path);
        self.known(synced)?;
        self.meter.synced(started.elapsed());
        let first = self.end;
        self.end += u64::from(count);
        self.crc = crc;
        self.active.grow(first, position, self.end, position + frame_bytes);
        self.meter.written(u64::from(count), self.end, frame_bytes);
        Ok(first)
    }

    /// Closes the active segment and begins the next one at this offset, durably.
    pub(crate) fn roll(&mut self, first: u64) -> Result<(), AppendError> {
        self.ready()?;
        assert!(first >= self.end && first > self.active.header.first, "offsets are given once");
        let header = Header {
            log_id: self.active.header.log_id,
            first,
            chain: self.crc,
            fresh_chain: false,
            created_ms: self.clock.now().0,
        };
        let next = Segment::draft(&self.folder, header).map_err(|error| refused(&self.active, &error))?;
        let synced = self.disk.sync(&next.file, &next.path);
        self.known(synced)?;
        next.name().map_err(|error| refused(&self.active, &error))?;
        let synced = self.disk.sync_names(&self.folder);
        self.known(synced)?;
        // Zeros at its end do no harm if this fails.
        let _ = self.active.file.set_len(self.active.valid_bytes());
        self.active.close(self.crc);
        self.active = Arc::new(next);
        self.reserved_bytes = self.active.valid_bytes();
        self.segments.push(Arc::clone(&self.active));
        self.end = first;
        self.rolled = true;
        self.meter.grew(SEGMENT_HEADER_BYTES as u64);
        Ok(())
    }

    /// Nothing more will be written: what was reserved is given back. Tidiness alone: opening knows what zeros at the end are.
    pub(crate) fn tidy(&mut self) {
        if !self.lost {
            let _ = self.cut();
        }
    }

    fn ready(&mut self) -> Result<(), AppendError> {
        if self.lost {
            return Err(AppendError::Unavailable("a sync has failed; it must be opened again".into()));
        }
        if self.needs_cut {
            self.cut().map_err(|error| refused(&self.active, &error))?;
        }
        Ok(())
    }

    /// Makes the file longer than the next frame needs. A sync of a file that has just grown waits for the file system's
    /// journal, and with it for what everybody else has under way there; within its length it need not. Where this fails the
    /// write itself makes the file longer.
    fn reserve(&mut self, needed_bytes: u64) {
        if needed_bytes <= self.reserved_bytes {
            return;
        }
        let ahead_bytes = self.active.valid_bytes().clamp(AHEAD_BYTES_MIN, AHEAD_BYTES_MAX);
        let bytes = (needed_bytes + ahead_bytes).min(self.segment_bytes).max(needed_bytes);
        if (self.disk.reserve)(&self.active.file, bytes).is_ok() {
            self.reserved_bytes = bytes;
        }
    }

    /// Takes away what a failed write has left after the last good frame.
    fn cut(&mut self) -> io::Result<()> {
        self.active.file.set_len(self.active.valid_bytes())?;
        self.reserved_bytes = self.active.valid_bytes();
        self.needs_cut = false;
        Ok(())
    }

    /// After a failed sync nothing is known, and nothing more is written.
    fn known(&mut self, synced: io::Result<()>) -> Result<(), AppendError> {
        synced.map_err(|error| {
            self.lost = true;
            AppendError::Unknown(format!("a sync in {} failed: {error}", self.folder.display()))
        })
    }
}

/// A failed write: nothing of it is there.
fn refused(segment: &Segment, error: &io::Error) -> AppendError {
    let text = format!("{}: {error}", segment.path.display());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::WriteZero => AppendError::Full(text),
        io::ErrorKind::FileTooLarge => AppendError::Full(text),
        _ => AppendError::Unavailable(text),
    }
}
