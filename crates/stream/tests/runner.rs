//! The runner over a real log, with a sink that fails in every way that a sink may.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use playhead_domain::{Offset, Timestamp};
use playhead_ports::{
    Advance, Batch, Change, Checkpoint, Clock, CommitError, EventLog, Group, LogId, Most, Prepared, Record, Reject,
    Release, Sink, SinkError, Topic, TopicPartition,
};
use playhead_segments::{SegmentGroup, SegmentLog};
use playhead_stream::{Config, Runner, Status};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const DEADLINE: Duration = Duration::from_secs(240);
/// Longer than any test takes.
const NEVER_MS: u64 = 3_600_000;

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp(43_200_000)
    }
}

/// What the sink has been told to do, and what it has.
#[derive(Default)]
struct Shelf {
    values: Vec<String>,
    checkpoints: BTreeMap<TopicPartition, Checkpoint>,
    /// So many commits fail for now.
    transient: usize,
    /// So many commits go in, but say that they failed.
    unheard: usize,
    /// So many look-ups find the view broken.
    broken: usize,
    batches: Vec<usize>,
    /// The last row of those that each look-up ahead was told to come after.
    after: Vec<Option<String>>,
}

/// Keeps values as text; `bad...` is rejected, `poison...` is never taken.
#[derive(Default)]
struct Shelves(Mutex<Shelf>, bool);

#[async_trait]
impl Sink for Shelves {
    type Context = ();
    type Rows = Vec<String>;

    fn name(&self) -> &'static str {
        "shelves"
    }

    async fn checkpoints(&self, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError> {
        let shelf = self.0.lock();
        Ok(of.iter().map(|at| shelf.checkpoints.get(at).cloned()).collect())
    }

    async fn gather(&self, _: &Batch) -> Result<(), SinkError> {
        let mut shelf = self.0.lock();
        if shelf.broken > 0 {
            shelf.broken -= 1;
            return Err(SinkError::Permanent("what is on the shelf is broken".into()));
        }
        Ok(())
    }

    fn goes_ahead(&self) -> bool {
        self.1
    }

    async fn gather_ahead(&self, batch: &Batch, before: &Vec<String>) -> Result<(), SinkError> {
        self.0.lock().after.push(before.last().cloned());
        self.gather(batch).await
    }

    fn prepare(&self, (): &(), batch: &Batch) -> Prepared<Vec<String>> {
        let mut prepared: Prepared<Vec<String>> = Prepared::default();
        for (at, stored) in batch.iter() {
            let value = String::from_utf8_lossy(&stored.record.value).into_owned();
            if value.starts_with("bad") {
                let reject =
                    Reject { at: at.clone(), offset: stored.offset, reason: format!("value: `{value}` is bad") };
                prepared.rejects.push(reject);
            } else {
                prepared.rows.push(value);
            }
        }
        prepared
    }

    async fn commit(&self, rows: Vec<String>, advances: &[Advance]) -> Result<(), CommitError> {
        let mut shelf = self.0.lock();
        if shelf.transient > 0 {
            shelf.transient -= 1;
            return Err(CommitError::Transient("away".into()));
        }
        if rows.iter().any(|value| value.starts_with("poison")) {
            return Err(CommitError::Permanent("poison".into()));
        }
        for advance in advances {
            let next = shelf.checkpoints.get(&advance.at).map(|checkpoint| checkpoint.next).unwrap_or_default();
            if next != advance.from {
                return Err(CommitError::Moved);
            }
        }
        for Advance { at, log_id, to, .. } in advances.iter().cloned() {
            shelf.checkpoints.insert(at.clone(), Checkpoint { at, log_id, next: to });
        }
        shelf.batches.push(rows.len());
        shelf.values.extend(rows);
        if shelf.unheard > 0 {
            shelf.unheard -= 1;
            return Err(CommitError::Transient("the answer was lost".into()));
        }
        Ok(())
    }
}

