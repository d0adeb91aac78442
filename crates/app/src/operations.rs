//! Upkeep of a running program, and what administrators do with it.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use playhead_edge::{BackedUp, Compacted, ConsumerStatus, OperationError, Operations, Status};
use playhead_ports::Recent;
use playhead_stream::StatusView;
use tokio::task::JoinHandle;

use crate::config::{Config, Role};
use crate::engines::Engines;
use crate::pipelines::Pipelines;
use crate::process;
use crate::roles::Running;
use crate::schedule::Schedule;

/// Keeps a running program in order.
pub(crate) struct Upkeep {
    engines: Engines,
    running: Arc<Vec<Running>>,
    pipelines: Arc<Pipelines>,
    roles: Vec<Role>,
    begun: Instant,
    /// One operation at a time.
    busy: Arc<tokio::sync::Mutex<()>>,
    data: std::path::PathBuf,
    retention_bytes: u64,
    schedule: Schedule,
}

impl Upkeep {
    pub(crate) fn new(
        config: &Config,
        engines: Engines,
        running: Arc<Vec<Running>>,
        pipelines: Arc<Pipelines>,
    ) -> Self {
        Self {
            engines,
            running,
            pipelines,
            roles: config.roles.clone(),
            begun: Instant::now(),
            busy: Arc::default(),
            data: config.data.clone(),
            retention_bytes: config.log.retention_bytes,
            schedule: Schedule::new(config.forgotten_ms_max),
        }
    }

    /// What is to be done every second.
    pub(crate) async fn keep(&self) {
        process::measure();
        if let Err(error) = self.engines.hold().await {
            tracing::warn!(%error, "the log's retention waits: checkpoints cannot be read");
        }
        self.pipelines.hold(&self.engines, self.retention_bytes);
        self.engines.log.sweep(self.engines.clock.now());
        let room = self.engines.recent.room();
        metrics::gauge!("playhead_recent_entries").set(room.held as f64);
        self.compact_if_due().await;
    }

    /// Begins a compaction that is due; it goes on beside the upkeep.
    async fn compact_if_due(&self) {
        match self.schedule.is_due(&self.engines, &self.data).await {
            Ok(false) => {}
            Ok(true) => match self.begin(self.compaction()) {
                Ok(_under_way) => tracing::info!("compacting: what was forgotten is to leave the files"),
                Err(busy) => tracing::info!(%busy, "a compaction is due"),
            },
            Err(error) => tracing::warn!(%error, "whether a compaction is due is not known"),
        }
    }

    fn compaction(&self) -> impl Future<Output = Result<Compacted, OperationError>> + Send + 'static {
        let (engines, data) = (self.engines.clone(), self.data.clone());
        async move {
            let done = crate::compact::compact(&engines, &data).await;
            if let Err(error) = &done {
                tracing::warn!(%error, "the files were not compacted");
            }
            done
        }
    }
}

#[async_trait]
impl Operations for Upkeep {
    async fn status(&self) -> Result<Status, OperationError> {
        let room = self.engines.recent.room();
        let now = self.engines.clock.now();
        let mut consumers = Vec::new();
        let mut tell = |name: &str, view: StatusView| {
            consumers.extend(view.parts.into_iter().map(|(at, part)| ConsumerStatus {
                name: name.to_owned(),
                partition: at.to_string(),
                next_offset: part.next.0,
                end_offset: part.end.0,
                lag_ms: part.lag_ms(now),
            }));
        };
        self.running.iter().for_each(|running| tell(running.name, running.status.view()));
        self.pipelines.each_status(tell);
        Ok(Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            roles: self.roles.iter().map(|role| role.name().to_owned()).collect(),
            uptime_ms: u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            recent_held: room.held as u64,
            recent_max: room.most as u64,
            consumers,
        })
    }

    async fn backup(&self, to: &str) -> Result<BackedUp, OperationError> {
        let (engines, pipelines) = (self.engines.clone(), self.pipelines.clone());
        let (data, to) = (self.data.clone(), to.to_owned());
        self.alone(async move { crate::backup::back_up(&engines, &pipelines, &data, &to).await }).await
    }

    async fn compact(&self) -> Result<Compacted, OperationError> {
        self.alone(self.compaction()).await
    }
}

impl Upkeep {
    /// Does one operation to its end, also when whoever asked has left: one that was dropped on the way would leave the log
    /// held for it, and another could begin while the engines are still at it.
    async fn alone<T: Send + 'static>(
        &self,
        operation: impl Future<Output = Result<T, OperationError>> + Send + 'static,
    ) -> Result<T, OperationError> {
        self.begin(operation)?.await.map_err(|error| OperationError::Failed(error.to_string()))?
    }

    fn begin<T: Send + 'static>(
        &self,
        operation: impl Future<Output = Result<T, OperationError>> + Send + 'static,
    ) -> Result<JoinHandle<Result<T, OperationError>>, OperationError> {
        let busy = self.busy.clone().try_lock_owned();
        let busy = busy.map_err(|_| OperationError::Conflict("another backup or compaction is under way".into()))?;
        Ok(tokio::spawn(async move {
            let _busy = busy;
            operation.await
        }))
    }
}
