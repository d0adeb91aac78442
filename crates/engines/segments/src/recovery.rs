//! Opens a partition's files after any end: checks that the segments follow one another, reads the last one, and cuts what a
//! crash has left torn at its end. A broken frame before good ones is never cut: it is an error that says what to do.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use playhead_ports::LogError;
use uuid::Uuid;

use crate::files;
use crate::header::{Header, SEGMENT_HEADER_BYTES, salt};
use crate::index::Summary;
use crate::scan::{Scan, scan};
use crate::segment::{Extent, Segment};

const REPAIR: &str = "`playhead log repair --data DIR`, with the program stopped, puts the broken bytes into a file beside it \
                      and goes on without the records between";

/// The segments of a partition, of which the last is to be written.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) segments: Vec<Arc<Segment>>,
    /// The checksum of the last frame.
    pub(crate) crc: u32,
}

/// Opens the segments of the log with this identity.
pub(crate) fn open(folder: &Path, log_id: Uuid) -> Result<Opened, LogError> {
    let failed = |error: io::Error| files::unavailable(folder, &error);
    files::remove_unfinished(folder).map_err(failed)?;
    let firsts = files::segment_firsts(folder).map_err(failed)?;
    let Some(last) = firsts.last() else {
        return Err(LogError::Broken(format!("{} has no segment file; restore it from a backup", folder.display())));
    };
    let mut segments: Vec<Arc<Segment>> = Vec::with_capacity(firsts.len());
    let mut before: Option<Extent> = None;
    for first in &firsts {
        let path = files::segment_path(folder, *first);
        let file = File::options().read(true).write(true).open(&path).map_err(failed)?;
        let header = read_header(&file, &path, *first, log_id)?;
        if let Some(before) = before {
            check_follows(&path, &header, before)?;
        }
        let closed = first != last;
        let summary = if closed { usable_summary(&file, &path, &header) } else { None };
        let (extent, index) = match summary {
            Some(found) => (Extent { end: found.end, valid_bytes: found.valid_bytes, crc: found.crc }, found.index),
            None => {
                let scan = read_whole(&file, &path, &header, !closed)?;
                (scan.extent, scan.index)
            }
        };
        before = Some(extent);
        segments.push(Arc::new(Segment::new(header, path, file, extent, index, closed)));
    }
    Ok(Opened { segments, crc: before.map(|extent| extent.crc).expect("there is a last segment") })
}

fn read_header(file: &File, path: &Path, first: u64, log_id: Uuid) -> Result<Header, LogError> {
    let mut bytes = [0; SEGMENT_HEADER_BYTES];
    let read = file.read_exact_at(&mut bytes, 0);
    let header = read.ok().and_then(|()| Header::decode(&bytes));
    match header {
        Some(header) if header.log_id == log_id && header.first == first => Ok(header),
        Some(header) => Err(LogError::Broken(format!(
            "{} belongs to log {} from offset {}, but lies here as log {log_id} from offset {first}; put the right file back",
            path.display(),
            header.log_id,
            header.first
        ))),
        None => {
            Err(LogError::Broken(format!("{} is broken at byte 0: it has no whole header. {REPAIR}", path.display())))
        }
    }
}

fn check_follows(path: &Path, header: &Header, before: Extent) -> Result<(), LogError> {
    if header.first >= before.end && (header.fresh_chain || header.chain == before.crc) {
        return Ok(());
    }
    Err(LogError::Broken(format!(
        "{} does not follow the segment before it, which ends at offset {}: bytes or a file between them are missing. Put the \
         file back from a backup; or {REPAIR}",
        path.display(),
        before.end
    )))
}

/// The summary of a closed segment, if it is of this very file.
fn usable_summary(file: &File, path: &Path, header: &Header) -> Option<Summary> {
    let file_bytes = file.metadata().ok()?.len();
    let found = Summary::load(&files::index_path(path)).filter(|summary| {
        (summary.log_id, summary.first, summary.valid_bytes) == (header.log_id, header.first, file_bytes)
    });
    if found.is_none() {
        tracing::warn!(path = %path.display(), "the segment has no index of its own; reading it");
    }
    found
}

/// Reads a segment; the torn end of the last one is cut.
fn read_whole(file: &File, path: &Path, header: &Header, last: bool) -> Result<Scan, LogError> {
    let failed = |error: io::Error| files::unavailable(path, &error);
    let scan =
        scan(file, salt(&header.log_id), header.first, header.chain, SEGMENT_HEADER_BYTES as u64).map_err(failed)?;
    let Extent { end, valid_bytes, .. } = scan.extent;
    if let Some(rest) = &scan.rest {
        let good = rest.next_good.map(|(at, head)| (at, head.first));
        match good {
            None if last => tracing::warn!(
                path = %path.display(), position = valid_bytes, bytes = rest.bytes, next_offset = end, why = rest.why,
                "cut the torn end of the log, which was never acknowledged or is past the last whole frame"
            ),
            _ => return Err(broken(path, valid_bytes, rest.why, end, good)),
        }
    }
    if last {
        // What was written but not synced before a kill is synced now, before anybody reads it.
        file.set_len(valid_bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    } else {
        save_summary(path, header, &scan);
    }
    Ok(scan)
}

fn save_summary(path: &Path, header: &Header, scan: &Scan) {
    let summary = Summary {
        log_id: header.log_id,
        first: header.first,
        end: scan.extent.end,
        valid_bytes: scan.extent.valid_bytes,
        crc: scan.extent.crc,
        index: scan.index.clone(),
    };
    if let Err(error) = summary.save(&files::index_path(path)) {
        tracing::warn!(path = %path.display(), %error, "no index written; the next opening reads the segment again");
    }
}

/// What is broken, what is whole around it, and what to do.
pub(crate) fn broken(path: &Path, position: u64, why: &str, end: u64, good: Option<(u64, u64)>) -> LogError {
    let after = match good {
        Some((at, first)) => format!("and from offset {first} (byte {at}) on they are whole again"),
        None => "and nothing after it in this file is whole".into(),
    };
    LogError::Broken(format!(
        "{} is broken at byte {position}: {why}. Records before offset {end} are whole, {after}. {REPAIR}",
        path.display()
    ))
}