/// A log, a sink, and a runner of it.
struct Bench {
    log: Arc<SegmentLog>,
    at: TopicPartition,
    sink: Arc<Shelves>,
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = playhead_segments::Config::default();
        let log = SegmentLog::open(folder.path(), config, Arc::new(Noon)).expect("a log");
        let topic = Topic::new("things");
        log.create(&topic, 1).await.expect("a topic");
        Self { log, at: TopicPartition::new(&topic, 0), sink: Arc::default(), _folder: folder }
    }

    async fn append(&self, values: impl IntoIterator<Item = String>) {
        let record = |value: String| Record { key: "k".into(), value: value.into(), ..Record::default() };
        for answer in self.log.append(&self.at, values.into_iter().map(record).collect()).await {
            answer.expect("appended");
        }
    }

    fn start(&self, config: Config, group: Box<dyn Group>) -> Running {
        let stop = CancellationToken::new();
        let runner = Runner::new(self.log.clone(), group, self.sink.clone(), Arc::new(Noon), config, stop.clone());
        let status = runner.status();
        Running { stop, status, task: tokio::spawn(async { runner.run().await.expect("a clean end") }) }
    }

    async fn group(&self) -> Box<dyn Group> {
        Box::new(SegmentGroup::join(&*self.log, std::slice::from_ref(&self.at.topic)).await.expect("a group"))
    }

    async fn until(&self, what: &str, done: impl Fn(&Shelf) -> bool) {
        until(what, || done(&self.sink.0.lock())).await;
    }

    /// Runs until the sink has all that is on the log.
    async fn consume(&self, config: Config) {
        let running = self.start(config, self.group().await);
        let end = self.log.bounds(&self.at).await.expect("bounds").end;
        self.until("consumed", |shelf| shelf.checkpoints.get(&self.at).is_some_and(|c| c.next >= end)).await;
        running.stop().await;
    }

    /// The dead letters as (offset, stage, reason, value).
    async fn letters(&self) -> Vec<(String, String, String, String)> {
        let at = TopicPartition::new(&self.at.topic.dead_letters(), 0);
        let mut reader = self.log.reader(&at, Offset(0)).await.expect("a reader");
        let most = Most { records: 1_000, bytes: 1 << 20 };
        let letters = reader.next(most, Duration::from_millis(200)).await.expect("letters");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let header = |record: &Record, name: &str| text(record.header(name).expect("a header"));
        letters
            .iter()
            .map(|letter| {
                let record = &letter.record;
                let [offset, stage, reason] =
                    ["dlq-offset", "dlq-stage", "dlq-reason"].map(|name| header(record, name));
                (offset, stage, reason, text(&record.value))
            })
            .collect()
    }
}

/// A runner at work.
struct Running {
    stop: CancellationToken,
    status: Status,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Until it has read what was appended at once, and not committed it.
    async fn until_it_has_read(&self) {
        until("a record is read", || self.status.view().parts.values().any(|part| part.oldest.is_some())).await;
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("no panic");
    }
}

async fn until(what: &str, done: impl Fn() -> bool) {
    let waiting = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(DEADLINE, waiting).await.unwrap_or_else(|_| panic!("{what}: not in time"));
}

fn quick() -> Config {
    Config { batch_age_ms: 10, backoff_ms_min: 1, backoff_ms_max: 5, ..Config::default() }
}

fn numbered(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("value-{n}")).collect()
}

#[tokio::test]
async fn every_record_reaches_the_sink_once_in_order() {
    let bench = Bench::new().await;
    bench.append(numbered(0..3_000)).await;
    bench.consume(Config { batch_rows: 700, ..quick() }).await;
    bench.append(numbered(3_000..4_000)).await;
    bench.consume(quick()).await;
    assert_eq!(bench.sink.0.lock().values, numbered(0..4_000));
}

