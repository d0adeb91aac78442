//! Upkeep of a running program, and what administrators do with it.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use playhead_edge::{BackedUp, Compacted, ConsumerStatus, OperationError, Operations, Status};
use playhead_ports::Recent;

use crate::config::{Config, Role};
use crate::engines::Engines;
use crate::process;
use crate::roles::Running;

/// Keeps a running program in order.
pub(crate) struct Upkeep {
    engines: Engines,
    running: Arc<Vec<Running>>,
    roles: Vec<Role>,
    begun: Instant,
    /// One operation at a time.
    busy: Arc<tokio::sync::Mutex<()>>,
    data: std::path::PathBuf,
}

impl Upkeep {
    pub(crate) fn new(config: &Config, engines: Engines, running: Arc<Vec<Running>>) -> Self {
        Self {
            engines,
            running,
            roles: config.roles.clone(),
            begun: Instant::now(),
            busy: Arc::default(),
            data: config.data.clone(),
        }
    }

    /// What is to be done every second.
    pub(crate) async fn keep(&self) {
        process::measure();
        if let Err(error) = self.engines.hold().await {
            tracing::warn!(%error, "the log's retention waits: checkpoints cannot be read");
        }
        self.engines.log.sweep(self.engines.clock.now());
        let room = self.engines.recent.room();
        metrics::gauge!("playhead_recent_entries").set(room.held as f64);
    }
}

#[async_trait]
impl Operations for Upkeep {
    async fn status(&self) -> Result<Status, OperationError> {
        let room = self.engines.recent.room();
        let now = self.engines.clock.now();
        let consumers = self.running.iter().flat_map(|running| {
            let parts = running.status.view().parts;
            parts.into_iter().map(move |(at, part)| ConsumerStatus {
                name: running.name.to_owned(),
                partition: at.to_string(),
                next_offset: part.next.0,
                end_offset: part.end.0,
                lag_ms: part.lag_ms(now),
            })
        });
        Ok(Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            roles: self.roles.iter().map(|role| role.name().to_owned()).collect(),
            uptime_ms: u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            recent_held: room.held as u64,
            recent_max: room.most as u64,
            consumers: consumers.collect(),
        })
    }

    async fn backup(&self, to: &str) -> Result<BackedUp, OperationError> {
        let (engines, data, to) = (self.engines.clone(), self.data.clone(), to.to_owned());
        self.alone(async move { crate::backup::back_up(&engines, &data, &to).await }).await
    }

    async fn compact(&self) -> Result<Compacted, OperationError> {
        let (engines, data) = (self.engines.clone(), self.data.clone());
        self.alone(async move { crate::compact::compact(&engines, &data).await }).await
    }
}

impl Upkeep {
    /// Does one operation to its end, also when whoever asked has left: one that was dropped on the way would leave the log
    /// held for it, and another could begin while the engines are still at it.
    async fn alone<T: Send + 'static>(
        &self,
        operation: impl Future<Output = Result<T, OperationError>> + Send + 'static,
    ) -> Result<T, OperationError> {
        let busy = self.busy.clone().try_lock_owned();
        let busy = busy.map_err(|_| OperationError::Conflict("another backup or compaction is under way".into()))?;
        let done = tokio::spawn(async move {
            let _busy = busy;
            operation.await
        });
        done.await.map_err(|error| OperationError::Failed(error.to_string()))?
    }
}
