//! The sink of a pipeline on the one runner: all of its topics, one batch a transaction.

use std::sync::Arc;

use async_trait::async_trait;
use playhead_ports::{
    Advance, Batch, Checkpoint, CommitError, Prepared, Reject, Sink, SinkError, Stored, TopicPartition,
};

use super::Pipeline;
use super::batch::{Gathered, Made, Pinned};
use super::forget::Forgetting;
use super::staging::merge;
use crate::intake::Message;

/// Loads a pipeline from the log.
pub struct PipelineSink {
    pipeline: Arc<Pipeline>,
}

impl PipelineSink {
    /// The sink of that pipeline.
    pub fn new(pipeline: Arc<Pipeline>) -> Self {
        Self { pipeline }
    }

    async fn gather_after(&self, batch: &Batch, before: &Pinned) -> Result<Vec<Gathered>, SinkError> {
        let mut all = Vec::new();
        for (source, messages) in self.by_source(batch) {
            all.push(self.pipeline.gather(source, &messages, before).await?);
        }
        Ok(all)
    }

    /// What a batch asks to forget.
    fn forgettings(&self, batch: &Batch) -> Vec<Forgetting> {
        batch.parts.iter().flat_map(|(at, records)| self.pipeline.forgettings(at, records)).collect()
    }

    /// The messages of a batch by source, without those that it asks to forget.
    fn by_source<'a>(&'a self, batch: &Batch) -> Vec<(&'a str, Vec<Message>)> {
        let forgettings = self.forgettings(batch);
        let is_left = |at: &TopicPartition, stored: &Stored| !forgettings.iter().any(|one| one.covers(at, stored));
        let of_source = |(name, source): (&'a String, &crate::spec::Source)| {
            let topic = source.topic.as_deref()?;
            let parts = batch.parts.iter().filter(|(at, _)| at.topic.as_str() == topic);
            let left = parts.flat_map(|(at, records)| {
                records.iter().filter(|stored| is_left(at, stored)).map(|stored| message(at, stored))
            });
            let messages: Vec<Message> = left.collect();
            (!messages.is_empty()).then_some((name.as_str(), messages))
        };
        self.pipeline.spec().source.iter().filter_map(of_source).collect()
    }
}

/// A record as a message.
pub(super) fn message(at: &TopicPartition, stored: &Stored) -> Message {
    let record = &stored.record;
    Message {
        at: at.clone(),
        offset: stored.offset,
        key: record.key.clone(),
        bytes: record.value.clone(),
        headers: record.headers.clone(),
        received_time: record.time,
    }
}

/// What a batch became, and if it is of one message alone, that message: it may be poison.
#[derive(Debug, Clone, Default)]
pub struct PipelineRows {
    pub(super) made: Made,
    pub(super) only: Option<Arc<(String, Message)>>,
    /// What is forgotten of all that came before.
    pub(super) forgettings: Arc<Vec<Forgetting>>,
}

#[async_trait]
impl Sink for PipelineSink {
    type Context = Vec<Gathered>;
    type Rows = PipelineRows;

    fn name(&self) -> &'static str {
        self.pipeline.name()
    }

    async fn checkpoints(&self, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError> {
        self.pipeline.target().checkpoints(self.pipeline.name(), of).await
    }

    async fn gather(&self, batch: &Batch) -> Result<Vec<Gathered>, SinkError> {
        self.gather_after(batch, &Pinned::default()).await
    }

    fn goes_ahead(&self) -> bool {
        true
    }

    /// All that is looked up in the target are pins.
    async fn gather_ahead(&self, batch: &Batch, before: &PipelineRows) -> Result<Vec<Gathered>, SinkError> {
        self.gather_after(batch, &before.made.pinned).await
    }

    fn prepare(&self, context: &Vec<Gathered>, batch: &Batch) -> Prepared<PipelineRows> {
        let mut prepared: Prepared<PipelineRows> = Prepared::default();
        let mut staged = Vec::new();
        for ((source, mut messages), gathered) in self.by_source(batch).into_iter().zip(context) {
            let made = self.pipeline.make(source, gathered, &messages, |_| None);
            prepared.rejects.extend(made.rejects.into_iter().map(|(place, reason)| {
                let Message { at, offset, .. } = &messages[place];
                Reject { at: at.clone(), offset: *offset, reason }
            }));
            merge(&mut staged, Arc::unwrap_or_clone(made.staged));
            // Messages of different sources are different messages.
            Arc::make_mut(&mut prepared.rows.made.pinned).extend(Arc::unwrap_or_clone(made.pinned));
            if batch.len() == 1 {
                prepared.rows.only = messages.pop().map(|message| Arc::new((source.to_owned(), message)));
            }
        }
        prepared.rows.made.staged = Arc::new(staged);
        prepared.rows.forgettings = Arc::new(self.forgettings(batch));
        prepared
    }

    async fn commit(&self, rows: PipelineRows, advances: &[Advance]) -> Result<(), CommitError> {
        // By itself, because doing it twice does no harm: a batch that is not in asks for it again.
        self.pipeline.forget(&rows.forgettings).await?;
        self.pipeline.load_or_reject(&rows, advances).await
    }
}

impl Pipeline {
    /// Loads a batch. A message that the target refuses alone stands among the rejects then, to be redriven; the runner puts it
    /// among the dead letters.
    pub(super) async fn load_or_reject(&self, rows: &PipelineRows, advances: &[Advance]) -> Result<(), CommitError> {
        let done = self.load(&rows.made, advances).await;
        if let (Err(CommitError::Permanent(reason)), Some(only)) = (&done, &rows.only) {
            let (source, message) = &**only;
            self.reject(source, message, reason).await?;
        }
        done
    }
}