#[tokio::test]
async fn a_sink_that_goes_ahead_gets_pieces_in_order_each_prepared_after_the_one_before() {
    let mut bench = Bench::new().await;
    bench.sink = Arc::new(Shelves(Mutex::default(), true));
    bench.append(numbered(0..1_000)).await;
    bench.consume(Config { batch_rows: 1_000, piece_rows: 300, batch_age_ms: NEVER_MS, ..quick() }).await;
    let shelf = bench.sink.0.lock();
    assert_eq!(shelf.values, numbered(0..1_000));
    assert_eq!(shelf.batches, [300, 300, 300, 100]);
    assert_eq!(shelf.after, [299, 599, 899].map(|last| Some(format!("value-{last}"))));
}

#[tokio::test]
async fn what_was_prepared_ahead_is_prepared_again_after_a_piece_that_failed() {
    let mut bench = Bench::new().await;
    bench.sink = Arc::new(Shelves(Mutex::default(), true));
    let mut values = numbered(0..1_000);
    for place in [0, 299, 450, 999] {
        values[place] = format!("poison-{place}");
    }
    values[700] = "bad".into();
    bench.append(values.clone()).await;
    {
        let mut shelf = bench.sink.0.lock();
        (shelf.transient, shelf.broken) = (3, 3);
    }
    bench.consume(Config { batch_rows: 1_000, piece_rows: 300, ..quick() }).await;
    values.retain(|value| value.starts_with("value"));
    assert_eq!(bench.sink.0.lock().values, values);
    let found: Vec<String> = bench.letters().await.into_iter().map(|(offset, ..)| offset).collect();
    assert_eq!(found, ["0", "299", "450", "700", "999"]);
}

#[tokio::test]
async fn a_transient_failure_is_waited_out() {
    let bench = Bench::new().await;
    bench.append(numbered(0..10)).await;
    bench.sink.0.lock().transient = 7;
    bench.consume(quick()).await;
    assert_eq!(bench.sink.0.lock().values, numbered(0..10));
}

#[tokio::test]
async fn a_broken_view_makes_no_dead_letter_of_a_good_record() {
    let bench = Bench::new().await;
    bench.append(numbered(0..3)).await;
    bench.sink.0.lock().broken = 5;
    bench.consume(quick()).await;
    assert_eq!(bench.sink.0.lock().values, numbered(0..3));
    assert_eq!(bench.log.topics().len(), 1, "there are dead letters");
}

