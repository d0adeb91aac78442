//! Consumers of the log: a sink prepares rows from records and commits them with its checkpoint.

use async_trait::async_trait;
use playhead_domain::Offset;
use serde::{Deserialize, Serialize};

use crate::{LogId, Stored, TopicPartition};

/// How far a sink has got in a partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Which partition.
    pub at: TopicPartition,
    /// Of which log.
    pub log_id: LogId,
    /// The first offset that is not yet in the view.
    pub next: Offset,
}

/// The step of a checkpoint that a commit makes. It is refused if the checkpoint does not stand at `from`; a partition
/// without a checkpoint stands at 0 of any log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// Which partition.
    pub at: TopicPartition,
    /// Of which log.
    pub log_id: LogId,
    /// Where the checkpoint stands.
    pub from: Offset,
    /// Where it stands afterwards.
    pub to: Offset,
}

impl Advance {
    /// Whether the step was made: the checkpoint stands where it ends. So a commit whose answer was lost is known to be in.
    pub fn is_made(&self, standing: Option<&Checkpoint>) -> bool {
        standing.is_some_and(|found| found.log_id == self.log_id && found.next == self.to)
    }
}

/// Records in the order of their partitions. It may span partitions.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The records of each partition, ascending by offset.
    pub parts: Vec<(TopicPartition, Vec<Stored>)>,
}

impl Batch {
    /// How many records it has.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|(_, records)| records.len()).sum()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All records with their partitions.
    pub fn iter(&self) -> impl Iterator<Item = (&TopicPartition, &Stored)> {
        self.parts.iter().flat_map(|(at, records)| records.iter().map(move |stored| (at, stored)))
    }
}

/// A record that a sink cannot take: data, not an error. It goes to the dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Where it lies.
    pub at: TopicPartition,
    /// Its offset.
    pub offset: Offset,
    /// Why, in words that name the field.
    pub reason: String,
}

/// What a batch becomes.
#[derive(Debug, Clone, Default)]
pub struct Prepared<R> {
    /// The rows, in the sink's own form.
    pub rows: R,
    /// The records that are not among them.
    pub rejects: Vec<Reject>,
}

/// Why a sink cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// It may go well later.
    #[error("{0}")]
    Transient(String),
    /// It will not, without a person.
    #[error("{0}")]
    Permanent(String),
}

/// Why a commit did not happen. In every case nothing of it is visible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// The checkpoint does not stand where the batch began: another consumer has gone on, or this batch is in already.
    #[error("the checkpoint has moved")]
    Moved,
    /// It may go well later: the engine is away, busy or full.
    #[error("{0}")]
    Transient(String),
    /// The same batch will never go in: some record of it is poison.
    #[error("{0}")]
    Permanent(String),
}

/// A consumer's view: rows that follow from records, with the checkpoint that says how far.
///
/// The runner owns the loop, triggers, backoff, halving around a poison record, dead letters and draining; a sink owns only
/// what is particular to its view, and its own offsets.
#[async_trait]
pub trait Sink: Send + Sync + 'static {
    /// What [`Sink::gather`] looks up.
    type Context: Send + Sync + 'static;
    /// The rows of a batch.
    type Rows: Send + Sync + Clone + Default + 'static;

    /// The name of the consumer, for metrics and logs.
    fn name(&self) -> &'static str;

    /// How far the view has got in each partition; none for one that it has never seen.
    async fn checkpoints(&self, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError>;

    /// Looks up what [`Sink::prepare`] needs. Changes nothing. A failure is of the view, never of a record: the batch waits.
    async fn gather(&self, batch: &Batch) -> Result<Self::Context, SinkError>;

    /// Whether a batch may be gathered and prepared while the one before it is committed, by [`Sink::gather_ahead`].
    fn goes_ahead(&self) -> bool {
        false
    }

    /// The same as [`Sink::gather`] for a batch that follows upon `before`, rows that are on their way into the view: it may
    /// show all of them, some, or none. Asked only of a sink that [`Sink::goes_ahead`].
    async fn gather_ahead(&self, batch: &Batch, _before: &Self::Rows) -> Result<Self::Context, SinkError> {
        self.gather(batch).await
    }

    /// Makes rows of records. Pure: the same context and batch give the same rows; it cannot fail.
    fn prepare(&self, context: &Self::Context, batch: &Batch) -> Prepared<Self::Rows>;

    /// Makes the rows and the advance of the checkpoint visible together, or nothing. Advances may skip records that became
    /// dead letters, so rows may be none.
    async fn commit(&self, rows: Self::Rows, advances: &[Advance]) -> Result<(), CommitError>;
}
