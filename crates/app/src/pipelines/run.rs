//! A pipeline run from the log of a data folder, replayed and redriven.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use playhead_domain::{Offset, Timestamp};
use playhead_ports::{Advance, Clock, EventLog, Group, Sink, Topic, TopicPartition};
use playhead_segments::{SegmentGroup, SegmentLog};
use playhead_stream::{Config, Runner, Status};
use playhead_system::SystemClock;
use playhead_warehouse::dictionary::DictionarySink;
use playhead_warehouse::pipeline::{BetweenLog, LayerSink, Loaded, Pipeline, PipelineSink, Role};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::job::{PipelineJob, open_dictionaries, open_log, refuse_or_ask};
use super::produce::make_topic;
use crate::gaps::Gap;
use crate::{gaps, telemetry};

const LOOK_EVERY: Duration = Duration::from_millis(20);
/// A run that is to end tells its trouble and gives up after so long without any progress.
const STUCK_AFTER: Duration = Duration::from_secs(60);

/// What a run has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ran {
    /// Records of the log that this run went past.
    pub records: u64,
    /// Messages that wait for a dictionary.
    pub waiting: u64,
    /// Messages that are rejected.
    pub rejected: u64,
}

/// Where a replay takes messages from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayFrom {
    /// The log, as far back as it goes.
    Log {
        /// From this offset on in each partition.
        from: u64,
        /// Only what the log took in since then, ms since 1970.
        since_ms: Option<i64>,
        /// The pipeline goes on at the end of this log then, whichever log its checkpoints were of.
        adopt: bool,
    },
    /// The messages that STG keeps.
    Kept,
}

/// Runs a pipeline until it is stopped; with `is_once` until all is loaded that the log has now.
/// A role fills its layer alone.
pub async fn run_pipeline(job: PipelineJob, role: Role, is_once: bool, stop: CancellationToken) -> Result<Ran> {
    let config = job.config.clone();
    if !is_once {
        telemetry::begin(&config.telemetry)?;
    }
    // In this order: an open log is what shows that a data folder is in use.
    let dictionaries = open_dictionaries(&config)?;
    let log = open_log(&config)?;
    let pipeline = job.pipeline_of(role, dictionaries.clone())?;
    pipeline.apply().await?;
    let end = is_once.then_some(());
    if let Some(between) = BetweenLog::of(pipeline.clone(), log.clone()) {
        let records = consume_between(between, pipeline.clone(), config.stream.clone(), end, stop).await?;
        return ended(&pipeline, &log, records).await;
    }
    let (stream, partitions) = (config.stream.clone(), config.pipelines.partitions);
    let gaps = gaps::read(&config.data)?;
    let mut changes = Vec::new();
    for (topic, name, id) in pipeline.dictionary_topics() {
        let sink = Arc::new(DictionarySink::new(&name, &id, dictionaries.clone()));
        changes.push((sink, topic));
    }
    // Dictionaries first, so that what they know by now is found.
    let mut running = Vec::new();
    for (sink, topic) in changes {
        let run =
            consume(log.clone(), sink, (vec![topic], partitions, gaps.clone()), stream.clone(), end, stop.clone());
        if is_once {
            run.await?;
        } else {
            running.push(tokio::spawn(run));
        }
    }
    let redriving = tokio::spawn(keep_redriving(pipeline.clone(), config.pipelines.redrive_every_ms, stop.clone()));
    let sink = Arc::new(PipelineSink::new(pipeline.clone()));
    let records = consume(log.clone(), sink, (pipeline.topics(), partitions, gaps), stream, end, stop.clone()).await?;
    redriving.abort();
    for task in running {
        task.await.context("a dictionary")??;
    }
    if is_once {
        pipeline.redrive(false).await?;
    }
    ended(&pipeline, &log, records).await
}

async fn ended(pipeline: &Pipeline, log: &SegmentLog, records: u64) -> Result<Ran> {
    let (waiting, rejected) = pipeline.broken().await?;
    log.shutdown();
    Ok(Ran { records, waiting, rejected })
}