#[tokio::test]
async fn a_view_that_has_everything_stands_at_the_end_past_a_gap() {
    let bench = Bench::new().await;
    bench.append(numbered(0..3)).await;
    bench.log.skip_to(&bench.at, Offset(1 << 32)).expect("skipped");
    bench.consume(quick()).await;
    bench.append(numbered(3..5)).await;
    bench.consume(quick()).await;
    assert_eq!(bench.sink.0.lock().values, numbered(0..5));
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_counts_once() {
    let bench = Bench::new().await;
    bench.append(numbered(0..10)).await;
    bench.sink.0.lock().unheard = 1;
    bench.consume(quick()).await;
    bench.append(numbered(10..20)).await;
    bench.consume(quick()).await;
    assert_eq!(bench.sink.0.lock().values, numbered(0..20));
}

#[tokio::test]
async fn a_reject_goes_to_the_dead_letters_and_loses_no_other() {
    let bench = Bench::new().await;
    bench.append(numbered(0..3)).await;
    bench.append(["bad-1".to_owned()]).await;
    bench.append(numbered(3..6)).await;
    bench.consume(quick()).await;
    assert_eq!(bench.sink.0.lock().values, numbered(0..6));
    let reason = "value: `bad-1` is bad".to_owned();
    assert_eq!(bench.letters().await, [("3".into(), "prepare".into(), reason, "bad-1".into())]);
}

#[tokio::test]
async fn poison_records_are_found_by_halving_and_all_others_are_taken() {
    let bench = Bench::new().await;
    let mut values = numbered(0..1_000);
    for place in [0, 123, 124, 999] {
        values[place] = format!("poison-{place}");
    }
    bench.append(values.clone()).await;
    bench.consume(quick()).await;
    values.retain(|value| !value.starts_with("poison"));
    assert_eq!(bench.sink.0.lock().values, values);
    let found: Vec<String> = bench.letters().await.into_iter().map(|(offset, ..)| offset).collect();
    assert_eq!(found, ["0", "123", "124", "999"]);
}

#[tokio::test]
async fn rejects_in_a_batch_that_is_halved_are_sent_once() {
    let bench = Bench::new().await;
    let mut values = numbered(0..16);
    (values[3], values[9]) = ("bad".into(), "poison".into());
    bench.append(values).await;
    bench.consume(quick()).await;
    assert_eq!(bench.letters().await.len(), 2);
}

#[tokio::test]
async fn what_was_gathered_is_committed_when_the_runner_stops() {
    let bench = Bench::new().await;
    let slow = Config { batch_age_ms: NEVER_MS, ..quick() };
    let running = bench.start(slow, bench.group().await);
    bench.append(numbered(0..5)).await;
    running.until_it_has_read().await;
    assert!(bench.sink.0.lock().values.is_empty());
    running.stop().await;
    assert_eq!(bench.sink.0.lock().values, numbered(0..5));
}

#[tokio::test]
async fn a_batch_is_committed_at_its_limit_of_rows_without_waiting_for_its_age() {
    let bench = Bench::new().await;
    let config = Config { batch_rows: 10, batch_age_ms: NEVER_MS, ..quick() };
    let running = bench.start(config, bench.group().await);
    bench.append(numbered(0..10)).await;
    bench.until("a full batch", |shelf| shelf.values.len() == 10).await;
    running.stop().await;
}

/// A group that says what a test tells it to.
struct Told(mpsc::Receiver<Change>);

#[async_trait]
impl Group for Told {
    async fn next(&mut self) -> Change {
        match self.0.recv().await {
            Some(change) => change,
            None => std::future::pending().await,
        }
    }
}

#[tokio::test]
async fn a_revoked_partition_is_committed_before_it_is_released() {
    let bench = Bench::new().await;
    let (tell, told) = mpsc::channel(4);
    let config = Config { batch_age_ms: NEVER_MS, ..quick() };
    let running = bench.start(config, Box::new(Told(told)));
    tell.send(Change::Gained(vec![bench.at.clone()])).await.expect("told");
    bench.append(numbered(0..5)).await;
    running.until_it_has_read().await;
    let (release, released) = Release::new();
    tell.send(Change::Revoking(vec![bench.at.clone()], release)).await.expect("told");
    tokio::time::timeout(DEADLINE, released).await.expect("in time").expect("released");
    assert_eq!(bench.sink.0.lock().values, numbered(0..5));
    bench.append(numbered(5..9)).await;
    running.stop().await;
    assert_eq!(bench.sink.0.lock().values.len(), 5, "nothing is read of a partition that is gone");
}

#[tokio::test]
async fn a_consumer_that_lost_its_partition_commits_nothing_and_goes_on_from_the_new_checkpoint() {
    let bench = Bench::new().await;
    let config = Config { batch_rows: 5, batch_age_ms: NEVER_MS, ..quick() };
    let running = bench.start(config, bench.group().await);
    bench.append(numbered(0..3)).await;
    running.until_it_has_read().await;
    let log_id: LogId = bench.log.bounds(&bench.at).await.expect("bounds").log_id;
    // Another consumer has taken the first four meanwhile.
    bench
        .sink
        .0
        .lock()
        .checkpoints
        .insert(bench.at.clone(), Checkpoint { at: bench.at.clone(), log_id, next: Offset(4) });
    bench.append(numbered(3..9)).await;
    bench.until("the rest", |shelf| shelf.values.len() == 5).await;
    assert_eq!(bench.sink.0.lock().values, numbered(4..9));
    running.stop().await;
}
