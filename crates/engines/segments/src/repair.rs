//! Makes a log with broken bytes open again: they are put into a file beside it, and the whole frames before and after them
//! stay, with a gap in the offsets between. Good frames are copied as they are; a segment that begins after a gap says in its
//! header that the chain of checksums begins anew.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use playhead_domain::Offset;
use playhead_ports::{LogError, TopicPartition};
use uuid::Uuid;

use crate::files;
use crate::frame::Head;
use crate::header::{Header, SEGMENT_HEADER_BYTES, salt};
use crate::log::{SegmentLog, lock};
use crate::record::RECORD_BYTES_MIN;
use crate::scan;
use crate::topics;
use crate::verify::scan_segment;

/// Bytes that were put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Of which partition.
    pub at: TopicPartition,
    /// The file that holds them now; nothing if no bytes but only offsets are missing.
    pub path: Option<PathBuf>,
    /// The first offset that may be lost.
    pub lost_from: Offset,
    /// From this offset on nothing is lost: no more records than this can have been in the broken bytes.
    pub lost_until: Offset,
    /// The first offset that is whole again. It may lie far behind [`Self::lost_until`] where the log was told to skip offsets,
    /// which nobody was ever given.
    pub next: Offset,
}

/// What a repair has done; nothing if all was whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepairReport {
    /// What is no longer in the log.
    pub quarantined: Vec<Quarantined>,
    /// Partitions whose identity was taken from their segments.
    pub identified: Vec<TopicPartition>,
}

impl SegmentLog {
    /// Repairs every partition below the folder, which no process may have open. Doing it again after a crash goes on.
    pub fn repair(folder: &Path) -> Result<RepairReport, LogError> {
        let _lock = lock(folder)?;
        let mut report = RepairReport::default();
        for (topic, partitions) in topics::list(folder)? {
            for number in 0..partitions {
                let at = TopicPartition::new(&topic, number);
                let folder = topics::partition_folder(folder, &topic, number);
                let log_id = identify(&folder, &at, &mut report)?;
                Repair { folder, at, log_id, noted: Vec::new(), report: &mut report }.partition()?;
            }
        }
        Ok(report)
    }
}

struct Repair<'a> {
    folder: PathBuf,
    at: TopicPartition,
    log_id: Uuid,
    /// Before these offsets lie gaps that are in the report.
    noted: Vec<u64>,
    report: &'a mut RepairReport,
}

/// The log's identity from its own file, or from any segment that has a whole header.
fn identify(folder: &Path, at: &TopicPartition, report: &mut RepairReport) -> Result<Uuid, LogError> {
    let missing = match topics::log_id(folder) {
        Ok(log_id) => return Ok(log_id),
        Err(missing) => missing,
    };
    let failed = |error: io::Error| files::unavailable(folder, &error);
    for first in files::segment_firsts(folder).map_err(failed)? {
        let mut bytes = [0; SEGMENT_HEADER_BYTES];
        let read = File::open(files::segment_path(folder, first)).and_then(|file| file.read_exact_at(&mut bytes, 0));
        if let (Ok(()), Some(header)) = (read, Header::decode(&bytes)) {
            topics::save_log_id(folder, header.log_id).map_err(failed)?;
            report.identified.push(at.clone());
            return Ok(header.log_id);
        }
    }
    Err(missing)
}

