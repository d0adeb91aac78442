//! A pipeline kept running: tried again with growing pauses while its database is away, told as stopped while something is
//! wrong that no waiting mends. It never ends the program, and nothing of the program waits for it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Error, Result, anyhow};
use parking_lot::Mutex;
use playhead_domain::Offset;
use playhead_ports::{Clock, Dictionaries, SinkError, TargetError, Topic, TopicPartition, WarehouseError};
use playhead_segments::SegmentGroup;
use playhead_stream::{RunError, StatusView};
use playhead_warehouse::pipeline::{ApplyError, Parts, Pipeline, PipelineSink};
use playhead_warehouse::spec::Spec;
use tokio_util::sync::CancellationToken;

use super::configured::Named;
use super::produce::make_topic;
use super::run::{begin, keep_redriving};
use super::targets::SharedTarget;
use crate::config::Config;
use crate::engines::Engines;
use crate::gaps;
use crate::roles::{Running, start};

const PAUSE_MIN: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// What no waiting mends may be mended by a person meanwhile.
const PAUSE_STOPPED: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What a pipeline is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// It begins.
    Starting,
    /// Its database is away: it is tried again.
    Waiting(String),
    /// It takes what comes.
    Running,
    /// Something is wrong that no waiting mends.
    Stopped(String),
}

impl State {
    const NAMES: [&str; 4] = ["starting", "waiting", "running", "stopped"];

    /// Its name in metrics and answers.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Waiting(_) => "waiting",
            Self::Running => "running",
            Self::Stopped(_) => "stopped",
        }
    }

    /// Why it does not run, if it does not.
    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::Waiting(why) | Self::Stopped(why) => Some(why),
            Self::Starting | Self::Running => None,
        }
    }
}

/// A pipeline that is kept running.
pub(crate) struct Supervised {
    named: Named,
    target: Arc<SharedTarget>,
    dictionaries: Arc<dyn Dictionaries>,
    clock: Arc<dyn Clock>,
    /// Made once the database is there.
    pipeline: OnceLock<Arc<Pipeline>>,
    state: Mutex<State>,
    running: Mutex<Option<Running>>,
    /// Whether its tables have been brought to the plan.
    has_begun: AtomicBool,
    /// How far it is known to have got.
    standing: Mutex<BTreeMap<TopicPartition, Offset>>,
}

impl Supervised {
    pub(crate) fn new(
        named: Named,
        target: Arc<SharedTarget>,
        dictionaries: Arc<dyn Dictionaries>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let one = Self {
            named,
            target,
            dictionaries,
            clock,
            pipeline: OnceLock::new(),
            state: Mutex::new(State::Starting),
            running: Mutex::default(),
            has_begun: AtomicBool::new(false),
            standing: Mutex::default(),
        };
        one.measure();
        one
    }

    pub(crate) fn name(&self) -> &str {
        &self.named.spec.pipeline.name
    }

    pub(crate) fn spec(&self) -> &Spec {
        &self.named.spec
    }

    /// What it is doing now.
    pub(crate) fn state(&self) -> State {
        self.state.lock().clone()
    }

    /// The pipeline itself, once its database has been reached.
    pub(crate) fn pipeline(&self) -> Option<Arc<Pipeline>> {
        self.pipeline.get().cloned()
    }

    /// Whether its tables are there.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Relaxed)
    }

    /// How its consumer is doing, if it runs.
    pub(crate) fn view(&self) -> Option<StatusView> {
        self.running.lock().as_ref().map(|running| running.status.view())
    }

    /// How far it is known to have got in each partition.
    pub(crate) fn standing(&self) -> BTreeMap<TopicPartition, Offset> {
        let mut standing = self.standing.lock();
        if let Some(view) = self.view() {
            standing.extend(view.parts.into_iter().map(|(at, part)| (at, part.next)));
        }
        standing.clone()
    }

    /// Keeps the log from letting go of anything until it is known what this needs.
    pub(crate) async fn hold_all(&self, engines: &Engines, partitions: u32) -> Result<()> {
        for topic in self.topics() {
            for number in 0..make_topic(&engines.log, &topic, partitions).await? {
                let at = TopicPartition::new(&topic, number);
                engines.log.hold(&at, self.name(), Offset(0))?;
                self.standing.lock().insert(at, Offset(0));
            }
        }
        Ok(())
    }

    /// The topics of its sources.
    pub(crate) fn topics(&self) -> Vec<Topic> {
        self.named.spec.source.values().filter_map(|source| source.topic.as_deref()).map(Topic::new).collect()
    }

    fn set(&self, state: State) {
        let before = std::mem::replace(&mut *self.state.lock(), state.clone());
        self.measure();
        if before == state {
            return;
        }
        let pipeline = self.name();
        match &state {
            State::Waiting(why) => tracing::warn!(pipeline, why, "the pipeline waits; it is tried again"),
            State::Stopped(why) => tracing::error!(pipeline, why, "the pipeline has stopped"),
            State::Starting => {}
            State::Running => tracing::info!(pipeline, "the pipeline runs"),
        }
    }

    fn measure(&self) {
        let now = self.state.lock().name();
        for state in State::NAMES {
            let labels = [("pipeline", self.name().to_owned()), ("state", state.to_owned())];
            metrics::gauge!("playhead_pipeline_state", &labels).set(if state == now { 1.0 } else { 0.0 });
        }
    }

    /// Reaches the database, brings its tables to the plan, and starts the consumer.
    async fn begin(&self, config: &Config, engines: &Engines, stop: &CancellationToken) -> Result<()> {
        let target = self.target.get().await?;
        let made = || {
            Pipeline::new(Parts {
                spec: self.named.spec.clone(),
                target,
                dictionaries: self.dictionaries.clone(),
                clock: self.clock.clone(),
                load_time: None,
                record_source: None,
            })
        };
        let pipeline = self.pipeline.get_or_init(made);
        pipeline.apply().await?;
        self.has_begun.store(true, Ordering::Relaxed);
        self.target.show(&pipeline.tables_for_all());
        let (sink, topics) = (Arc::new(PipelineSink::new(pipeline.clone())), self.topics());
        for (at, next) in begin(&engines.log, &*sink, &topics, &gaps::read(&config.data)?).await? {
            self.standing.lock().insert(at, next);
        }
        let group = Box::new(SegmentGroup::join(&*engines.log, &topics).await?);
        let running = start(engines, sink, group, config.stream.clone(), stop.clone())?;
        *self.running.lock() = Some(running);
        Ok(())
    }

    /// Waits until the consumer has ended. Gives why, if it was not told to.
    async fn ended(&self) -> Option<Error> {
        while self.running.lock().as_ref().is_some_and(Running::is_alive) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.standing();
        let running = self.running.lock().take()?;
        let why = running.ended.get().cloned();
        // It is over: this waits for nothing.
        running.join();
        match why {
            Some(Ok(())) => None,
            Some(Err(error)) => Some(error.into()),
            None => Some(anyhow!("its consumer has panicked; the log has more")),
        }
    }
}

