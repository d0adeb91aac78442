//! The sparse index of a segment: where in the file some offsets lie. A closed segment has it in a file beside it, with what
//! opening needs to know, so that opening does not read the segment. It can always be made again from the segment.

use std::fs;
use std::io;
use std::path::Path;

use uuid::Uuid;

/// An entry for each stretch of so many bytes.
const STRETCH_BYTES: u64 = 64 * 1024;

const MAGIC: &[u8; 8] = b"PHIDX\0\0\x01";
const FIXED_BYTES: usize = 56;

/// Offsets and their places, ascending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Index(Vec<(u64, u64)>);

impl Index {
    /// Notes that a frame with this first offset lies there; most are left out.
    pub(crate) fn note(&mut self, first: u64, position: u64) {
        if self.0.last().is_none_or(|(_, last)| position >= last + STRETCH_BYTES) {
            self.0.push((first, position));
        }
    }

    /// The last noted frame that begins at or before the offset.
    pub(crate) fn at_or_before(&self, offset: u64) -> Option<(u64, u64)> {
        let after = self.0.partition_point(|(first, _)| *first <= offset);
        after.checked_sub(1).map(|at| self.0[at])
    }
}

/// What is known of a closed segment without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) log_id: Uuid,
    pub(crate) first: u64,
    /// The offset after its last record.
    pub(crate) end: u64,
    /// Its length.
    pub(crate) valid_bytes: u64,
    /// The checksum of its last frame.
    pub(crate) crc: u32,
    pub(crate) index: Index,
}

impl Summary {
    /// Writes it to a file of its own, replacing what was there.
    pub(crate) fn save(&self, path: &Path) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(FIXED_BYTES + self.index.0.len() * 16 + 4);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(self.log_id.as_bytes());
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(&self.end.to_le_bytes());
        bytes.extend_from_slice(&self.valid_bytes.to_le_bytes());
        bytes.extend_from_slice(&u64::from(self.crc).to_le_bytes());
        for (first, position) in &self.index.0 {
            bytes.extend_from_slice(&first.to_le_bytes());
            bytes.extend_from_slice(&position.to_le_bytes());
        }
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        crate::files::replace(path, &bytes)
    }

    /// Reads it; nothing if it is missing or broken, since then the segment itself is read.
    pub(crate) fn load(path: &Path) -> Option<Self> {
        let bytes = fs::read(path).ok()?;
        let (body, crc) = bytes.split_last_chunk::<4>()?;
        if body.len() < FIXED_BYTES || crc32fast::hash(body) != u32::from_le_bytes(*crc) || &body[..8] != MAGIC {
            return None;
        }
        let long = |at: usize| u64::from_le_bytes(body[at..at + 8].try_into().expect("eight bytes"));
        let entries = (FIXED_BYTES..body.len()).step_by(16).map(|at| (long(at), long(at + 8)));
        Some(Self {
            log_id: Uuid::from_slice(&body[8..24]).ok()?,
            first: long(24),
            end: long(32),
            valid_bytes: long(40),
            crc: u32::try_from(long(48)).ok()?,
            index: Index(entries.collect()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_finds_the_frame_at_or_before() {
        let mut index = Index::default();
        for n in 0..100u64 {
            index.note(n * 10, 64 + n * 10_000);
        }
        let (first, position) = index.at_or_before(555).expect("an entry");
        assert!(first <= 555 && position == 64 + first * 1_000);
        assert!(index.0.len() < 20, "sparse: {}", index.0.len());
        assert_eq!(index.at_or_before(0), Some((0, 64)));
        assert_eq!(Index::default().at_or_before(5), None);
    }

    #[test]
    fn a_summary_comes_back_unless_it_is_broken() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.idx");
        let mut index = Index::default();
        index.note(3, 64);
        let summary = Summary { log_id: Uuid::now_v7(), first: 3, end: 9, valid_bytes: 900, crc: 77, index };
        summary.save(&path).expect("saved");
        assert_eq!(Summary::load(&path), Some(summary));
        let whole = fs::read(&path).expect("read");
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 4;
            fs::write(&path, &bytes).expect("written");
            assert_eq!(Summary::load(&path), None, "byte {at}");
            fs::write(&path, &whole[..at]).expect("written");
            assert_eq!(Summary::load(&path), None, "cut at {at}");
        }
    }
}
