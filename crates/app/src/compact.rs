//! Compaction: the bytes of what was forgotten, or is no longer needed, go now rather than with the log's retention.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io};

use anyhow::{Context, Result, bail};
use playhead_domain::{Fact, Offset, UserId};
use playhead_edge::{Compacted, OperationError};
use playhead_ports::{EventLog, Most, Record, Stored, TopicPartition};
use playhead_watch::{Forgotten, WATCH, decode_fact, read_forgotten, topic};

use crate::engines::Engines;
use crate::{schedule, space};

/// How long consumers may take to get to the log's end.
const CATCH_UP_MAX: Duration = Duration::from_secs(120);
/// In the names of the files that a repair of the log lays aside.
const QUARANTINED: &str = ".broken-";
const LOOK_EVERY: Duration = Duration::from_millis(50);
const CHUNK: Most = Most { records: 1_000, bytes: 8 << 20 };

/// Compacts everything below the data folder but the backups.
pub(crate) async fn compact(engines: &Engines, data: &Path) -> Result<Compacted, OperationError> {
    let size = || {
        let folders = ["log", "positions", "warehouse"];
        folders.iter().map(|folder| Engines::size_bytes(&data.join(folder))).sum()
    };
    let (size_bytes_before, begun) = (size(), engines.clock.now());
    // The warehouse's file is written anew beside the old one.
    space::require(data, Engines::size_bytes(&data.join("warehouse")), "compaction")?;
    run(engines, data).await.map_err(|error| space::failure(&error))?;
    schedule::mark(data, begun).context("the mark of the compaction").map_err(|error| space::failure(&error))?;
    Ok(Compacted { size_bytes_before, size_bytes_after: size() })
}

async fn run(engines: &Engines, data: &Path) -> Result<()> {
    let mut ends = Vec::new();
    for at in engines.warehouse_partitions() {
        let end = engines.log.bounds(&at).await?.end;
        ends.push((at, end));
    }
    consumed(engines, &ends).await?;
    engines.hold().await?;
    for (at, end) in &ends {
        engines.log.seal_and_trim(at, *end)?;
    }
    let forgotten = read_forgotten(&*engines.warehouse).await?;
    for letters in engines.letters() {
        keep_letters(engines, &letters, &forgotten).await?;
    }
    remove_quarantine(&data.join("log")).context("what a repair of the log laid aside")?;
    engines.store.compact().await.context("the positions")?;
    engines.warehouse.compact().await.context("the warehouse")
}

/// Damaged bytes that a repair of the log laid aside may be of anybody.
fn remove_quarantine(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_quarantine(&entry.path())?;
        } else if entry.file_name().to_string_lossy().contains(QUARANTINED) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Waits until every consumer has taken what the log had.
async fn consumed(engines: &Engines, ends: &[(TopicPartition, Offset)]) -> Result<()> {
    let give_up = Instant::now() + CATCH_UP_MAX;
    loop {
        let consumers = engines.consumers().await?;
        let behind = consumers.iter().find(|consumer| {
            let next = consumer.checkpoint.as_ref().map(|checkpoint| checkpoint.next).unwrap_or_default();
            ends.iter().any(|(at, end)| *at == consumer.at && next < *end)
        });
        let Some(behind) = behind else { return Ok(()) };
        if Instant::now() > give_up {
            bail!("{} is still behind in {} after {CATCH_UP_MAX:?}", behind.name, behind.at);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Writes the dead letters that may stay to the end, then drops all before them.
pub(crate) async fn keep_letters(engines: &Engines, at: &TopicPartition, forgotten: &[Forgotten]) -> Result<()> {
    let bounds = engines.log.bounds(at).await?;
    // Other topics know nothing of users.
    if at.topic != topic(WATCH).dead_letters() || bounds.start >= bounds.end {
        return Ok(());
    }
    // What is kept goes into a segment of its own: segments are deleted whole.
    engines.log.seal_and_trim(at, bounds.start)?;
    let mut reader = engines.log.reader(at, bounds.start).await?;
    loop {
        let chunk = reader.next(CHUNK, Duration::from_secs(1)).await?;
        let ended = chunk.last().is_none_or(|last| last.offset.next() >= bounds.end);
        let kept = chunk.into_iter().filter(|letter| letter.offset < bounds.end && !is_forgotten(letter, forgotten));
        let kept: Vec<Record> = kept.map(|letter| letter.record).collect();
        for answer in engines.log.append(at, kept).await {
            answer.context("a dead letter")?;
        }
        if ended {
            break;
        }
    }
    engines.log.hold(at, "people", Offset(u64::MAX))?;
    engines.log.seal_and_trim(at, bounds.end)?;
    Ok(())
}

/// Whether a dead letter is of somebody who was forgotten after it was written. One that cannot be understood is of no
/// known video; it goes with anything that was forgotten of its user.
fn is_forgotten(letter: &Stored, forgotten: &[Forgotten]) -> bool {
    let number = |name: &str| std::str::from_utf8(letter.record.header(name)?).ok()?.parse::<u64>().ok();
    let offset = Offset(number("dlq-offset").unwrap_or_default());
    let Ok(key) = std::str::from_utf8(&letter.record.key) else { return false };
    let user = UserId::from_stored(key);
    match decode_fact(&letter.record.value) {
        Ok(Fact::Watched(event)) => forgotten.iter().any(|entry| entry.covers(&user, &event.video_id, offset)),
        Ok(Fact::Marked(mark)) => forgotten.iter().any(|entry| entry.covers(&user, &mark.video_id, offset)),
        _ => forgotten.iter().any(|entry| entry.covers_user(&user, offset)),
    }
}
