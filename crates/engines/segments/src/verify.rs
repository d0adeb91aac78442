//! Reads every frame of every segment and says what is broken. It changes nothing and needs no lock; the end of the last
//! segment may be under way while the program runs, so bytes after it are told, not judged.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use playhead_domain::Offset;
use playhead_ports::{LogError, TopicPartition};
use uuid::Uuid;

use crate::files;
use crate::header::{Header, SEGMENT_HEADER_BYTES, salt};
use crate::log::SegmentLog;
use crate::scan::{self, Scan};
use crate::topics;

/// What is broken, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// Its first broken byte.
    pub position: u64,
    /// What is wrong there.
    pub why: String,
    /// Records before this offset are whole, as far as the file says.
    pub whole_before: Offset,
    /// From here on they are whole again, if anything in the file is.
    pub whole_from: Option<Offset>,
}

/// What was found in a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionReport {
    /// Which one.
    pub at: TopicPartition,
    /// How many segment files it has.
    pub segments: usize,
    /// How many whole frames, up to the first damage of each file.
    pub frames: u64,
    /// How many records are in them.
    pub records: u64,
    /// Bytes after the last whole frame of the last segment: torn by a crash, or being written now.
    pub tail_bytes: u64,
    /// What is broken; nothing is good.
    pub damage: Vec<Damage>,
}

impl SegmentLog {
    /// Checks every frame of every segment below the folder.
    pub fn verify(folder: &Path) -> Result<Vec<PartitionReport>, LogError> {
        let mut reports = Vec::new();
        for (topic, partitions) in topics::list(folder)? {
            for number in 0..partitions {
                let at = TopicPartition::new(&topic, number);
                reports.push(verify_partition(&topics::partition_folder(folder, &topic, number), at)?);
            }
        }
        Ok(reports)
    }
}

fn verify_partition(folder: &Path, at: TopicPartition) -> Result<PartitionReport, LogError> {
    let log_id = topics::log_id(folder)?;
    let firsts = files::segment_firsts(folder).map_err(|error| files::unavailable(folder, &error))?;
    let mut report =
        PartitionReport { at, segments: firsts.len(), frames: 0, records: 0, tail_bytes: 0, damage: Vec::new() };
    let mut before: Option<Scan> = None;
    for first in &firsts {
        let path = files::segment_path(folder, *first);
        let damaged = |position: u64, why: &str, whole_before: u64, whole_from: Option<u64>| Damage {
            path: path.clone(),
            position,
            why: why.to_owned(),
            whole_before: Offset(whole_before),
            whole_from: whole_from.map(Offset),
        };
        let Some((header, scan)) = scan_segment(&path, *first, log_id)? else {
            report.damage.push(damaged(0, "it has no whole header of this log", *first, None));
            before = None;
            continue;
        };
        report.frames += scan.frames;
        report.records += scan.records;
        let follows = before.as_ref().is_none_or(|before| {
            *first >= before.extent.end && (header.fresh_chain || before.extent.crc == header.chain)
        });
        if !follows {
            report.damage.push(damaged(0, "it does not follow the segment before it", *first, Some(*first)));
        }
        let is_last = Some(first) == firsts.last();
        match scan.rest {
            Some(rest) if is_last && rest.next_good.is_none() => report.tail_bytes = rest.bytes,
            Some(rest) => {
                let next = rest.next_good.map(|(_, head)| head.first);
                report.damage.push(damaged(scan.extent.valid_bytes, rest.why, scan.extent.end, next));
            }
            None => {}
        }
        before = Some(scan);
    }
    Ok(report)
}

/// Walks a segment file; nothing if its header is not one of this log.
pub(crate) fn scan_segment(path: &Path, first: u64, log_id: Uuid) -> Result<Option<(Header, Scan)>, LogError> {
    let failed = |error: std::io::Error| files::unavailable(path, &error);
    let file = File::open(path).map_err(failed)?;
    let mut bytes = [0; SEGMENT_HEADER_BYTES];
    let header = file.read_exact_at(&mut bytes, 0).ok().and_then(|()| Header::decode(&bytes));
    let Some(header) = header.filter(|header| header.log_id == log_id && header.first == first) else {
        return Ok(None);
    };
    let scan = scan::scan(&file, salt(&log_id), first, header.chain, SEGMENT_HEADER_BYTES as u64).map_err(failed)?;
    Ok(Some((header, scan)))
}
