//! The loader of the warehouse, whole (gather, prepare, commit), beside the engine's own appender of the same events.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use duckdb::Connection;
use duckdb::arrow::array::{ArrayRef, Int64Array, StringArray, TimestampMicrosecondArray, UInt64Array};
use duckdb::arrow::record_batch::RecordBatch;
use playhead_contracts::encode_fact;
use playhead_domain::{Fact, Offset, Timestamp, WatchEvent};
use playhead_duckdb::{Config, DuckWarehouse};
use playhead_fjall::FjallStore;
use playhead_ports::{Advance, Batch, Clock as _, Record, Sink as _, Stored, TopicPartition, Warehouse as _};
use playhead_system::SystemClock;
use playhead_watch::{MartsSink, TABLES, WATCH, topic};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::fill::Viewers;
use crate::ground::{Ground, median};
use crate::report::{Row, Section};
use crate::server::own_resident_mib;

/// The runner's largest batch, for loading as fast as can be.
const LARGE: usize = 20_000;
/// Half a second's events at 8,000/s.
const USUAL: usize = 4_000;
/// Filling stops after this long, whatever it has got.
const FILL_TIME: Duration = Duration::from_secs(300);

/// How long the parts of a batch took.
#[derive(Debug, Clone, Copy)]
struct Times {
    gather: Duration,
    prepare: Duration,
    commit: Duration,
}

impl Times {
    fn all_ms(self) -> f64 {
        (self.gather + self.prepare + self.commit).as_secs_f64() * 1e3
    }
}

/// A warehouse with its loader.
struct Loader {
    sink: MartsSink,
    warehouse: Arc<DuckWarehouse>,
    viewers: Viewers,
    loaded: u64,
    _folder: TempDir,
}

pub(crate) fn run(ground: &Ground) -> anyhow::Result<Section> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut section = Section::new(
        "Loading the warehouse",
        "The sink as the runner drives it: events decoded, looked up, `watch_events` and all marts written with the \
         checkpoint. The ceiling is DuckDB's Arrow appender of the same events into one table, a transaction a batch. \
         Batch times are of 4,000 events, half a second's at 8,000/s; folds of the tails run in between.",
    );
    let mut loader = Loader::open(ground, &runtime, Viewers::new(40_000, 20_000, SystemClock.now()))?;
    beside_appender(ground, &runtime, &mut loader, &mut section)?;
    let batches = ground.pick(5, 100);
    for history in ground.pick([20_000, 40_000], [1_000_000, 10_000_000]) {
        loader.fill(&runtime, history)?;
        push_batches(
            &mut section,
            &format!("{} rows of history", loader.loaded),
            loader.batches(&runtime, USUAL, batches)?,
        );
    }
    section.push(Row::new("files of the warehouse, MiB", (loader.warehouse.size_bytes() >> 20) as f64));
    drop(loader);
    let viewers = ground.pick(20_000, 1_000_000);
    let mut loader = Loader::open(ground, &runtime, Viewers::new(viewers, 1, SystemClock.now()))?;
    loader.fill(&runtime, viewers)?;
    let what = format!("one video with {} viewers today", loader.loaded);
    push_batches(&mut section, &what, loader.batches(&runtime, USUAL, batches)?);
    section.push(Row::new("memory of the benchmark, MiB", own_resident_mib() as f64));
    Ok(section)
}

fn push_batches(section: &mut Section, what: &str, times: Vec<Times>) {
    let part = |of: fn(&Times) -> Duration| median(times.iter().map(|times| of(times).as_secs_f64() * 1e3).collect());
    let parts = format!(
        "p50 of gather {:.1}, prepare {:.1}, commit {:.1} ms",
        part(|times| times.gather),
        part(|times| times.prepare),
        part(|times| times.commit)
    );
    let mut all: Vec<f64> = times.iter().map(|times| times.all_ms()).collect();
    all.sort_by(f64::total_cmp);
    section.push(Row::new(format!("{what}: batch p50, ms"), median(all.clone())).notes(parts));
    section.push(Row::new(format!("{what}: batch p99, ms"), all[(all.len() - 1) * 99 / 100]));
}

