//! Roles as threads: each consumer of the log has one of its own, with less of a claim to the processor than requests have.

use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use playhead_ports::{Group, Sink};
use playhead_stream::{Config, RunError, Runner, Status};
use tokio_util::sync::CancellationToken;

use crate::engines::Engines;
use crate::patience::be_patient;

/// A consumer that runs.
pub(crate) struct Running {
    pub(crate) name: &'static str,
    pub(crate) status: Status,
    /// How it ended, once it has; nothing if it panicked.
    pub(crate) ended: Arc<OnceLock<Result<(), RunError>>>,
    thread: JoinHandle<()>,
}

/// Starts a consumer on its own thread.
pub(crate) fn start<S: Sink>(
    engines: &Engines,
    sink: Arc<S>,
    group: Box<dyn Group>,
    config: Config,
    stop: CancellationToken,
) -> Result<Running> {
    let name = sink.name();
    let runner = Runner::new(engines.event_log(), group, sink, engines.clock.clone(), config, stop);
    let status = runner.status();
    let trouble = status.clone();
    let ended = Arc::new(OnceLock::new());
    let told = ended.clone();
    let thread = std::thread::Builder::new().name(format!("sink-{name}")).spawn(move || {
        be_patient();
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().thread_name(format!("sink-{name}")).on_thread_start(be_patient);
        let runtime = builder.build();
        let ended = match runtime {
            Ok(runtime) => runtime.block_on(runner.run()),
            Err(error) => Err(RunError::Sink { sink: name, reason: error.to_string() }),
        };
        if let Err(error) = &ended {
            tracing::error!(sink = name, %error, "a consumer of the log has stopped");
            trouble.fail(error.to_string());
        }
        // Nobody else sets it.
        let _ = told.set(ended);
    });
    Ok(Running { name, status, ended, thread: thread.with_context(|| format!("cannot start the consumer {name}"))? })
}

impl Running {
    /// Waits until it has ended, which it does once it is told to stop.
    pub(crate) fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!(sink = self.name, "a consumer of the log has panicked");
        }
    }

    /// Whether it runs.
    pub(crate) fn is_alive(&self) -> bool {
        !self.thread.is_finished()
    }
}