impl Repair<'_> {
    /// Goes through the segments in order. A repaired one may leave a new one after it, which is looked at in its turn.
    fn partition(&mut self) -> Result<(), LogError> {
        let failed = |error: io::Error| files::unavailable(&self.folder, &error);
        files::remove_unfinished(&self.folder).map_err(failed)?;
        let mut from = 0;
        let mut before: Option<(u64, u32)> = None;
        loop {
            let firsts =
                files::segment_firsts(&self.folder).map_err(|error| files::unavailable(&self.folder, &error))?;
            let Some(first) = firsts.iter().copied().find(|first| *first >= from) else { return Ok(()) };
            let is_last = firsts.last() == Some(&first);
            let path = files::segment_path(&self.folder, first);
            from = first;
            let Some((header, scan)) = scan_segment(&path, first, self.log_id)? else {
                self.behead(&path, first, firsts.iter().copied().find(|other| *other > first))?;
                continue;
            };
            if before.is_some_and(|(end, crc)| first < end || (!header.fresh_chain && header.chain != crc)) {
                self.begin_anew(&path, header, before.map_or(first, |(end, _)| end))?;
            }
            if let Some(rest) = scan.rest
                && (!is_last || rest.next_good.is_some())
            {
                let next = firsts.iter().copied().find(|other| *other > first);
                self.split(&path, scan.extent.end, scan.extent.valid_bytes, rest.next_good, next)?;
            }
            before = Some((scan.extent.end, scan.extent.crc));
            from = first + 1;
        }
    }

    /// The segment has no header: from its first whole frame on it becomes a segment with one. If it has no whole frame and is
    /// the last, an empty one remains, after all offsets that it can have held.
    fn behead(&mut self, path: &Path, first: u64, following: Option<u64>) -> Result<(), LogError> {
        let failed = |error: io::Error| files::unavailable(path, &error);
        let file = File::open(path).map_err(failed)?;
        let size_bytes = file.metadata().map_err(failed)?.len();
        let found = scan::first_frame(&file, salt(&self.log_id)).map_err(failed)?;
        let from = found.map_or(size_bytes, |(position, _)| position);
        let aside = self.put_aside(path, 0, from)?;
        let (target, next) = match (found, following) {
            (Some((_, head)), _) => (Some(self.tail(path, from, head.first, head.chain)?), head.first),
            (None, Some(following)) => (None, following),
            (None, None) => {
                let next = first + records_max(size_bytes);
                (Some(self.tail(path, from, next, 0)?), next)
            }
        };
        if target.is_none_or(|target| target != path) {
            fs::remove_file(path).map_err(failed)?;
        }
        self.forget_index(path)?;
        self.note(aside, first, records_max(from), next);
        Ok(())
    }

    /// The bytes from `position` to the next good frame are broken: what is before stays, what is after becomes a segment of
    /// its own.
    fn split(
        &mut self,
        path: &Path,
        end: u64,
        position: u64,
        good: Option<(u64, Head)>,
        next: Option<u64>,
    ) -> Result<(), LogError> {
        let failed = |error: io::Error| files::unavailable(path, &error);
        let file = File::options().write(true).open(path).map_err(failed)?;
        let until = match good {
            Some((found, _)) => found,
            None => file.metadata().map_err(failed)?.len(),
        };
        let aside = self.put_aside(path, position, until)?;
        if let Some((found, head)) = good {
            self.tail(path, found, head.first, head.chain)?;
        }
        file.set_len(position).and_then(|()| file.sync_all()).map_err(failed)?;
        self.forget_index(path)?;
        let next = good.map(|(_, head)| head.first).or(next).unwrap_or(end);
        self.note(aside, end, records_max(until - position), next);
        Ok(())
    }

    /// Says in a segment's header that what was before it is lost.
    fn begin_anew(&mut self, path: &Path, header: Header, end: u64) -> Result<(), LogError> {
        let failed = |error: io::Error| files::unavailable(path, &error);
        let bytes = Header { fresh_chain: true, ..header }.encode();
        let file = File::options().write(true).open(path).map_err(failed)?;
        file.write_all_at(&bytes, 0).and_then(|()| file.sync_all()).map_err(failed)?;
        if header.first > end && !self.noted.contains(&header.first) {
            // How large the files were that are missing nobody knows.
            self.note(None, end, u64::MAX, header.first);
        }
        Ok(())
    }

    /// Copies the file from `from` on into a segment that begins at offset `first`; its path.
    fn tail(&self, path: &Path, from: u64, first: u64, chain: u32) -> Result<PathBuf, LogError> {
        let target = files::segment_path(&self.folder, first);
        let header = Header { log_id: self.log_id, first, chain, fresh_chain: true, created_ms: modified_ms(path) };
        let copy = || -> io::Result<()> {
            let unfinished = files::draft_path(&target);
            let mut into = File::create(&unfinished)?;
            into.write_all(&header.encode())?;
            let mut source = File::open(path)?;
            source.seek(SeekFrom::Start(from))?;
            io::copy(&mut source, &mut into)?;
            into.sync_all()?;
            fs::rename(&unfinished, &target)?;
            crate::disk::sync_folder(&self.folder)
        };
        copy().map_err(|error| files::unavailable(&target, &error))?;
        Ok(target)
    }

    /// Copies broken bytes into a file beside the segment.
    fn put_aside(&self, path: &Path, from: u64, until: u64) -> Result<Option<PathBuf>, LogError> {
        if from == until {
            return Ok(None);
        }
        let aside = path.with_extension(format!("seg.broken-{from}"));
        let copy = || -> io::Result<()> {
            let mut source = File::open(path)?;
            source.seek(SeekFrom::Start(from))?;
            let mut into = File::create(&aside)?;
            io::copy(&mut source.take(until - from), &mut into)?;
            into.sync_all()?;
            crate::disk::sync_folder(&self.folder)
        };
        copy().map_err(|error| files::unavailable(&aside, &error))?;
        Ok(Some(aside))
    }

    fn forget_index(&self, path: &Path) -> Result<(), LogError> {
        match fs::remove_file(files::index_path(path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(files::unavailable(path, &error)),
            _ => Ok(()),
        }
    }

    /// From `from` to `next` there are no records any more, of which at most so many are lost.
    fn note(&mut self, path: Option<PathBuf>, from: u64, records_max: u64, next: u64) {
        let until = from.saturating_add(records_max).min(next);
        tracing::warn!(at = %self.at, from, until, next, "the log was repaired with a gap in its offsets");
        self.noted.push(next);
        self.report.quarantined.push(Quarantined {
            at: self.at.clone(),
            path,
            lost_from: Offset(from),
            lost_until: Offset(until),
            next: Offset(next),
        });
    }
}

/// More records than so many bytes of frames can hold.
fn records_max(bytes: u64) -> u64 {
    bytes / RECORD_BYTES_MIN + 1
}

/// When the file was last written: its records are no younger.
fn modified_ms(path: &Path) -> i64 {
    let modified = path.metadata().and_then(|metadata| metadata.modified()).ok();
    let since = modified.and_then(|modified| modified.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