/// Keeps a pipeline running until it is stopped.
pub(crate) async fn supervise(of: Arc<Supervised>, config: Config, engines: Engines, stop: CancellationToken) {
    let within = Duration::from_millis(config.pipelines.start_time_max_ms);
    let mut pause = PAUSE_MIN;
    while !stop.is_cancelled() {
        let try_once = tokio::time::timeout(within, of.begin(&config, &engines, &stop));
        let begun = tokio::select! {
            begun = try_once => begun.unwrap_or_else(|_| Err(anyhow!("the start has not ended within {within:?}"))),
            () = stop.cancelled() => return,
        };
        let fault = match begun {
            Ok(()) => {
                of.set(State::Running);
                pause = PAUSE_MIN;
                let redriving = stop.child_token();
                if let Some(pipeline) = of.pipeline() {
                    tokio::spawn(keep_redriving(pipeline, config.pipelines.redrive_every_ms, redriving.clone()));
                }
                let ended = of.ended().await;
                redriving.cancel();
                match ended {
                    None => return,
                    Some(fault) => fault,
                }
            }
            Err(fault) => fault,
        };
        metrics::counter!("playhead_pipeline_faults_total", "pipeline" => of.name().to_owned()).increment(1);
        let is_wrong = is_wrong(&fault);
        let why = with_advice(&fault, of.name());
        of.set(if is_wrong { State::Stopped(why) } else { State::Waiting(why) });
        tokio::select! {
            () = tokio::time::sleep(if is_wrong { PAUSE_STOPPED } else { pause }) => {}
            () = stop.cancelled() => return,
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Whether no waiting mends it.
fn is_wrong(fault: &Error) -> bool {
    matches!(fault.downcast_ref(), Some(SinkError::Permanent(_)))
        || matches!(fault.downcast_ref(), Some(ApplyError::Refused(_) | ApplyError::Target(TargetError::Refused(_))))
        || matches!(fault.downcast_ref(), Some(TargetError::Refused(_)))
        || matches!(fault.downcast_ref(), Some(WarehouseError::Mismatch(_) | WarehouseError::Broken(_)))
        || fault.downcast_ref::<RunError>().is_some()
}

/// The fault in words, with what to do about it.
fn with_advice(fault: &Error, name: &str) -> String {
    match fault.downcast_ref() {
        Some(RunError::OtherLog { at, .. }) => format!(
            "its checkpoint of {at} is of another log than the one that is there: the log was recreated. Put the log back \
             that belongs to the database, or take the one that is there with `playhead warehouse replay --adopt`, and start \
             {name} again"
        ),
        Some(RunError::Trimmed { at, start, next, .. }) => format!(
            "{at} begins at {start}, the database is only at {next}: messages in between are gone from the log. \
             `playhead warehouse replay --adopt` goes on with what is there; `warehouse load` brings in the rest from files"
        ),
        _ => format!("{fault:#}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_away_is_waited_for_and_what_is_wrong_is_told() {
        let away = [
            Error::new(SinkError::Transient("away".into())),
            Error::new(ApplyError::Target(TargetError::Unavailable("away".into()))),
            Error::new(WarehouseError::Unavailable("locked".into())).context("the database x"),
            anyhow!("the start has not ended within 1s"),
        ];
        assert!(!away.iter().any(is_wrong));
        let wrong = [
            Error::new(SinkError::Permanent("no right".into())),
            Error::new(ApplyError::Refused(Vec::new())),
            Error::new(WarehouseError::Broken("bytes".into())).context("the database x"),
        ];
        assert!(wrong.iter().all(is_wrong));
        let at = TopicPartition::new(&Topic::new("t"), 1);
        let told = with_advice(&Error::new(RunError::OtherLog { sink: "p", at }), "p");
        assert!(told.contains("t/1") && told.contains("replay --adopt"), "{told}");
    }
}
