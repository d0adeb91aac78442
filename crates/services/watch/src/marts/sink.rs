//! The sink that loads the warehouse.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use playhead_contracts::decode_fact;
use playhead_domain::Offset;
use playhead_ports::{
    Advance, Batch, Checkpoint, CommitError, EventLog, Prepared, Reject, Sink, SinkError, TopicPartition, Warehouse,
    Working, WorkingWrite,
};

use super::context::{Context, Placed};
use super::desk::Desk;
use super::rows::MartRows;
use crate::replay::{ReplayError, each_chunk};

/// The consumer that the warehouse's checkpoints are of.
pub const MARTS_CONSUMER: &str = "marts";

/// Loads `watch_events` and the marts.
pub struct MartsSink {
    warehouse: Arc<dyn Warehouse>,
    working: Arc<dyn Working>,
    /// Writes whose batch is in the warehouse but not yet in the working state.
    owed: Mutex<Option<(Vec<Advance>, Vec<WorkingWrite>)>>,
    /// Why the working state could not be brought up to the warehouse. Until it is, nothing is loaded.
    behind: Mutex<Option<String>>,
}

impl MartsSink {
    /// A sink over these stores. [`MartsSink::recover`] comes before the first batch.
    pub fn new(warehouse: Arc<dyn Warehouse>, working: Arc<dyn Working>) -> Self {
        Self { warehouse, working, owed: Mutex::new(None), behind: Mutex::new(None) }
    }

    /// Brings the working state up to the warehouse, after a crash between their commits: reads the log in between again
    /// and makes only the writes. Gives how many records it read. After [`ReplayError::Away`] the sink may be run: it waits
    /// until this, done again, succeeds.
    pub async fn recover(&self, log: &dyn EventLog, of: &[TopicPartition]) -> Result<u64, ReplayError> {
        let recovered = self.bring_up(log, of).await;
        *self.behind.lock() = recovered.as_ref().err().map(ToString::to_string);
        recovered
    }

    async fn bring_up(&self, log: &dyn EventLog, of: &[TopicPartition]) -> Result<u64, ReplayError> {
        let view = |error: SinkError| ReplayError::View(error.to_string());
        let loaded = self.warehouse.checkpoints(MARTS_CONSUMER, of).await.map_err(view)?;
        let worked = self.working.checkpoints(of).await.map_err(view)?;
        let mut records = 0;
        for ((at, loaded), worked) in of.iter().zip(loaded).zip(worked) {
            let Some(worked) = worked else {
                self.begin(log, at, loaded.is_some()).await?;
                continue;
            };
            let mut next = worked.next;
            let loaded_next = loaded.as_ref().map(|checkpoint| checkpoint.next).unwrap_or_default();
            if next > loaded_next {
                return Err(ReplayError::WarehouseLost(format!(
                    "the working state of the marts is ahead of the warehouse in {at} ({next} against {loaded_next}): \
                     the warehouse was removed, or is an older copy"
                )));
            }
            let Some(loaded) = loaded else { continue };
            each_chunk(log, at, next, loaded.next, async |chunk| {
                records += chunk.len() as u64;
                let to = chunk.last().map_or(next, |last| last.offset.next());
                let batch = Batch { parts: vec![(at.clone(), chunk)] };
                let context = self.look_up(&batch).await.map_err(view)?;
                let writes = self.prepare(&context, &batch).rows.writes;
                let advance = Advance { at: at.clone(), log_id: loaded.log_id.clone(), from: next, to };
                self.working.commit(writes, &[advance]).await?;
                next = to;
                Ok(())
            })
            .await?;
            if next < loaded.next {
                // The warehouse went past a gap.
                let advance = Advance { at: at.clone(), log_id: loaded.log_id.clone(), from: next, to: loaded.next };
                self.working.commit(Vec::new(), &[advance]).await?;
            }
        }
        Ok(records)
    }

