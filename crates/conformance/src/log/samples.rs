//! Short ways to write and read a log in its suite.

use std::time::Duration;

use playhead_domain::{Offset, Timestamp};
use playhead_ports::{EventLog, LogReader, Most, Record, Stored, Topic, TopicPartition};

/// Longer than any engine needs for what it will do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(240);

pub(crate) fn topic() -> Topic {
    Topic::new("conformance")
}

pub(crate) fn at() -> TopicPartition {
    TopicPartition::new(&topic(), 0)
}

pub(crate) fn record(value: impl Into<String>) -> Record {
    let value: String = value.into();
    Record { key: "key".into(), value: value.into(), time: Timestamp(1_700_000_000_000), headers: Vec::new() }
}

pub(crate) fn records(count: usize) -> Vec<Record> {
    (0..count).map(|n| record(format!("value {n}"))).collect()
}

pub(crate) fn most(records: usize) -> Most {
    Most { records, bytes: usize::MAX }
}

pub(crate) fn texts(stored: &[Stored]) -> Vec<&str> {
    stored.iter().map(|stored| std::str::from_utf8(&stored.record.value).expect("the suite writes text")).collect()
}

pub(crate) async fn made(log: &dyn EventLog) {
    log.create(&topic(), 1).await.expect("makes the topic");
}

/// Appends what must go in: the offsets.
pub(crate) async fn append(log: &dyn EventLog, batch: Vec<Record>) -> Vec<Offset> {
    let answers = log.append(&at(), batch).await;
    answers.into_iter().map(|answer| answer.expect("goes in")).collect()
}

pub(crate) async fn reader(log: &dyn EventLog, from: Offset) -> Box<dyn LogReader> {
    log.reader(&at(), from).await.expect("a reader")
}

/// Reads until there are so many.
pub(crate) async fn read(reader: &mut dyn LogReader, count: usize) -> Vec<Stored> {
    let mut all = Vec::new();
    while all.len() < count {
        let next = reader.next(most(count - all.len()), PATIENCE).await.expect("reads");
        assert!(!next.is_empty(), "{} of {count} records came", all.len());
        all.extend(next);
    }
    all
}
