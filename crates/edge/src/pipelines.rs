//! Pipelines of the warehouse, as a running program has them: how they do, and what administrators do with them. Done by
//! whoever wires the engines.

use async_trait::async_trait;
use playhead_ports::Topic;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a pipeline is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PipelineState {
    /// Its name.
    pub pipeline: String,
    /// `starting`, `waiting` (its database is away), `running`, or `stopped` (something is wrong that no waiting mends).
    pub state: String,
    /// Why it does not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<String>,
}

/// How a pipeline is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PipelineReport {
    /// What it is doing.
    #[serde(flatten)]
    pub state: PipelineState,
    /// How far it has got in each partition.
    pub partitions: Vec<PipelinePartition>,
    /// The rows of each table, in the order of the layers.
    pub tables: Vec<PipelineTable>,
    /// Messages that wait for a dictionary.
    pub waiting: u64,
    /// Rejected messages by stage and reason, the most frequent first.
    pub rejects: Vec<PipelineRejects>,
    /// The newest load time that any message has.
    pub last_load_time: Option<String>,
}

/// How far a pipeline has got in a partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PipelinePartition {
    /// The partition, as `topic/number`.
    pub partition: String,
    /// The next offset that it takes; 0 if it has not begun.
    pub next_offset: u64,
    /// The log's end.
    pub end_offset: Option<u64>,
}

/// A table's rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PipelineTable {
    /// Its layer: `stg`, `dds` or `cdm`.
    pub layer: String,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// How many rows it has; null if it is not there yet.
    pub rows: Option<u64>,
}

/// How often a reason has rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PipelineRejects {
    /// Where: while it was read, or when it was loaded.
    pub stage: String,
    /// Why.
    pub reason: String,
    /// How many messages.
    pub messages: u64,
}

/// A message that was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RejectedMessage {
    /// Where: while it was read (`prepare`), when it was loaded (`commit`), or because a dictionary did not learn an id in
    /// time (`enrich`).
    pub stage: String,
    /// Why.
    pub reason: String,
    /// The topic or file.
    pub topic: String,
    /// The partition.
    pub partition: i64,
    /// The offset or line.
    pub offset: i64,
    /// When it was rejected.
    pub load_time: String,
    /// The message, as text.
    pub payload: String,
}

/// A message behind a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ancestor {
    /// The set of rows that it came through.
    pub rows: String,
    /// The topic or file.
    pub topic: String,
    /// The partition.
    pub partition: i64,
    /// The offset or line.
    pub offset: i64,
    /// When it happened.
    pub event_time: String,
    /// When it was loaded.
    pub load_time: String,
    /// Whether it is the newest version of its message.
    pub is_newest: bool,
    /// The message, as text.
    pub payload: String,
}

/// What became of messages that were taken in again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TakenAgain {
    /// Taken in.
    pub loaded: u64,
    /// Waiting for a dictionary.
    pub waiting: u64,
    /// Rejected.
    pub rejected: u64,
}

/// Why a pipeline could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PipelineError {
    /// There is no such pipeline here.
    #[error("{0}")]
    Unknown(String),
    /// What was asked for is not in it: the parameter, and why.
    #[error("{1}")]
    Asked(&'static str, String),
    /// Its database is away, or has no tables yet.
    #[error("{0}")]
    Away(String),
}

/// The pipelines of a running program.
#[async_trait]
pub trait Pipelines: Send + Sync {
    /// The partitions of a topic that callers may write to; none if they may not.
    fn partitions_of(&self, topic: &Topic) -> Option<u32>;

    /// All of them.
    fn states(&self) -> Vec<PipelineState>;

    /// How one is doing.
    async fn report(&self, name: &str) -> Result<PipelineReport, PipelineError>;

    /// The messages that it has rejected, the newest first.
    async fn rejects(&self, name: &str, most: usize) -> Result<Vec<RejectedMessage>, PipelineError>;

    /// The messages behind the row of a table with that key.
    async fn lineage(
        &self,
        name: &str,
        table: &str,
        key: &[String],
        most: usize,
    ) -> Result<Vec<Ancestor>, PipelineError>;

    /// Tries messages again that wait, and with `with_rejects` those that were rejected.
    async fn redrive(&self, name: &str, with_rejects: bool) -> Result<TakenAgain, PipelineError>;
}