/// Rows per second of both, in turns, in the runner's largest batches.
fn beside_appender(
    ground: &Ground,
    runtime: &Runtime,
    loader: &mut Loader,
    section: &mut Section,
) -> anyhow::Result<()> {
    let folder = ground.new_folder()?;
    let appender = Appender::open(folder.path())?;
    let (mut ours, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..ground.pick(2, 15) {
        let mut same = loader.viewers.clone();
        let events: Vec<WatchEvent> = (0..LARGE).map(|_| same.tell().event()).collect();
        alone.push(LARGE as f64 / appender.append(&events)?.as_secs_f64());
        let times = loader.batches(runtime, LARGE, 1)?;
        ours.extend(times.iter().map(|times| LARGE as f64 / (times.all_ms() / 1e3)));
    }
    section.push(Row::new("rows/s in batches of 20,000, beside the appender", median(ours)).ceiling(median(alone)));
    Ok(())
}

impl Loader {
    fn open(ground: &Ground, runtime: &Runtime, viewers: Viewers) -> anyhow::Result<Self> {
        let folder = ground.new_folder()?;
        let warehouse = DuckWarehouse::open(&folder.path().join("warehouse"), Config::default())?;
        runtime.block_on(warehouse.declare(TABLES))?;
        let store = FjallStore::open(&folder.path().join("positions"), &playhead_fjall::Config::default())?;
        let sink = MartsSink::new(warehouse.clone(), Arc::new(store.working()));
        Ok(Self { sink, warehouse, viewers, loaded: 0, _folder: folder })
    }

    /// Loads in large batches until so many rows are in, or the time is up.
    fn fill(&mut self, runtime: &Runtime, rows: u64) -> anyhow::Result<()> {
        let began = Instant::now();
        let from = self.loaded;
        while self.loaded < rows && began.elapsed() < FILL_TIME {
            self.batches(runtime, LARGE, 1)?;
        }
        let per_s = (self.loaded - from) as f64 / began.elapsed().as_secs_f64();
        eprintln!("{} rows of {rows} are loaded, the last of them at {per_s:.0} rows/s", self.loaded);
        Ok(())
    }

    fn batches(&mut self, runtime: &Runtime, rows: usize, count: usize) -> anyhow::Result<Vec<Times>> {
        (0..count).map(|_| runtime.block_on(self.batch(rows))).collect()
    }

    async fn batch(&mut self, rows: usize) -> anyhow::Result<Times> {
        let at = TopicPartition::new(&topic(WATCH), 0);
        let from = Offset(self.loaded);
        let stored = (0..rows as u64).map(|place| {
            let event = self.viewers.tell().event();
            let key = event.user_id.as_str().as_bytes().to_vec().into();
            let value = encode_fact(&Fact::Watched(event)).into();
            let record = Record { key, value, time: Timestamp(0), headers: Vec::new() };
            Stored { offset: Offset(from.0 + place), record }
        });
        let batch = Batch { parts: vec![(at.clone(), stored.collect())] };
        self.loaded += rows as u64;
        let advance = Advance { at, log_id: "bench".parse()?, from, to: Offset(self.loaded) };
        let began = Instant::now();
        let context = self.sink.gather(&batch).await?;
        let gathered = Instant::now();
        let prepared = self.sink.prepare(&context, &batch);
        let made = Instant::now();
        self.sink.commit(prepared.rows, &[advance]).await?;
        Ok(Times { gather: gathered - began, prepare: made - gathered, commit: made.elapsed() })
    }
}

/// The engine alone.
struct Appender(Connection);

impl Appender {
    fn open(folder: &Path) -> anyhow::Result<Self> {
        let connection = Connection::open(folder.join("alone.duckdb"))?;
        connection.execute_batch(
            "CREATE TABLE events (user_id VARCHAR, video_id VARCHAR, play_id VARCHAR, seq UBIGINT, event_time TIMESTAMP, \
             event_time_sent TIMESTAMP, received_time TIMESTAMP, position_ms UBIGINT, duration_ms UBIGINT, kind VARCHAR, \
             device VARCHAR, session VARCHAR, log_partition UBIGINT, log_offset UBIGINT)",
        )?;
        Ok(Self(connection))
    }

    fn append(&self, events: &[WatchEvent]) -> anyhow::Result<Duration> {
        let began = Instant::now();
        self.0.execute_batch("BEGIN")?;
        let mut appender = self.0.appender("events")?;
        appender.append_record_batch(batch_of(events).context("columns of one length")?)?;
        appender.flush()?;
        drop(appender);
        self.0.execute_batch("COMMIT")?;
        Ok(began.elapsed())
    }
}

fn batch_of(events: &[WatchEvent]) -> Option<RecordBatch> {
    let texts =
        |of: fn(&WatchEvent) -> &str| Arc::new(StringArray::from_iter_values(events.iter().map(of))) as ArrayRef;
    let none = || Arc::new(StringArray::from(vec![None::<&str>; events.len()])) as ArrayRef;
    let times = |of: fn(&WatchEvent) -> Timestamp| {
        let us = events.iter().map(|event| of(event).0 * 1_000);
        Arc::new(TimestampMicrosecondArray::from_iter_values(us)) as ArrayRef
    };
    let numbers =
        |of: fn(&WatchEvent) -> u64| Arc::new(UInt64Array::from_iter_values(events.iter().map(of))) as ArrayRef;
    let places = Int64Array::from_iter_values(0..i64::try_from(events.len()).ok()?);
    RecordBatch::try_from_iter([
        ("user_id", texts(|event| event.user_id.as_str())),
        ("video_id", texts(|event| event.video_id.as_str())),
        ("play_id", texts(|event| event.play_id.as_str())),
        ("seq", numbers(|event| event.seq)),
        ("event_time", times(|event| event.event_time)),
        ("event_time_sent", times(|event| event.event_time_sent)),
        ("received_time", times(|event| event.received_time)),
        ("position_ms", numbers(|event| event.position_ms)),
        ("duration_ms", numbers(|event| event.duration_ms.unwrap_or_default())),
        ("kind", texts(|event| event.kind.name())),
        ("device", none()),
        ("session", none()),
        ("log_partition", numbers(|_| 0)),
        ("log_offset", Arc::new(places) as ArrayRef),
    ])
    .ok()
}
