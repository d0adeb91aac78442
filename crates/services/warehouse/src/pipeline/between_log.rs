//! A topic between roles as a log that the one runner reads, and the only member of its group.
//!
//! Dead letters of who reads it go to another log: they are no messages for the next role.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use playhead_domain::{Offset, Timestamp};
use playhead_ports::{
    AppendError, Bounds, Cell, Change, EventLog, Group, Header, LogError, LogId, LogReader, Most, Record, Stored,
    TargetError, Topic, TopicPartition,
};
use tokio::time::Instant;

use super::Pipeline;
use super::between::{Between, MESSAGE, PARTITIONS};
use super::broken::ms_of;
use super::naming::quoted;
use super::staging::{bytes_of, number_of, text_of};
use crate::intake::{Message, headers_of};

/// How often an empty topic is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Messages that are read at once: their bytes are known only afterwards.
const RECORDS_MAX: usize = 2_000;
/// A message's own headers and where it lay, as headers of the record.
const OWN: [&str; 5] = ["own-headers", "own-source", "own-topic", "own-partition", "own-offset"];

/// The topic that a role reads.
pub struct BetweenLog {
    pipeline: Arc<Pipeline>,
    between: Between,
    letters: Arc<dyn EventLog>,
}

impl BetweenLog {
    /// The topic that the pipeline's role reads; none if it takes messages in. Dead letters go to that log.
    pub fn of(pipeline: Arc<Pipeline>, letters: Arc<dyn EventLog>) -> Option<Self> {
        let between = pipeline.input()?;
        Some(Self { pipeline, between, letters })
    }

    /// The topic.
    pub fn topic(&self) -> Topic {
        Topic::new(&self.between.topic)
    }

    /// Who reads all of it.
    pub fn group(&self) -> Box<dyn Group> {
        let topic = self.topic();
        Box::new(Only(Some((0..PARTITIONS).map(|number| TopicPartition::new(&topic, number)).collect())))
    }

    async fn ask(&self, sql: &str, rows_max: usize) -> Result<Vec<Vec<Cell>>, LogError> {
        self.pipeline.target().select(&[], sql, rows_max).await.map_err(|error| match error {
            TargetError::Unavailable(why) | TargetError::Refused(why) => LogError::Unavailable(why),
        })
    }
}

#[async_trait]
impl EventLog for BetweenLog {
    async fn create(&self, topic: &Topic, partitions: u32) -> Result<(), LogError> {
        self.letters.create(topic, partitions).await
    }

    async fn partitions(&self, topic: &Topic) -> Result<u32, LogError> {
        if *topic == self.topic() { Ok(PARTITIONS) } else { self.letters.partitions(topic).await }
    }

    async fn append(&self, at: &TopicPartition, batch: Vec<Record>) -> Vec<Result<Offset, AppendError>> {
        self.letters.append(at, batch).await
    }

    async fn bounds(&self, at: &TopicPartition) -> Result<Bounds, LogError> {
        if at.topic != self.topic() {
            return self.letters.bounds(at).await;
        }
        let sql = format!(
            "SELECT COALESCE(MAX(\"offset\") + 1, 0) FROM {} WHERE \"partition\" = {}",
            self.between.name(),
            at.partition
        );
        let rows = self.ask(&sql, 1).await?;
        let end = rows.first().and_then(|row| row.first()).and_then(number_of);
        let end = Offset(end.and_then(|end| u64::try_from(end).ok()).unwrap_or(0));
        let log_id: LogId = self.between.topic.parse().unwrap_or_else(|never: std::convert::Infallible| match never {});
        // What was taken is gone, and nobody asks for it again.
        Ok(Bounds { log_id, start: Offset(0), end })
    }

    async fn reader(&self, at: &TopicPartition, from: Offset) -> Result<Box<dyn LogReader>, LogError> {
        if at.topic != self.topic() {
            return self.letters.reader(at, from).await;
        }
        let log =
            Self { pipeline: self.pipeline.clone(), between: self.between.clone(), letters: self.letters.clone() };
        Ok(Box::new(Reader { log, at: at.clone(), next: from }))
    }
}

struct Reader {
    log: BetweenLog,
    at: TopicPartition,
    next: Offset,
}

