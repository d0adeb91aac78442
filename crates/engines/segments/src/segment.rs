//! A segment: one file of frames. The writer makes it longer, readers read what is durable of it. It knows nothing of the
//! segments around it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::RwLock;

use crate::disk;
use crate::files;
use crate::header::{Header, SEGMENT_HEADER_BYTES};
use crate::index::{Index, Summary};

/// How much of a segment is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    /// The offset after the last record.
    pub(crate) end: u64,
    /// The byte after the last frame.
    pub(crate) valid_bytes: u64,
    /// The checksum of the last frame, or the header's chain if there is none.
    pub(crate) crc: u32,
}

/// A segment that is open for reading.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) header: Header,
    pub(crate) path: PathBuf,
    pub(crate) file: File,
    end: AtomicU64,
    valid_bytes: AtomicU64,
    closed: AtomicBool,
    /// Held for a look-up or one more entry.
    index: RwLock<Index>,
}

impl Segment {
    /// An empty segment in a file that has yet to be synced and named.
    pub(crate) fn draft(folder: &Path, header: Header) -> io::Result<Self> {
        let path = files::segment_path(folder, header.first);
        let file = File::options().create(true).truncate(true).read(true).write(true).open(files::draft_path(&path))?;
        file.write_all_at(&header.encode(), 0)?;
        let extent = Extent { end: header.first, valid_bytes: SEGMENT_HEADER_BYTES as u64, crc: header.chain };
        Ok(Self::new(header, path, file, extent, Index::default(), false))
    }

    /// Gives a draft its name. The file must have been synced, and the folder must be afterwards.
    pub(crate) fn name(&self) -> io::Result<()> {
        fs::rename(files::draft_path(&self.path), &self.path)
    }

    /// A segment whose file is known already.
    pub(crate) fn new(header: Header, path: PathBuf, file: File, extent: Extent, index: Index, closed: bool) -> Self {
        Self {
            header,
            path,
            file,
            end: AtomicU64::new(extent.end),
            valid_bytes: AtomicU64::new(extent.valid_bytes),
            closed: AtomicBool::new(closed),
            index: RwLock::new(index),
        }
    }

    /// The offset after its last durable record.
    pub(crate) fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    /// The byte after its last durable frame.
    pub(crate) fn valid_bytes(&self) -> u64 {
        self.valid_bytes.load(Ordering::Acquire)
    }

    /// Whether it will grow no more. What is asked after a yes is final.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.end() == self.header.first
    }

    /// The frame at or before the offset, from where a reader finds it: its first offset and place.
    pub(crate) fn frame_before(&self, offset: u64) -> (u64, u64) {
        self.index.read().at_or_before(offset).unwrap_or((self.header.first, SEGMENT_HEADER_BYTES as u64))
    }

    /// A frame has become durable.
    pub(crate) fn grow(&self, first: u64, position: u64, end: u64, valid_bytes: u64) {
        self.index.write().note(first, position);
        self.end.store(end, Ordering::Release);
        self.valid_bytes.store(valid_bytes, Ordering::Release);
    }

    /// It will grow no more. Its summary is only a help for opening, so failing to write it is no failure.
    pub(crate) fn close(&self, crc: u32) {
        self.closed.store(true, Ordering::Release);
        let summary = Summary {
            log_id: self.header.log_id,
            first: self.header.first,
            end: self.end(),
            valid_bytes: self.valid_bytes(),
            crc,
            index: self.index.read().clone(),
        };
        if let Err(error) = summary.save(&files::index_path(&self.path)) {
            tracing::warn!(path = %self.path.display(), %error, "no index written; opening will read the segment instead");
        }
    }

    /// Deletes its files. Who reads it now can go on to its end.
    pub(crate) fn delete(&self) -> io::Result<()> {
        match fs::remove_file(files::index_path(&self.path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::remove_file(&self.path)?;
        disk::sync_folder(self.path.parent().expect("a file lies in a folder"))
    }

    /// Reads at most `len` bytes at a place.
    pub(crate) fn read(&self, position: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        self.file.read_exact_at(&mut bytes, position)?;
        Ok(bytes)
    }
}
