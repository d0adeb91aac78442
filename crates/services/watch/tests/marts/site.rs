//! A whole site on real engines in a folder of its own, without a server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use playhead_domain::{UserId, VideoId};
use playhead_duckdb::DuckWarehouse;
use playhead_fjall::FjallStore;
use playhead_memory::MemoryRecent;
use playhead_ports::{
    Base, Cell, Epoch, EventLog, Group, Query, Recent, Sink, Topic, TopicPartition, Warehouse, Working,
};
use playhead_segments::{SegmentGroup, SegmentLog};
use playhead_stream::{Config, Runner};
use playhead_system::SystemClock;
use playhead_watch::{
    MartsSink, NewEvent, PositionsSink, RawEvent, Receipt, TABLES, VIDEOS, WATCH, Watch, rebuild_marts,
    rebuild_positions, topic,
};
use tokio_util::sync::CancellationToken;

use crate::feed::Sent;
use crate::reference::{Reference, UserVideo};
use crate::unheard::Unheard;

const PATIENCE: Duration = Duration::from_secs(240);

pub(crate) struct Site {
    log: Arc<SegmentLog>,
    base: Arc<dyn Base>,
    working: Arc<dyn Working>,
    recent: Arc<dyn Recent>,
    warehouse: Arc<dyn Warehouse>,
    watch: Watch,
    _store: FjallStore,
    _folder: tempfile::TempDir,
}

