//! What the tests of the log share: a clock that stands, settings that make boundaries common, short ways to write and read.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test binary uses a part of it")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use playhead_domain::{Offset, Timestamp};
use playhead_ports::{AppendError, Clock, EventLog, LogError, Most, Record, Stored, Topic, TopicPartition};
use playhead_segments::{Config, SegmentLog};

/// A clock that a test sets.
pub struct StandingClock(pub AtomicI64);

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

pub fn clock() -> Arc<StandingClock> {
    Arc::new(StandingClock(AtomicI64::new(1_700_000_000_000)))
}

pub fn open(folder: &Path, config: Config) -> Arc<SegmentLog> {
    try_open(folder, config).expect("opens")
}

pub fn try_open(folder: &Path, config: Config) -> Result<Arc<SegmentLog>, LogError> {
    SegmentLog::open(folder, config, clock())
}

/// Segments of a few records, frames of one or two.
pub fn tiny() -> Config {
    Config { segment_bytes: 400, frame_bytes_max: 100, min_free_bytes: 0, ..Config::default() }
}

pub fn topic() -> Topic {
    Topic::new("events")
}

pub fn at() -> TopicPartition {
    TopicPartition::new(&topic(), 0)
}

/// The folder of the partition.
pub fn partition_folder(folder: &Path) -> PathBuf {
    folder.join("events").join("0")
}

pub async fn made(log: &SegmentLog) {
    log.create(&topic(), 1).await.expect("made");
}

pub fn record(value: impl Into<String>) -> Record {
    let value: String = value.into();
    Record { key: "k".into(), value: value.into(), time: Timestamp(1), headers: Vec::new() }
}

pub fn text(stored: &Stored) -> String {
    String::from_utf8(stored.record.value.to_vec()).expect("text")
}

pub async fn append_one(log: &SegmentLog, value: impl Into<String>) -> Result<Offset, AppendError> {
    log.append(&at(), vec![record(value)]).await.remove(0)
}

/// Appends each value by itself: the offsets.
pub async fn append_each(log: &SegmentLog, values: impl Iterator<Item = String>) -> Vec<Offset> {
    let mut offsets = Vec::new();
    for value in values {
        offsets.push(append_one(log, value).await.expect("goes in"));
    }
    offsets
}

/// All there is from an offset on.
pub async fn read_from(log: &SegmentLog, from: Offset) -> Result<Vec<Stored>, LogError> {
    let mut reader = log.reader(&at(), from).await?;
    let mut all = Vec::new();
    loop {
        let next = reader.next(Most { records: 1_000, bytes: usize::MAX }, Duration::ZERO).await?;
        if next.is_empty() {
            return Ok(all);
        }
        all.extend(next);
    }
}

/// All there is from the start on.
pub async fn read_all(log: &SegmentLog) -> Vec<Stored> {
    let start = log.bounds(&at()).await.expect("bounds").start;
    read_from(log, start).await.expect("reads")
}

/// The segment files, in order.
pub fn segment_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(partition_folder(folder)).expect("a folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
    files.sort();
    files
}

/// Copies a log's folder.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("copied");
        }
    }
}
