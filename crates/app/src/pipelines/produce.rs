//! Messages of a file onto a topic of the log.

use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use playhead_domain::Timestamp;
use playhead_ports::{AppendError, Clock, EventLog, Record, Topic, TopicPartition};
use playhead_segments::SegmentLog;
use playhead_system::SystemClock;
use playhead_warehouse::topics::{key_of, partition_of};

use super::job::{open_log, refuse_or_ask};
use super::topics::check_topic;
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
    /// Partitions of the topic if it is made now; those of `pipelines.partitions` if nothing is said.
    pub partitions: Option<u32>,
}

/// What was produced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Produced {
    /// Messages that are on the topic now.
    pub messages: u64,
    /// Those of them without the key, which are in partition 0.
    pub keyless: u64,
    /// The partitions of the topic, if it was not there and was made.
    pub made: Option<u32>,
}

/// Refuses a key that no message of the file has: a slip of the keyboard would put all of them into one partition.
pub fn check_key(file: &Path, field: &str) -> Result<()> {
    let reader = BufReader::new(std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?);
    let mut first = None;
    for (number, line) in (1..).zip(reader.split(b'\n')) {
        let line = line.with_context(|| format!("cannot read {}", file.display()))?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        if key_of(&line, field).is_some() {
            return Ok(());
        }
        first.get_or_insert_with(|| (number, fields_of(&line)));
    }
    match first {
        None => Ok(()),
        Some((number, fields)) => {
            bail!("{}:{number}: no message has a text or number in the field `{field}`; {fields}", file.display())
        }
    }
}

/// The names that a message has, in words.
fn fields_of(message: &[u8]) -> String {
    match serde_json::from_slice(message) {
        Ok(serde_json::Value::Object(object)) => {
            format!("this one has {}", object.keys().cloned().collect::<Vec<_>>().join(", "))
        }
        _ => "this one is no JSON object".to_owned(),
    }
}

/// Appends the messages. Gives how many; all of them are on disk then.
pub async fn produce(config: &Config, what: Produce<'_>) -> Result<Produced> {
    check_topic(what.topic)?;
    if let Some(field) = what.key {
        check_key(what.file, field)?;
    }
    let file = std::fs::File::open(what.file).with_context(|| format!("cannot read {}", what.file.display()))?;
    refuse_or_ask(config)?;
    let log = open_log(config)?;
    let topic = Topic::new(what.topic);
    let is_new = !log.topics().iter().any(|(there, _)| *there == topic);
    let partitions = make_topic(&log, &topic, what.partitions.unwrap_or(config.pipelines.partitions)).await?;
    let mut parts: Vec<Vec<Record>> = vec![Vec::new(); partitions as usize];
    let (mut bytes, mut waiting) = (0, 0);
    let mut produced = Produced { made: is_new.then_some(partitions), ..Produced::default() };
    for line in BufReader::new(file).split(b'\n') {
        let line = line.with_context(|| format!("cannot read {}", what.file.display()))?;
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        if line.trim_ascii().is_empty() {
            continue;
        }
        let key = what.key.and_then(|field| key_of(line, field)).unwrap_or_default();
        produced.keyless += u64::from(what.key.is_some() && key.is_empty());
        (bytes, waiting) = (bytes + line.len(), waiting + 1);
        let at = partition_of(&key, partitions) as usize;
        parts[at].push(record(key, line, SystemClock.now()));
        if waiting >= RECORDS_AT_ONCE || bytes >= BYTES_AT_ONCE {
            produced.messages += append(&log, &topic, &mut parts).await?;
            (bytes, waiting) = (0, 0);
        }
    }
    produced.messages += append(&log, &topic, &mut parts).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_no_message_has_is_refused_with_line_and_field() {
        let own = tempfile::tempdir().expect("a folder");
        let file = own.path().join("orders.ndjson");
        let check = |text: &str, field| {
            std::fs::write(&file, text).expect("written");
            check_key(&file, field).map_err(|error| error.to_string())
        };
        assert_eq!(check("\n{\"id\":1}\n", "id"), Ok(()));
        assert_eq!(check("nonsense\n{\"n\":{\"id\":1}}\n", "n.id"), Ok(()));
        assert_eq!(check("", "id"), Ok(()));
        let refused = check("\n{\"id\":1,\"x\":2}\n{\"id\":2}", "ids").expect_err("it is refused");
        assert!(refused.contains("orders.ndjson:2: no message has a text or number in the field `ids`"), "{refused}");
        assert!(refused.ends_with("this one has id, x"), "{refused}");
    }
}
