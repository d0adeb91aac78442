//! Messages of a file onto a topic of the log.

use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use bytes::Bytes;
use playhead_domain::Timestamp;
use playhead_ports::{AppendError, Clock, EventLog, Record, Topic, TopicPartition};
use playhead_segments::SegmentLog;
use playhead_system::SystemClock;
use playhead_warehouse::topics::{key_of, partition_of};

use super::job::open_log;
use crate::config::Config;

const RECORDS_AT_ONCE: usize = 5_000;
const BYTES_AT_ONCE: usize = 4 << 20;

/// What is produced.
#[derive(Debug, Clone, Copy)]
pub struct Produce<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The file, a message a line.
    pub file: &'a Path,
    /// The field that orders messages; none puts all into partition 0.
    pub key: Option<&'a str>,
    /// Partitions of the topic if it is made now.
    pub partitions: u32,
}

/// Appends the messages. Gives how many; all of them are on disk then.
pub async fn produce(config: &Config, what: Produce<'_>) -> Result<u64> {
    let file = std::fs::File::open(what.file).with_context(|| format!("cannot read {}", what.file.display()))?;
    let log = open_log(config)?;
    let topic = Topic::new(what.topic);
    let partitions = make_topic(&log, &topic, what.partitions).await?;
    let mut parts: Vec<Vec<Record>> = vec![Vec::new(); partitions as usize];
    let (mut produced, mut bytes, mut waiting) = (0, 0, 0);
    for line in BufReader::new(file).split(b'\n') {
        let line = line.with_context(|| format!("cannot read {}", what.file.display()))?;
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        if line.trim_ascii().is_empty() {
            continue;
        }
        let key = what.key.and_then(|field| key_of(line, field)).unwrap_or_default();
        (bytes, waiting) = (bytes + line.len(), waiting + 1);
        let at = partition_of(&key, partitions) as usize;
        parts[at].push(record(key, line, SystemClock.now()));
        if waiting >= RECORDS_AT_ONCE || bytes >= BYTES_AT_ONCE {
            produced += append(&log, &topic, &mut parts).await?;
            (bytes, waiting) = (0, 0);
        }
    }
    produced += append(&log, &topic, &mut parts).await?;
    log.shutdown();
    Ok(produced)
}

fn record(key: Bytes, line: &[u8], time: Timestamp) -> Record {
    Record { key, value: Bytes::copy_from_slice(line), time, headers: Vec::new() }
}

/// Makes the topic if it is not there. Gives its partitions.
pub(super) async fn make_topic(log: &SegmentLog, topic: &Topic, partitions: u32) -> Result<u32> {
    if let Some((_, partitions)) = log.topics().into_iter().find(|(there, _)| there == topic) {
        return Ok(partitions);
    }
    log.create(topic, partitions).await?;
    Ok(partitions)
}

async fn append(log: &SegmentLog, topic: &Topic, parts: &mut [Vec<Record>]) -> Result<u64> {
    let mut appended = 0;
    for (number, records) in (0..).zip(parts) {
        let answers = log.append(&TopicPartition::new(topic, number), std::mem::take(records)).await;
        for answer in answers {
            match answer {
                Ok(_) => appended += 1,
                Err(AppendError::TooLarge { size, most }) => {
                    eprintln!("a message of {size} bytes is left out: at most {most} are taken (log.record_bytes_max)");
                }
                Err(error) => return Err(error).context("the log"),
            }
        }
    }
    Ok(appended)
}