/// Runs a role over the topic between roles that it reads. Gives how many messages it went past.
async fn consume_between(
    between: BetweenLog,
    pipeline: Arc<Pipeline>,
    config: Config,
    end: Option<()>,
    stop: CancellationToken,
) -> Result<u64> {
    let sink = Arc::new(LayerSink::new(pipeline));
    let (topic, group) = (between.topic(), between.group());
    let log: Arc<dyn EventLog> = Arc::new(between);
    let (mut begins, mut ends) = (0, BTreeMap::new());
    for number in 0..log.partitions(&topic).await? {
        let at = TopicPartition::new(&topic, number);
        let standing = sink.checkpoints(std::slice::from_ref(&at)).await?.pop().flatten();
        begins += standing.map_or(0, |checkpoint| checkpoint.next.0);
        let bounds = log.bounds(&at).await?;
        ends.insert(at, bounds.end);
    }
    drive(Way { log, group, begins, ends }, sink, config, end, stop).await
}

/// Tries what waits again, every so often, until it is stopped.
pub(super) async fn keep_redriving(pipeline: Arc<Pipeline>, every_ms: u64, stop: CancellationToken) {
    let mut tick = tokio::time::interval(Duration::from_millis(every_ms.max(1)));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = stop.cancelled() => return,
        }
        if let Err(error) = pipeline.redrive(false).await {
            tracing::warn!(pipeline = pipeline.name(), %error, "what waits for dictionaries was not tried again");
        }
    }
}

/// Runs one sink over topics; with an `end`, to the end that they have now. Gives how many records it went past.
async fn consume<S: Sink>(
    log: Arc<SegmentLog>,
    sink: Arc<S>,
    (topics, partitions, gaps): (Vec<Topic>, u32, Vec<Gap>),
    config: Config,
    end: Option<()>,
    stop: CancellationToken,
) -> Result<u64> {
    for topic in &topics {
        make_topic(&log, topic, partitions).await?;
    }
    let mut ends = BTreeMap::new();
    let mut begins = 0;
    for (at, next) in begin(&log, &*sink, &topics, &gaps).await? {
        begins += next.0;
        let bounds = log.bounds(&at).await?;
        ends.insert(at, bounds.end);
    }
    let group = Box::new(SegmentGroup::join(&*log, &topics).await?);
    drive(Way { log, group, begins, ends }, sink, config, end, stop).await
}

/// What a runner reads.
struct Way {
    log: Arc<dyn EventLog>,
    group: Box<dyn Group>,
    /// The sum of the offsets that it begins at.
    begins: u64,
    /// Where each partition ends now.
    ends: BTreeMap<TopicPartition, Offset>,
}

/// Runs one sink until it is stopped; with an `end`, to the ends of its way. Gives how many records it went past.
async fn drive<S: Sink>(
    way: Way,
    sink: Arc<S>,
    config: Config,
    end: Option<()>,
    stop: CancellationToken,
) -> Result<u64> {
    let Way { log, group, begins, ends } = way;
    let done = stop.child_token();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let runner = Runner::new(log, group, sink.clone(), clock, config, done.clone());
    let status = runner.status();
    let mut task = tokio::spawn(runner.run());
    let reached = match end {
        Some(()) => tokio::select! {
            ended = &mut task => { ended.context("the runner")??; Ok(()) }
            reached = reach(&status, &ends) => { done.cancel(); task.await.context("the runner")??; reached }
            () = stop.cancelled() => { task.await.context("the runner")??; Ok(()) }
        },
        None => task.await.context("the runner")?.map_err(Into::into),
    };
    reached?;
    let at: Vec<TopicPartition> = ends.into_keys().collect();
    let standing = sink.checkpoints(&at).await?;
    let ends: u64 = standing.into_iter().flatten().map(|checkpoint| checkpoint.next.0).sum();
    Ok(ends.saturating_sub(begins))
}