impl Reader {
    async fn look(&self, most: Most) -> Result<Vec<Stored>, LogError> {
        let most_rows = most.records.clamp(1, RECORDS_MAX);
        let sql = format!(
            "SELECT \"offset\", {} FROM {} WHERE \"partition\" = {} AND \"offset\" >= {} ORDER BY \"offset\" LIMIT {most_rows}",
            MESSAGE.map(|(name, _)| quoted(name)).join(", "),
            self.log.between.name(),
            self.at.partition,
            self.next,
        );
        let rows = self.log.ask(&sql, most_rows).await?;
        let broken =
            || LogError::Broken(format!("{}: a row of {} is not as it was written", self.at, self.log.between.name()));
        let mut records = Vec::with_capacity(rows.len());
        let mut bytes = 0;
        for row in &rows {
            let stored = stored(row).ok_or_else(broken)?;
            bytes += stored.record.size_bytes();
            if bytes > most.bytes && !records.is_empty() {
                break;
            }
            records.push(stored);
        }
        Ok(records)
    }
}

#[async_trait]
impl LogReader for Reader {
    async fn next(&mut self, most: Most, wait: Duration) -> Result<Vec<Stored>, LogError> {
        let deadline = Instant::now() + wait;
        loop {
            let records = self.look(most).await?;
            if let Some(last) = records.last() {
                self.next = last.offset.next();
                return Ok(records);
            }
            if Instant::now() >= deadline {
                return Ok(Vec::new());
            }
            tokio::time::sleep_until(deadline.min(Instant::now() + LOOK_EVERY)).await;
        }
    }
}

/// The only member of a group.
struct Only(Option<Vec<TopicPartition>>);

#[async_trait]
impl Group for Only {
    async fn next(&mut self) -> Change {
        match self.0.take() {
            Some(all) => Change::Gained(all),
            None => std::future::pending().await,
        }
    }
}

/// A row as a record. Its time is the load time, which all layers share.
fn stored(row: &[Cell]) -> Option<Stored> {
    let [offset, source, topic, partition, at, load_time, payload, headers] = row else { return None };
    let own = [
        text_of(headers).unwrap_or_default(),
        text_of(source)?,
        text_of(topic)?,
        number_of(partition)?.to_string(),
        number_of(at)?.to_string(),
    ];
    let header =
        |(name, value): (&str, String)| Header { name: name.into(), value: Bytes::copy_from_slice(value.as_bytes()) };
    let record = Record {
        key: Bytes::new(),
        value: bytes_of(payload)?,
        time: Timestamp(ms_of(load_time)?),
        headers: OWN.into_iter().zip(own).map(header).collect(),
    };
    Some(Stored { offset: Offset(u64::try_from(number_of(offset)?).ok()?), record })
}

/// The source and the message of a record.
pub(super) fn message_of(stored: &Stored) -> Option<(String, Message)> {
    let [headers, source, topic, partition, offset] =
        OWN.map(|name| stored.record.header(name).and_then(|value| std::str::from_utf8(value).ok()));
    let message = Message {
        at: TopicPartition::new(&Topic::new(topic?), partition?.parse().ok()?),
        offset: Offset(offset?.parse().ok()?),
        key: Bytes::new(),
        bytes: stored.record.value.clone(),
        headers: headers_of(headers.filter(|text| !text.is_empty())),
        received_time: stored.record.time,
    };
    Some((source?.to_owned(), message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::headers_text;

    #[test]
    fn a_message_passes_as_it_came() {
        let headers = vec![Header { name: "trace".into(), value: Bytes::from_static(b"7") }];
        let text = |text: &str| Cell::Text(text.to_owned());
        let row = [
            Cell::Int(4),
            text("orders"),
            text("raw"),
            Cell::Int(3),
            Cell::Int(99),
            text("2026-04-01 00:00:00.000000"),
            text("7b7d"),
            headers_text(&headers).map_or(Cell::Null, |text| Cell::Text(text.to_string())),
        ];
        let stored = stored(&row).expect("a record");
        assert_eq!((stored.offset, stored.record.time), (Offset(4), Timestamp(1_775_001_600_000)));
        let (source, message) = message_of(&stored).expect("a message");
        assert_eq!((source.as_str(), message.at.to_string().as_str(), message.offset), ("orders", "raw/3", Offset(99)));
        assert_eq!((message.bytes, message.headers), (Bytes::from_static(b"{}"), headers));
    }
}