impl Site {
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(SystemClock);
        let path = |name: &str| folder.path().join(name);
        let log = SegmentLog::open(&path("log"), playhead_segments::Config::default(), clock.clone()).expect("a log");
        let store = FjallStore::open(&path("positions"), &playhead_fjall::Config::default()).expect("a store");
        let warehouse =
            DuckWarehouse::open(&path("warehouse"), playhead_duckdb::Config::default()).expect("a warehouse");
        warehouse.declare(TABLES).await.expect("tables");
        let config = playhead_memory::Config { entries_max: 10_000_000 };
        let recent: Arc<dyn Recent> = Arc::new(MemoryRecent::new(&config, Epoch("test".into())));
        let base: Arc<dyn Base> = Arc::new(store.base());
        let watch =
            Watch::open(log.clone(), recent.clone(), base.clone(), clock, playhead_watch::Config::default()).await;
        let watch = watch.expect("the watch service");
        watch.catch_up().await.expect("nothing to catch up");
        let working = Arc::new(store.working());
        Self { log, base, working, recent, warehouse, watch, _store: store, _folder: folder }
    }

    /// From now on the stores of the marts lose an answer now and then, after they have done what was asked.
    pub(crate) fn lose_answers(&mut self) {
        self.warehouse = Arc::new(Unheard::new(self.warehouse.clone(), 3));
        self.working = Arc::new(Unheard::new(self.working.clone(), 2));
    }

    pub(crate) async fn record(&self, sent: &[Sent]) {
        let events = sent.iter().map(|s| NewEvent::check(raw(s)).expect("a good event")).collect();
        let receipt = Receipt { backfill: true, ..Receipt::default() };
        for answer in self.watch.record(events, receipt).await {
            answer.expect("durable");
        }
    }

    pub(crate) async fn forget(&self, user: &str) {
        self.watch.forget(user.parse().expect("an id"), None).await.expect("forgotten");
    }

    pub(crate) async fn forget_video(&self, user: &str, video: &str) {
        let video = video.parse().expect("an id");
        self.watch.forget(user.parse().expect("an id"), Some(video)).await.expect("forgotten");
    }

    fn partitions(&self, names: &[&'static str]) -> Vec<TopicPartition> {
        names.iter().map(|name| TopicPartition::new(&topic(name), 0)).collect()
    }

    /// Runs both sinks until they have all that is on the log.
    pub(crate) async fn consume(&self) {
        let marts = Arc::new(MartsSink::new(self.warehouse.clone(), self.working.clone()));
        marts.recover(&*self.log, &self.partitions(&[WATCH, VIDEOS])).await.expect("recovered");
        self.run(marts, &[WATCH, VIDEOS]).await;
        self.run(Arc::new(PositionsSink::new(self.base.clone(), self.recent.clone())), &[WATCH]).await;
    }

    async fn run<S: Sink>(&self, sink: Arc<S>, names: &[&'static str]) {
        let topics: Vec<Topic> = names.iter().map(|name| topic(name)).collect();
        let group: Box<dyn Group> = Box::new(SegmentGroup::join(&*self.log, &topics).await.expect("a group"));
        let stop = CancellationToken::new();
        let clock = Arc::new(SystemClock);
        let config = Config { batch_age_ms: 20, batch_rows: 4_000, ..Config::default() };
        let runner = Runner::new(self.log.clone(), group, sink.clone(), clock, config, stop.clone());
        let status = runner.status();
        let running = tokio::spawn(runner.run());
        let at = &self.partitions(&[WATCH])[0];
        let end = self.log.bounds(at).await.expect("bounds").end;
        let give_up = Instant::now() + PATIENCE;
        loop {
            let asked = tokio::time::timeout(PATIENCE, sink.checkpoints(std::slice::from_ref(at))).await;
            let asked = asked.unwrap_or_else(|_| panic!("{}: no word of its checkpoint", sink.name()));
            // Without a record there is nothing to wait for, and no checkpoint. Who asks may be in the way of a checkpoint of
            // the file, and then asks again.
            if asked.is_ok_and(|known| known[0].as_ref().map(|known| known.next).unwrap_or_default() >= end) {
                break;
            }
            let (name, ended) = (sink.name(), running.is_finished());
            assert!(Instant::now() < give_up, "{name} is not at {end}; ended: {ended}; {:?}", status.view());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.cancel();
        running.await.expect("no panic").expect("a clean end");
    }

    pub(crate) async fn rebuild(&self) {
        let of = self.partitions(&[WATCH, VIDEOS]);
        rebuild_marts(&*self.warehouse, &*self.working, &of).await.expect("rebuilt");
        rebuild_positions(&*self.warehouse, &*self.base, &of[..1]).await.expect("rebuilt");
    }

    pub(crate) async fn compare_reads(&self, reference: &Reference) {
        for ((user, video), expected) in &reference.user_video {
            let user: UserId = user.parse().expect("an id");
            let video: VideoId = video.parse().expect("an id");
            let read = self.watch.positions(&user, std::slice::from_ref(&video)).await.expect("a read");
            let position = read.value[0].as_ref().unwrap_or_else(|| panic!("{user} {video}: no position"));
            let found = (position.position_ms, position.resume_ms, position.completed);
            assert_eq!(found, (expected.position_ms, expected.resume_ms, expected.completed), "{user} {video}");
            assert!(!read.stale);
        }
    }

    pub(crate) async fn compare_marts(&self, reference: &Reference) {
        assert_eq!(self.number("SELECT count(*) FROM watch_events").await, reference.events as i64);
        let rows = self
            .rows(
                "SELECT user_id, video_id, position_ms, resume_ms, completed, watched_ms, unique_ms, plays, \
                   epoch_ms(first_time), epoch_ms(last_time) FROM user_video ORDER BY ALL",
            )
            .await;
        let expected = reference.user_video.iter().map(|((user, video), row)| user_video(user, video, row));
        same("user_video", rows, expected);
        let rows = self
            .rows(
                "SELECT video_id, date_diff('day', DATE '1970-01-01', day), plays, viewers, watched_ms, completions \
                   FROM video_daily ORDER BY ALL",
            )
            .await;
        let expected = reference.daily.iter().map(|((video, day), share)| {
            let numbers = share.iter().map(|number| Cell::Int(*number));
            [text(video), Cell::Int(*day)].into_iter().chain(numbers).collect()
        });
        same("video_daily", rows, expected);
        let rows = self.rows("SELECT video_id, percent, viewers FROM video_retention ORDER BY ALL").await;
        let expected = reference
            .retention
            .iter()
            .map(|((video, percent), viewers)| vec![text(video), Cell::Int(*percent), Cell::Int(*viewers)]);
        same("video_retention", rows, expected);
    }

    async fn number(&self, sql: &str) -> i64 {
        match self.rows(sql).await[0][0] {
            Cell::Int(number) => number,
            ref other => panic!("{sql}: {other:?}"),
        }
    }

    async fn rows(&self, sql: &str) -> Vec<Vec<Cell>> {
        let query = Query { sql: sql.into(), rows_max: 1_000_000, time_max: Duration::from_secs(240) };
        let mut answer = self.warehouse.query(query).await.expect("an answer");
        let mut rows = Vec::new();
        while let Some(chunk) = answer.rows.recv().await {
            rows.extend(chunk.expect("rows"));
        }
        rows
    }
}

fn raw(sent: &Sent) -> RawEvent<'_> {
    RawEvent {
        user_id: &sent.user,
        video_id: &sent.video,
        event_time: Some(sent.time),
        position_ms: Some(sent.position),
        play_id: sent.play.as_deref(),
        seq: sent.seq,
        duration_ms: sent.duration,
        kind: Some(sent.kind),
        device: None,
        session: None,
    }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn user_video(user: &str, video: &str, row: &UserVideo) -> Vec<Cell> {
    let number = |number: u64| Cell::Int(number as i64);
    vec![
        text(user),
        text(video),
        number(row.position_ms),
        number(row.resume_ms),
        Cell::Bool(row.completed),
        number(row.watched_ms),
        number(row.unique_ms),
        number(row.plays),
        Cell::Int(row.first),
        Cell::Int(row.last),
    ]
}

fn same(table: &str, found: Vec<Vec<Cell>>, expected: impl Iterator<Item = Vec<Cell>>) {
    let mut expected: Vec<Vec<Cell>> = expected.collect();
    let key = |row: &Vec<Cell>| format!("{row:?}");
    expected.sort_by_key(key);
    let mut found = found;
    found.sort_by_key(key);
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected, "{table}");
    }
    assert_eq!(found.len(), expected.len(), "{table}");
}