    /// Marks the working state as begun, so that one that was lost, or whose rebuild was cut short, is told from a new one.
    async fn begin(&self, log: &dyn EventLog, at: &TopicPartition, is_loaded: bool) -> Result<(), ReplayError> {
        if is_loaded {
            return Err(ReplayError::View(format!(
                "the working state of the marts is missing for {at}, or its rebuild was cut short; \
                 run `playhead rebuild marts`"
            )));
        }
        let log_id = log.bounds(at).await?.log_id;
        let advance = Advance { at: at.clone(), log_id, from: Offset(0), to: Offset(0) };
        Ok(self.working.commit(Vec::new(), &[advance]).await?)
    }

    async fn look_up(&self, batch: &Batch) -> Result<Context, SinkError> {
        let mut facts = Vec::with_capacity(batch.len());
        let mut unknown = Vec::new();
        for (place, (at, stored)) in batch.iter().enumerate() {
            match decode_fact(&stored.record.value) {
                Ok(fact) => facts.push(Placed { partition: at.partition, offset: stored.offset, fact }),
                Err(error) => unknown.push((place, error.to_string())),
            }
        }
        let context = Context::gather(&*self.working, facts).await?;
        Ok(Context { unknown, ..context })
    }

    /// Why nothing can be loaded yet, if the working state is behind the warehouse.
    fn lag(&self) -> Option<String> {
        let behind = self.behind.lock();
        behind.as_ref().map(|why| format!("the working state of the marts is behind the warehouse: {why}"))
    }

    async fn pay(&self, advances: &[Advance], writes: Vec<WorkingWrite>) -> Result<(), CommitError> {
        let error = match self.working.commit(writes.clone(), advances).await {
            Ok(()) => return Ok(()),
            // A write that failed may have reached the disk all the same.
            Err(CommitError::Moved) if are_made(advances, self.working.checkpoints(&parts_of(advances)).await) => {
                return Ok(());
            }
            Err(error) => error,
        };
        *self.owed.lock() = Some((advances.to_vec(), writes));
        Err(CommitError::Transient(format!("the warehouse is loaded, its working state is not yet: {error}")))
    }
}

fn parts_of(advances: &[Advance]) -> Vec<TopicPartition> {
    advances.iter().map(|advance| advance.at.clone()).collect()
}

/// Whether every step was made, as far as is known.
fn are_made(advances: &[Advance], standing: Result<Vec<Option<Checkpoint>>, SinkError>) -> bool {
    standing.is_ok_and(|standing| {
        advances.iter().zip(&standing).all(|(advance, standing)| advance.is_made(standing.as_ref()))
    })
}

#[async_trait]
impl Sink for MartsSink {
    type Context = Context;
    type Rows = MartRows;

    fn name(&self) -> &'static str {
        MARTS_CONSUMER
    }

    async fn checkpoints(&self, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError> {
        self.warehouse.checkpoints(MARTS_CONSUMER, of).await
    }

    async fn gather(&self, batch: &Batch) -> Result<Context, SinkError> {
        match self.lag() {
            Some(why) => Err(SinkError::Transient(why)),
            None => self.look_up(batch).await,
        }
    }

    fn prepare(&self, context: &Context, batch: &Batch) -> Prepared<MartRows> {
        let reject = |(place, reason): &(usize, String)| {
            let (at, stored) = batch.iter().nth(*place)?;
            Some(Reject { at: at.clone(), offset: stored.offset, reason: reason.clone() })
        };
        Prepared { rows: Desk::work(context), rejects: context.unknown.iter().filter_map(reject).collect() }
    }

    async fn commit(&self, rows: MartRows, advances: &[Advance]) -> Result<(), CommitError> {
        // A step over a gap comes without a batch that was gathered.
        if let Some(why) = self.lag() {
            return Err(CommitError::Transient(why));
        }
        let owed = self.owed.lock().take();
        if let Some((owed_advances, writes)) = owed {
            let is_this_batch = owed_advances == advances;
            self.pay(&owed_advances, writes).await?;
            if is_this_batch {
                return Ok(());
            }
        }
        let (load, writes) = rows.into_load();
        match self.warehouse.load(MARTS_CONSUMER, load, advances).await {
            Ok(()) => {}
            // A load whose answer was lost is in, and its working state is still owed: without it the next batch would be wrong.
            Err(CommitError::Moved) if are_made(advances, self.checkpoints(&parts_of(advances)).await) => {}
            Err(error) => return Err(error),
        }
        self.pay(advances, writes).await
    }
}
