//! The sink that folds positions into the base.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use playhead_contracts::decode_fact;
use playhead_domain::{Fact, State, UserId, VideoId};
use playhead_ports::{
    Advance, Base, Batch, Checkpoint, CommitError, Fold, Forgetting, Prepared, Recent, Reject, Sink, SinkError,
    TopicPartition,
};

use crate::watch::delta_of;

/// Folds the topic `watch` into the base, then lets recent go of what the base has.
pub struct PositionsSink {
    base: Arc<dyn Base>,
    recent: Arc<dyn Recent>,
}

impl PositionsSink {
    /// A sink over these stores.
    pub fn new(base: Arc<dyn Base>, recent: Arc<dyn Recent>) -> Self {
        Self { base, recent }
    }

    async fn is_folded(&self, advances: &[Advance]) -> bool {
        let of: Vec<TopicPartition> = advances.iter().map(|advance| advance.at.clone()).collect();
        self.base.checkpoints(&of).await.is_ok_and(|standing| {
            advances.iter().zip(&standing).all(|(advance, standing)| advance.is_made(standing.as_ref()))
        })
    }
}

/// What one partition's records become.
#[derive(Debug, Clone, Default)]
pub struct Folded {
    parts: Vec<(TopicPartition, Fold)>,
}

#[async_trait]
impl Sink for PositionsSink {
    type Context = ();
    type Rows = Folded;

    fn name(&self) -> &'static str {
        "positions"
    }

    async fn checkpoints(&self, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError> {
        self.base.checkpoints(of).await
    }

    async fn gather(&self, _batch: &Batch) -> Result<(), SinkError> {
        Ok(())
    }

    fn prepare(&self, (): &(), batch: &Batch) -> Prepared<Folded> {
        let mut rejects = Vec::new();
        let parts = batch
            .parts
            .iter()
            .map(|(at, records)| {
                let mut pairs = Pairs::default();
                for stored in records {
                    match decode_fact(&stored.record.value) {
                        Ok(fact) => pairs.take(&fact, stored.offset),
                        Err(error) => {
                            rejects.push(Reject { at: at.clone(), offset: stored.offset, reason: error.to_string() });
                        }
                    }
                }
                (at.clone(), pairs.into_fold())
            })
            .collect();
        Prepared { rows: Folded { parts }, rejects }
    }

    async fn commit(&self, rows: Folded, advances: &[Advance]) -> Result<(), CommitError> {
        let mut whole = Fold::default();
        let mut keys = Vec::with_capacity(rows.parts.len());
        for (at, fold) in rows.parts {
            keys.push((
                at,
                fold.joins.iter().map(|(user, video, _)| (user.clone(), video.clone())).collect::<Vec<_>>(),
            ));
            whole.forgets.extend(fold.forgets);
            whole.joins.extend(fold.joins);
        }
        match self.base.fold(whole, advances).await {
            Ok(()) => {}
            // A fold whose answer was lost is in, and what it holds is still to be released.
            Err(CommitError::Moved) if self.is_folded(advances).await => {}
            Err(error) => return Err(error),
        }
        for (at, keys) in keys {
            if let Some(advance) = advances.iter().find(|advance| advance.at == at) {
                // What is not released now is released with the next batch of its keys, or never read again: it is only memory.
                if let Err(error) = self.recent.release(&at, &keys, advance.to).await {
                    tracing::warn!(%error, "recent positions were not released");
                }
            }
        }
        Ok(())
    }
}

/// The states of a batch's pairs, joined as the records come.
#[derive(Default)]
struct Pairs {
    joins: BTreeMap<(UserId, VideoId), State>,
    forgets: Vec<Forgetting>,
}

impl Pairs {
    fn take(&mut self, fact: &Fact, offset: playhead_domain::Offset) {
        if let Fact::Forgotten(forget) = fact {
            self.joins.retain(|(user, video), _| {
                *user != forget.user_id || forget.video_id.as_ref().is_some_and(|forgotten| forgotten != video)
            });
            self.forgets.push(Forgetting {
                user_id: forget.user_id.clone(),
                video_id: forget.video_id.clone(),
                below: offset,
            });
        } else if let Some(delta) = delta_of(fact, offset) {
            self.joins.entry((delta.user_id, delta.video_id)).or_default().join(&delta.state);
        }
    }

    fn into_fold(self) -> Fold {
        Fold {
            forgets: self.forgets,
            joins: self.joins.into_iter().map(|((user, video), state)| (user, video, state)).collect(),
        }
    }
}
