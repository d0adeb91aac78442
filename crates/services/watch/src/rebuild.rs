//! Rebuilding views from the records: `watch_events` and `watch_marks`, then the log's tail by the sinks as ever.

use std::collections::BTreeMap;

use playhead_domain::{Fact, Offset, State, UserId, VideoId};
use playhead_ports::{
    Advance, Base, Checkpoint, Columns, CommitError, Fold, Load, SinkError, TopicPartition, Warehouse, WarehouseError,
    Working,
};

use crate::marts::{
    Context, Desk, MARTS, MARTS_CONSUMER, Placed, WATCH_EVENTS, WATCH_MARKS, event_of_row, mark_of_row,
};
use crate::watch::delta_of;

const CHUNK_ROWS: usize = 20_000;

/// Why a view was not rebuilt. Doing it again begins anew.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The warehouse cannot be read or written.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// The view cannot be written.
    #[error("{0}")]
    View(String),
}

impl From<CommitError> for RebuildError {
    fn from(error: CommitError) -> Self {
        Self::View(error.to_string())
    }
}

impl From<SinkError> for RebuildError {
    fn from(error: SinkError) -> Self {
        Self::View(error.to_string())
    }
}

/// What a rebuild read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rebuilt {
    /// Events.
    pub events: u64,
    /// Marks.
    pub marks: u64,
}

/// Builds the base of positions anew. The log's tail past the warehouse's checkpoint comes by the sink.
pub async fn rebuild_positions(
    warehouse: &dyn Warehouse,
    base: &dyn Base,
    of: &[TopicPartition],
) -> Result<Rebuilt, RebuildError> {
    base.clear().await.map_err(|error| RebuildError::View(error.to_string()))?;
    let rebuilt = each_facts(warehouse, async |facts| {
        let mut joins: BTreeMap<(UserId, VideoId), State> = BTreeMap::new();
        for delta in facts.iter().filter_map(|placed| delta_of(&placed.fact, placed.offset)) {
            joins.entry((delta.user_id, delta.video_id)).or_default().join(&delta.state);
        }
        let joins = joins.into_iter().map(|((user, video), state)| (user, video, state)).collect();
        Ok(base.fold(Fold { forgets: Vec::new(), joins }, &[]).await?)
    })
    .await?;
    base.fold(Fold::default(), &from_nothing(warehouse, of).await?).await?;
    Ok(rebuilt)
}

/// Builds the marts and their working state anew.
pub async fn rebuild_marts(
    warehouse: &dyn Warehouse,
    working: &dyn Working,
    of: &[TopicPartition],
) -> Result<Rebuilt, RebuildError> {
    working.clear().await.map_err(|error| RebuildError::View(error.to_string()))?;
    warehouse.clear(&MARTS).await?;
    let rebuilt = each_facts(warehouse, async |facts| {
        let context = Context::gather(working, facts).await?;
        let rows = Desk::work(&context);
        warehouse.load(MARTS_CONSUMER, Load { steps: rows.marts }, &[]).await?;
        Ok(working.commit(rows.writes, &[]).await?)
    })
    .await?;
    working.commit(Vec::new(), &from_nothing(warehouse, of).await?).await?;
    Ok(rebuilt)
}

/// The advances that bring an empty view to where the records are.
async fn from_nothing(warehouse: &dyn Warehouse, of: &[TopicPartition]) -> Result<Vec<Advance>, RebuildError> {
    let checkpoints = warehouse.checkpoints(MARTS_CONSUMER, of).await?;
    let advance = |Checkpoint { at, log_id, next }| Advance { at, log_id, from: Offset(0), to: next };
    Ok(checkpoints.into_iter().flatten().map(advance).collect())
}

/// Gives all stored facts to `take`, chunk by chunk: events in the order of the log, then marks.
async fn each_facts(
    warehouse: &dyn Warehouse,
    mut take: impl AsyncFnMut(Vec<Placed>) -> Result<(), RebuildError>,
) -> Result<Rebuilt, RebuildError> {
    let mut rebuilt = Rebuilt::default();
    for (table, count) in [(WATCH_EVENTS, &mut rebuilt.events), (WATCH_MARKS, &mut rebuilt.marks)] {
        let mut chunks = warehouse.scan(table, "log_offset", CHUNK_ROWS).await?;
        while let Some(chunk) = chunks.recv().await {
            let chunk = chunk?;
            let facts = facts_of(table, &chunk).map_err(RebuildError::View)?;
            *count += facts.len() as u64;
            take(facts).await?;
        }
    }
    Ok(rebuilt)
}

fn facts_of(table: &'static str, chunk: &Columns) -> Result<Vec<Placed>, String> {
    (0..chunk.rows())
        .map(|row| {
            let (fact, partition, offset) = if table == WATCH_EVENTS {
                let (event, partition, offset) = event_of_row(chunk, row)?;
                (Fact::Watched(event), partition, offset)
            } else {
                let (mark, partition, offset) = mark_of_row(chunk, row)?;
                (Fact::Marked(mark), partition, offset)
            };
            Ok(Placed { partition, offset, fact })
        })
        .collect()
}
