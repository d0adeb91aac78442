//! Walks the frames of a segment file one after another, and says where the first broken one lies and whether good ones come
//! after it. It changes nothing.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::frame::{self, HEAD_BYTES, Head, Look};
use crate::index::Index;
use crate::segment::Extent;

const READ_BYTES: usize = 1024 * 1024;

/// What a walk over a segment file has found.
#[derive(Debug)]
pub(crate) struct Scan {
    /// As far as the frames are whole and fit.
    pub(crate) extent: Extent,
    pub(crate) index: Index,
    pub(crate) frames: u64,
    pub(crate) records: u64,
    /// What lies after them, if that is anything but zeros.
    pub(crate) rest: Option<Rest>,
}

/// Bytes after the last frame that fits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rest {
    /// Up to its last byte that is not zero.
    pub(crate) bytes: u64,
    pub(crate) why: &'static str,
    /// The next whole frame of this log among them, and its place.
    pub(crate) next_good: Option<(u64, Head)>,
}

/// Walks a file from `position`, where the frame of offset `first` must name the checksum `chain`.
pub(crate) fn scan(file: &File, salt: u32, first: u64, chain: u32, position: u64) -> io::Result<Scan> {
    let mut window = Window::new(file)?;
    let extent = Extent { end: first, valid_bytes: position, crc: chain };
    let mut scan = Scan { extent, index: Index::default(), frames: 0, records: 0, rest: None };
    let why = loop {
        match window.look(salt, scan.extent.valid_bytes)? {
            Look::Whole(head) if head.chain != scan.extent.crc => break "a frame does not follow the one before",
            Look::Whole(head) if head.first != scan.extent.end => break "a frame has offsets out of order",
            Look::Whole(head) => scan.add(&head),
            Look::Needs(_) => break "the last frame is cut",
            Look::None(why) => break why,
        }
    };
    let rest_bytes = window.bytes_before_zeros(scan.extent.valid_bytes)?;
    if rest_bytes > 0 {
        let next_good = window.find_frame(salt, scan.extent.valid_bytes, scan.extent.end)?;
        scan.rest = Some(Rest { bytes: rest_bytes, why, next_good });
    }
    Ok(scan)
}

/// The first whole frame of this log in a file whose header is lost.
pub(crate) fn first_frame(file: &File, salt: u32) -> io::Result<Option<(u64, Head)>> {
    Window::new(file)?.find_frame(salt, 0, 0)
}

impl Scan {
    fn add(&mut self, head: &Head) {
        self.index.note(head.first, self.extent.valid_bytes);
        self.frames += 1;
        self.records += u64::from(head.count);
        self.extent.end = head.end();
        self.extent.crc = head.crc;
        self.extent.valid_bytes += head.frame_bytes() as u64;
    }
}

/// A stretch of a file in memory that moves forward.
struct Window<'a> {
    file: &'a File,
    file_bytes: u64,
    bytes: Vec<u8>,
    position: u64,
}

impl<'a> Window<'a> {
    fn new(file: &'a File) -> io::Result<Self> {
        Ok(Self { file, file_bytes: file.metadata()?.len(), bytes: Vec::new(), position: 0 })
    }

    /// At least `len` bytes at a place, fewer only at the file's end.
    fn at(&mut self, position: u64, len: usize) -> io::Result<&[u8]> {
        let left = self.file_bytes.saturating_sub(position);
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(len);
        let inside = position >= self.position && position + len as u64 <= self.position + self.bytes.len() as u64;
        if !inside {
            let want = len.max(READ_BYTES).min(usize::try_from(left).unwrap_or(usize::MAX));
            self.bytes.resize(want, 0);
            self.file.read_exact_at(&mut self.bytes, position)?;
            self.position = position;
        }
        let start = usize::try_from(position - self.position).expect("inside the window");
        Ok(&self.bytes[start..])
    }

    fn look(&mut self, salt: u32, position: u64) -> io::Result<Look> {
        let left = self.file_bytes.saturating_sub(position);
        match frame::look(salt, self.at(position, HEAD_BYTES)?) {
            Look::Needs(len) if len as u64 <= left => Ok(frame::look(salt, self.at(position, len)?)),
            look => Ok(look),
        }
    }

    /// How many bytes from a place on lie before the zeros that end the file.
    fn bytes_before_zeros(&mut self, position: u64) -> io::Result<u64> {
        let (mut at, mut last) = (position, position);
        while at < self.file_bytes {
            let bytes = self.at(at, READ_BYTES)?;
            let len = bytes.len() as u64;
            if let Some(found) = bytes.iter().rposition(|byte| *byte != 0) {
                last = at + found as u64 + 1;
            }
            at += len;
        }
        Ok(last - position)
    }

    /// The first whole frame at a place or after it, with no offset below `least`.
    fn find_frame(&mut self, salt: u32, mut from: u64, least: u64) -> io::Result<Option<(u64, Head)>> {
        while from + (HEAD_BYTES as u64) <= self.file_bytes {
            let bytes = self.at(from, HEAD_BYTES)?;
            let Some(found) = frame::find_magic(bytes, 0) else {
                // The magic may lie across the end of the window.
                from += (bytes.len() - 3) as u64;
                continue;
            };
            from += found as u64;
            match self.look(salt, from)? {
                Look::Whole(head) if head.first >= least => return Ok(Some((from, head))),
                _ => from += 1,
            }
        }
        Ok(None)
    }
}
