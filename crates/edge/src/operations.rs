//! What administrators do with a running program: its status, backup, compaction. Done by whoever wires the engines.

use async_trait::async_trait;
use playhead_domain::FieldError;
use serde::Serialize;
use utoipa::ToSchema;

/// How far a consumer of the log has got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConsumerStatus {
    /// Its name.
    pub name: String,
    /// The partition that it reads, as `topic/number`.
    pub partition: String,
    /// The next offset that it takes.
    pub next_offset: u64,
    /// The log's end.
    pub end_offset: u64,
    /// How long the oldest record that waits has waited, ms.
    pub lag_ms: u64,
}

/// What the program is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Status {
    /// The program's version.
    pub version: String,
    /// The roles that it runs.
    pub roles: Vec<String>,
    /// How long it has run, ms.
    pub uptime_ms: u64,
    /// Recent positions that wait to be folded into the base.
    pub recent_held: u64,
    /// The most of them.
    pub recent_max: u64,
    /// The consumers of the log.
    pub consumers: Vec<ConsumerStatus>,
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BackedUp {
    /// Where it is, on the server.
    pub path: String,
    /// How large it is.
    pub size_bytes: u64,
    /// How many files it has, its manifest not counted.
    pub files: u64,
    /// The events in the warehouse when it was begun; not there if the warehouse was too busy to count them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub events: Option<u64>,
}

/// What compacting did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Compacted {
    /// How large the data was.
    pub size_bytes_before: u64,
    /// How large it is.
    pub size_bytes_after: u64,
}

/// Why an operation was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OperationError {
    /// What was asked for is not as it must be.
    #[error("{0}")]
    Field(#[from] FieldError),
    /// There is such a thing already, or the same is being done.
    #[error("{0}")]
    Conflict(String),
    /// There is no space for it.
    #[error("{0}")]
    Full(String),
    /// It may go well later.
    #[error("{0}")]
    Unavailable(String),
    /// It failed.
    #[error("{0}")]
    Failed(String),
}

/// What administrators do.
#[async_trait]
pub trait Operations: Send + Sync {
    /// What the program is doing.
    async fn status(&self) -> Result<Status, OperationError>;

    /// Backs everything up while the program runs. `to` is the name of a new folder among the backups: 1 to 64 bytes of
    /// `[A-Za-z0-9._-]` that begin with a letter or digit, which the edge has checked.
    async fn backup(&self, to: &str) -> Result<BackedUp, OperationError>;

    /// Drops the bytes of what was forgotten or is no longer needed now, rather than with time.
    async fn compact(&self) -> Result<Compacted, OperationError>;
}
