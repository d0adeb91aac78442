//! The log: everything that happened, durable before the answer.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use playhead_domain::{Offset, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The name of a topic: 1 to 200 bytes of `[a-z0-9._-]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Topic(SmolStr);

impl Topic {
    /// The topic of that name, which the program itself chose.
    pub fn new(name: &str) -> Self {
        Self(SmolStr::new(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the records of this topic go that could not be understood: `<topic>.dlq`.
    pub fn dead_letters(&self) -> Self {
        Self::new(&format!("{}.dlq", self.0))
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TopicPartition {
    /// The topic.
    pub topic: Topic,
    /// The partition, from 0.
    pub partition: u32,
}

impl TopicPartition {
    /// The partition of that number.
    pub fn new(topic: &Topic, partition: u32) -> Self {
        Self { topic: topic.clone(), partition }
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.topic, self.partition)
    }
}

/// The identity of a partition's log, made when it was created. A log that was recreated has another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogId(SmolStr);

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for LogId {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(SmolStr::new(text)))
    }
}

/// A named value beside a record's own bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The name.
    pub name: SmolStr,
    /// The value.
    pub value: Bytes,
}

/// What is appended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// What orders it: records of one key are in one partition.
    pub key: Bytes,
    /// The bytes.
    pub value: Bytes,
    /// When it was taken in.
    pub time: Timestamp,
    /// At most 64 of them; a name has 1 to 255 bytes.
    pub headers: Vec<Header>,
}

impl Record {
    /// The bytes of key, value and headers together.
    pub fn size_bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|header| header.name.len() + header.value.len()).sum();
        self.key.len() + self.value.len() + headers
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&Bytes> {
        self.headers.iter().find(|header| header.name == name).map(|header| &header.value)
    }
}

/// A record with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Where it lies.
    pub offset: Offset,
    /// What it is.
    pub record: Record,
}

/// What a partition holds: records of `start..end`, by offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// The log's identity.
    pub log_id: LogId,
    /// The first offset that is still held; `end` if there is none.
    pub start: Offset,
    /// The offset after the last durable record.
    pub end: Offset,
}

/// How much a reader may give at once. One record is given even if it alone is larger.
#[derive(Debug, Clone, Copy)]
pub struct Most {
    /// The most records.
    pub records: usize,
    /// The most bytes of keys, values and headers.
    pub bytes: usize,
}

/// Why a record was not appended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// No space, or space is reserved for what drains the log. Nothing was written; try again once there is space.
    #[error("no space left for the log: {0}")]
    Full(String),
    /// Too much waits already. Nothing was written; try again later.
    #[error("too many records wait to be written")]
    Busy,
    /// The record is larger than the log takes, ever.
    #[error("a record may have {most} bytes, this one has {size}")]
    TooLarge {
        /// Its size, bytes.
        size: usize,
        /// The limit, bytes.
        most: usize,
    },
    /// The log cannot be reached, or is closing. Nothing was written.
    #[error("the log is not available: {0}")]
    Unavailable(String),
    /// It is not known whether the record was written. It may yet appear; trying again is harmless to who drops duplicates.
    #[error("not known whether the record was written: {0}")]
    Unknown(String),
}

/// Why a log cannot be read or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The records asked for are gone by retention.
    #[error("records before offset {start} are gone by retention")]
    Trimmed {
        /// The first offset that is still held.
        start: Offset,
    },
    /// There is no such topic or partition.
    #[error("there is no partition {0}")]
    Missing(TopicPartition),
    /// Stored bytes are broken: where, and what to do.
    #[error("{0}")]
    Broken(String),
    /// The log cannot be reached now.
    #[error("the log is not available: {0}")]
    Unavailable(String),
}

/// An ordered, durable log of records, split into topics and partitions.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Makes the topic with so many partitions if it is not there. A topic that is there with another count is an error.
    async fn create(&self, topic: &Topic, partitions: u32) -> Result<(), LogError>;

    /// How many partitions the topic has.
    async fn partitions(&self, topic: &Topic) -> Result<u32, LogError>;

    /// Appends the batch in order. Each record has its answer in its place: an offset means that the record survives the
    /// kill of any process, and is readable from then on. Offsets increase within the batch and from batch to batch of one
    /// caller. A record that is refused loses no other.
    async fn append(&self, at: &TopicPartition, batch: Vec<Record>) -> Vec<Result<Offset, AppendError>>;

    /// The log's identity, its first offset and the next one. An offset is never given twice within one identity.
    async fn bounds(&self, at: &TopicPartition) -> Result<Bounds, LogError>;

    /// A reader that begins at `from`, or at the first record after it. [`LogError::Trimmed`] if `from` lies before the
    /// log's start; at or past its end the reader waits for what comes.
    async fn reader(&self, at: &TopicPartition, from: Offset) -> Result<Box<dyn LogReader>, LogError>;
}

/// A place in a partition that moves on as it is read.
#[async_trait]
pub trait LogReader: Send {
    /// The next records in order, each once, none missing, only durable ones. At the end of the log it waits up to `wait`
    /// for the first one; nothing then is an empty answer. After an error the reader stands where it stood. Dropping the
    /// future loses nothing.
    async fn next(&mut self, most: Most, wait: Duration) -> Result<Vec<Stored>, LogError>;
}
