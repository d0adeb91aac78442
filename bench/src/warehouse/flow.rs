//! Orders from the topic through all layers: on the runner, as a server has it, and single batches with their times.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use playhead_domain::Offset;
use playhead_fjall::FjallDictionaries;
use playhead_ports::{
    Advance, Batch, Clock, Dictionaries, EventLog as _, LogId, Sink as _, Stored, Target, Topic, TopicPartition,
};
use playhead_segments::{SegmentGroup, SegmentLog};
use playhead_stream::Runner;
use playhead_system::SystemClock;
use playhead_warehouse::pipeline::{Parts, Pipeline, PipelineSink};
use playhead_warehouse::spec::Spec;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::orders::{self, TOPIC};

const APPENDED_AT_ONCE: u64 = 5_000;
const CHANGED_AT_ONCE: usize = 10_000;
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The pipeline of orders with its topic and dictionaries.
pub(crate) struct Flow {
    pub(crate) pipeline: Arc<Pipeline>,
    sink: Arc<PipelineSink>,
    log: Arc<SegmentLog>,
    log_id: LogId,
    /// How many orders are on the topic, and how many of them are loaded.
    told: u64,
    pub(crate) loaded: u64,
    _folder: TempDir,
}

impl Flow {
    /// On a new database; the dictionaries know all that so many orders ask.
    pub(crate) async fn open(folder: TempDir, target: Arc<dyn Target>, known: u64) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let log = SegmentLog::open(&folder.path().join("log"), playhead_segments::Config::default(), clock.clone())?;
        log.create(&Topic::new(TOPIC), 1).await?;
        let log_id = log.bounds(&at()).await?.log_id;
        let dictionaries = dictionaries(&folder, known).await?;
        let (load_time, record_source) = (None, None);
        let pipeline = Pipeline::new(Parts { spec: spec()?, target, dictionaries, clock, load_time, record_source });
        pipeline.apply().await?;
        let sink = Arc::new(PipelineSink::new(pipeline.clone()));
        Ok(Self { pipeline, sink, log, log_id, told: 0, loaded: 0, _folder: folder })
    }

    /// Puts so many more orders on the topic.
    pub(crate) async fn tell(&mut self, orders: u64) -> anyhow::Result<()> {
        let end = self.told + orders;
        while self.told < end {
            let until = (self.told + APPENDED_AT_ONCE).min(end);
            let records = (self.told..until).map(orders::record).collect();
            for answer in self.log.append(&at(), records).await {
                answer?;
            }
            self.told = until;
        }
        Ok(())
    }

    /// Lets the runner load all that is on the topic. Gives how long that took.
    pub(crate) async fn run(&mut self) -> anyhow::Result<Duration> {
        let group = SegmentGroup::join(&*self.log, &self.pipeline.topics()).await?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let stop = CancellationToken::new();
        let config = playhead_stream::Config::default();
        let runner = Runner::new(self.log.clone(), Box::new(group), self.sink.clone(), clock, config, stop.clone());
        let status = runner.status();
        let began = Instant::now();
        let running = tokio::spawn(runner.run());
        loop {
            let view = status.view();
            anyhow::ensure!(view.trouble.is_none(), "{}", view.trouble.unwrap_or_default());
            if view.parts.values().any(|part| part.next.0 >= self.told) {
                break;
            }
            anyhow::ensure!(!running.is_finished(), "the runner has ended: {:?}", running.await);
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let took = began.elapsed();
        stop.cancel();
        running.await.context("the runner")??;
        self.loaded = self.told;
        Ok(took)
    }

    /// Loads the next orders in one batch, past the topic.
    pub(crate) async fn batch(&mut self, orders: u64) -> anyhow::Result<Times> {
        let (from, to) = (Offset(self.loaded), Offset(self.loaded + orders));
        self.tell(orders).await?;
        let records = (from.0..to.0).map(|place| Stored { offset: Offset(place), record: orders::record(place) });
        let batch = Batch { parts: vec![(at(), records.collect())] };
        let advance = Advance { at: at(), log_id: self.log_id.clone(), from, to };
        let began = Instant::now();
        let context = self.sink.gather(&batch).await?;
        let gathered = Instant::now();
        let prepared = self.sink.prepare(&context, &batch);
        let made = Instant::now();
        anyhow::ensure!(prepared.rejects.is_empty(), "{:?}", prepared.rejects);
        self.sink.commit(prepared.rows, &[advance]).await?;
        self.loaded = to.0;
        Ok(Times { gather: gathered - began, prepare: made - gathered, commit: made.elapsed() })
    }

    /// How many rows all tables have.
    pub(crate) async fn rows(&self) -> anyhow::Result<u64> {
        Ok(self.pipeline.status(&[]).await?.tables.iter().filter_map(|table| table.rows).sum())
    }
}

/// How long the parts of a batch took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) gather: Duration,
    pub(crate) prepare: Duration,
    pub(crate) commit: Duration,
}

fn at() -> TopicPartition {
    TopicPartition::new(&Topic::new(TOPIC), 0)
}

/// The pipeline that the project ships.
pub(crate) fn spec() -> anyhow::Result<Spec> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../pipelines/orders.toml");
    playhead_warehouse::spec::read(path.as_ref()).map_err(|complaints| anyhow::anyhow!("{complaints:?}"))
}

async fn dictionaries(folder: &TempDir, known: u64) -> anyhow::Result<Arc<dyn Dictionaries>> {
    let store = FjallDictionaries::open(&folder.path().join("dictionaries"), &playhead_fjall::Config::default())?;
    let mut entries = orders::entries(known);
    while !entries.is_empty() {
        let rest = entries.split_off(entries.len().min(CHANGED_AT_ONCE));
        store.change(entries, &[]).await?;
        entries = rest;
    }
    Ok(Arc::new(store))
}