/// Where the sink stands in each partition. A log that ends before what the sink has seen goes on after it: an offset is
/// never given twice. A sink that stands in a gap of the log, which lacks nothing, goes to its end.
pub(super) async fn begin<S: Sink>(
    log: &SegmentLog,
    sink: &S,
    topics: &[Topic],
    gaps: &[Gap],
) -> Result<Vec<(TopicPartition, Offset)>> {
    let mut standing = Vec::new();
    for topic in topics {
        for number in 0..log.partitions(topic).await? {
            let at = TopicPartition::new(topic, number);
            let checkpoint = sink.checkpoints(std::slice::from_ref(&at)).await?.pop().flatten();
            let next = checkpoint.as_ref().map(|checkpoint| checkpoint.next).unwrap_or_default();
            let bounds = log.bounds(&at).await?;
            let is_same = checkpoint.is_some_and(|checkpoint| checkpoint.log_id == bounds.log_id);
            if is_same && next > bounds.end {
                log.skip_to(&at, next)?;
            }
            if is_same && gaps::bridges(gaps, &at, next, bounds.start) {
                let advance = Advance { at: at.clone(), log_id: bounds.log_id, from: next, to: bounds.start };
                sink.commit(S::Rows::default(), &[advance]).await?;
                standing.push((at, bounds.start));
                continue;
            }
            standing.push((at, next));
        }
    }
    Ok(standing)
}

async fn reach(status: &Status, ends: &BTreeMap<TopicPartition, Offset>) -> Result<()> {
    let mut moved = tokio::time::Instant::now();
    let mut before = 0;
    loop {
        let view = status.view();
        let next = |at: &TopicPartition| view.parts.get(at).map(|part| part.next).unwrap_or_default();
        if ends.iter().all(|(at, end)| next(at) >= *end) {
            return Ok(());
        }
        let sum: u64 = ends.keys().map(|at| next(at).0).sum();
        if sum > before || view.trouble.is_none() {
            (before, moved) = (sum, tokio::time::Instant::now());
        }
        if let Some(trouble) = view.trouble.filter(|_| moved.elapsed() > STUCK_AFTER) {
            bail!("it does not go on: {trouble}");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Tries messages again that wait, and with `with_rejects` those that were rejected.
pub async fn redrive_pipeline(job: PipelineJob, with_rejects: bool) -> Result<Loaded> {
    job.check_there()?;
    if !job.spec.dictionary.is_empty() {
        refuse_or_ask(&job.config)?;
    }
    let pipeline = job.with_dictionaries()?;
    pipeline.apply().await?;
    Ok(pipeline.redrive(with_rejects).await?)
}

/// Takes messages in once more.
pub async fn replay_pipeline(job: PipelineJob, from: ReplayFrom) -> Result<Loaded> {
    let config = job.config.clone();
    let pipeline = job.with_dictionaries()?;
    let log = match from {
        ReplayFrom::Log { .. } => Some(open_log(&config)?),
        ReplayFrom::Kept => None,
    };
    pipeline.apply().await?;
    match (from, log) {
        (ReplayFrom::Log { from, since_ms, adopt }, Some(log)) => {
            check_from(&log, &pipeline.topics(), from).await?;
            let mut all = Loaded::default();
            for topic in pipeline.topics() {
                for number in 0..log.partitions(&topic).await? {
                    let at = TopicPartition::new(&topic, number);
                    let end = log.bounds(&at).await?.end;
                    all += pipeline.replay_log(&*log, &at, Offset(from), since_ms.map(Timestamp)).await?;
                    if adopt {
                        pipeline.adopt(&*log, &at, end).await?;
                    }
                }
            }
            log.shutdown();
            Ok(all)
        }
        _ => Ok(pipeline.replay_kept().await?),
    }
}

/// Refuses an offset that no partition has reached: a replay from there would do nothing.
async fn check_from(log: &SegmentLog, topics: &[Topic], from: u64) -> Result<()> {
    let mut ends = Vec::new();
    for topic in topics {
        for number in 0..log.partitions(topic).await? {
            let at = TopicPartition::new(topic, number);
            let end = log.bounds(&at).await?.end;
            ends.push((at, end));
        }
    }
    if from == 0 || ends.iter().any(|(_, end)| *end > Offset(from)) {
        return Ok(());
    }
    let ends: Vec<String> = ends.iter().map(|(at, end)| format!("{at} at {}", end.0)).collect();
    bail!("the log has nothing from offset {from} on: it ends, {}", ends.join(", "))
}
