//! Reads a stretch of the log once, outside of the runner: when a process starts and a view must be brought up to another.

use std::time::Duration;

use playhead_contracts::decode_fact;
use playhead_domain::{Fact, Offset};
use playhead_ports::{CommitError, Delta, EventLog, LogError, Most, Recent, RecentError, Stored, TopicPartition};

use crate::watch::delta_of;

const CHUNK: Most = Most { records: 10_000, bytes: 8 << 20 };
const WAIT: Duration = Duration::from_secs(5);

/// Why a replay stopped.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Recent positions cannot be written.
    #[error(transparent)]
    Recent(#[from] RecentError),
    /// What is built on the warehouse is ahead of it: it was removed, or is an older copy.
    #[error("{0}")]
    WarehouseLost(String),
    /// A view cannot be written now: try again.
    #[error("{0}")]
    Away(String),
    /// A view cannot be read or written.
    #[error("{0}")]
    View(String),
}

impl From<CommitError> for ReplayError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Transient(why) => Self::Away(why),
            other => Self::View(other.to_string()),
        }
    }
}

/// Gives the records of `from..to` to `take`, chunk by chunk, in order.
pub(crate) async fn each_chunk(
    log: &dyn EventLog,
    at: &TopicPartition,
    from: Offset,
    to: Offset,
    mut take: impl AsyncFnMut(Vec<Stored>) -> Result<(), ReplayError>,
) -> Result<(), ReplayError> {
    if from >= to {
        return Ok(());
    }
    let mut reader = log.reader(at, from).await?;
    loop {
        let mut chunk = reader.next(CHUNK, WAIT).await?;
        // Offsets have gaps, so the stretch may end before `to` without a record there.
        let ended = chunk.is_empty() || chunk.last().is_some_and(|last| last.offset.next() >= to);
        chunk.retain(|stored| stored.offset < to);
        if !chunk.is_empty() {
            take(chunk).await?;
        }
        if ended {
            return Ok(());
        }
    }
}

impl crate::Watch {
    /// Merges the tail of the log past the base's checkpoint into recent, then trusts recent. Gives how many records it read.
    pub async fn catch_up(&self) -> Result<u64, ReplayError> {
        let (log, recent, base) = self.stores();
        let mut records = 0;
        for at in self.user_partitions() {
            let bounds = log.bounds(&at).await?;
            let checkpoint = base.checkpoints(std::slice::from_ref(&at)).await;
            let checkpoint = checkpoint.map_err(|error| ReplayError::View(error.to_string()))?.pop().flatten();
            let from = checkpoint.map(|checkpoint| checkpoint.next).unwrap_or_default();
            if from < bounds.start {
                return Err(ReplayError::View(format!(
                    "{at} begins at offset {}, the base of positions is only at {from}: records in between are gone from \
                     the log; run `playhead rebuild positions`",
                    bounds.start
                )));
            }
            each_chunk(log, &at, from, bounds.end, async |chunk| {
                records += chunk.len() as u64;
                show(recent, &at, chunk).await
            })
            .await?;
        }
        self.caught_up();
        Ok(records)
    }
}

/// Merges records into recent in their order. What cannot be understood is left to the sinks, which reject it.
async fn show(recent: &dyn Recent, at: &TopicPartition, chunk: Vec<Stored>) -> Result<(), ReplayError> {
    let mut deltas: Vec<Delta> = Vec::with_capacity(chunk.len());
    for stored in chunk {
        match decode_fact(&stored.record.value) {
            Ok(Fact::Forgotten(forget)) => {
                recent.merge(at, std::mem::take(&mut deltas)).await?;
                recent.forget(at, &forget.user_id, forget.video_id.as_ref(), stored.offset).await?;
            }
            Ok(fact) => deltas.extend(delta_of(&fact, stored.offset)),
            Err(error) => tracing::debug!(%error, %at, offset = %stored.offset, "record passed over"),
        }
    }
    recent.merge(at, deltas).await?;
    Ok(())
}
