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
    busy: tokio::sync::Mutex<()>,
    data: std::path::PathBuf,
}

impl Upkeep {
    pub(crate) fn new(config: &Config, engines: Engines, running: Arc<Vec<Running>>) -> Self {
        Self {
            engines,
            running,
            roles: config.roles.clone(),
            begun: Instant::now(),
            busy: tokio::sync::Mutex::new(()),
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
        let _busy = self.alone()?;
        crate::backup::back_up(&self.engines, &self.data, to).await
    }

    async fn compact(&self) -> Result<Compacted, OperationError> {
        let _busy = self.alone()?;
        crate::compact::compact(&self.engines, &self.data).await
    }
}

impl Upkeep {
    fn alone(&self) -> Result<tokio::sync::MutexGuard<'_, ()>, OperationError> {
        self.busy.try_lock().map_err(|_| OperationError::Conflict("another backup or compaction is under way".into()))
    }
}
