//! The sink of a role that reads a topic between roles: the same messages, made into the same rows, for the tables of its layer.

use std::sync::Arc;

use async_trait::async_trait;
use playhead_domain::Timestamp;
use playhead_ports::{
    Advance, Batch, Checkpoint, CommitError, Prepared, Reject, Sink, SinkError, Stored, TopicPartition,
};

use super::Pipeline;
use super::batch::{Gathered, Made, Pinned};
use super::between_log::message_of;
use super::sink::PipelineRows;
use super::staging::merge;
use crate::intake::Message;

/// Loads a layer from the topic before it.
pub struct LayerSink {
    pipeline: Arc<Pipeline>,
}

/// A message, and the record that it came in.
type Entry = (TopicPartition, Stored, Message);
/// Messages of one source that STG took in together: at one load time.
type Group = ((String, Timestamp), Vec<Entry>);

impl LayerSink {
    /// The sink of that pipeline, in its role.
    pub fn new(pipeline: Arc<Pipeline>) -> Self {
        Self { pipeline }
    }
}

/// The records of a batch by source and load time, in their order; and those that are no messages.
fn groups(batch: &Batch) -> (Vec<Group>, Vec<Reject>) {
    let (mut groups, mut rejects): (Vec<Group>, _) = (Vec::new(), Vec::new());
    for (at, stored) in batch.iter() {
        let Some((source, message)) = message_of(stored) else {
            let reason = "the record does not say which message it is".to_owned();
            rejects.push(Reject { at: at.clone(), offset: stored.offset, reason });
            continue;
        };
        let (key, entry) = ((source, stored.record.time), (at.clone(), stored.clone(), message));
        match groups.iter_mut().find(|(group, _)| *group == key) {
            Some((_, entries)) => entries.push(entry),
            None => groups.push((key, vec![entry])),
        }
    }
    (groups, rejects)
}

#[async_trait]
impl Sink for LayerSink {
    type Context = Vec<Gathered>;
    type Rows = PipelineRows;

    fn name(&self) -> &'static str {
        self.pipeline.name()
    }

    async fn checkpoints(&self, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError> {
        self.pipeline.target().checkpoints(self.pipeline.name(), of).await
    }

    /// What dictionaries said is pinned since the message was taken in.
    async fn gather(&self, batch: &Batch) -> Result<Vec<Gathered>, SinkError> {
        let mut all = Vec::new();
        for ((source, load_time), entries) in groups(batch).0 {
            let messages: Vec<Message> = entries.into_iter().map(|(_, _, message)| message).collect();
            all.push(self.pipeline.gather(&source, &messages, &Pinned::default()).await?.loaded_at(load_time));
        }
        Ok(all)
    }

    fn prepare(&self, context: &Vec<Gathered>, batch: &Batch) -> Prepared<PipelineRows> {
        let mut prepared: Prepared<PipelineRows> = Prepared::default();
        let (groups, rejects) = groups(batch);
        prepared.rejects = rejects;
        let mut staged = Vec::new();
        for (((source, _), entries), gathered) in groups.into_iter().zip(context) {
            let messages: Vec<Message> = entries.iter().map(|(_, _, message)| message.clone()).collect();
            let made = self.pipeline.make(&source, gathered, &messages, |_| None);
            prepared.rejects.extend(made.rejects.into_iter().map(|(place, reason)| {
                let (at, stored, _) = &entries[place];
                Reject { at: at.clone(), offset: stored.offset, reason }
            }));
            merge(&mut staged, Arc::unwrap_or_clone(made.staged));
            if batch.len() == 1 {
                prepared.rows.only = messages.into_iter().next().map(|message| Arc::new((source, message)));
            }
        }
        prepared.rows.made = Made { staged: Arc::new(staged), ..Made::default() };
        prepared
    }

    async fn commit(&self, rows: PipelineRows, advances: &[Advance]) -> Result<(), CommitError> {
        self.pipeline.load_or_reject(&rows, advances).await
    }
}
