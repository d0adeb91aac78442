//! A forgetting holds from its answer on, also while the base has not heard of it.

use std::sync::Arc;
use std::time::Duration;

use playhead_domain::{UserId, VideoId};
use playhead_fjall::FjallStore;
use playhead_memory::MemoryRecent;
use playhead_ports::{Base, Epoch, EventLog, Recent, Sink, TopicPartition};
use playhead_segments::{SegmentGroup, SegmentLog};
use playhead_stream::Runner;
use playhead_system::SystemClock;
use playhead_watch::{ListQuery, NewEvent, PositionsSink, RawEvent, Receipt, WATCH, Watch, topic};
use tokio_util::sync::CancellationToken;

/// The watch service on real engines, whose fold into the base runs when it is told to.
struct Site {
    log: Arc<SegmentLog>,
    sink: Arc<PositionsSink>,
    watch: Watch,
    _store: FjallStore,
    _folder: tempfile::TempDir,
}

impl Site {
    async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (clock, path) = (Arc::new(SystemClock), |name: &str| folder.path().join(name));
        let log = SegmentLog::open(&path("log"), playhead_segments::Config::default(), clock.clone()).expect("a log");
        let store = FjallStore::open(&path("positions"), &playhead_fjall::Config::default()).expect("a store");
        let config = playhead_memory::Config::default();
        let recent: Arc<dyn Recent> = Arc::new(MemoryRecent::new(&config, Epoch("test".into())));
        let base: Arc<dyn Base> = Arc::new(store.base());
        let config = playhead_watch::Config::default();
        let watch = Watch::open(log.clone(), recent.clone(), base.clone(), clock, config).await.expect("the service");
        watch.catch_up().await.expect("nothing to catch up");
        Self { log, sink: Arc::new(PositionsSink::new(base, recent)), watch, _store: store, _folder: folder }
    }

    async fn write(&self, video: &str, position_ms: u64) {
        let event_time = Some(1_700_000_000_000 + position_ms.cast_signed());
        let raw = RawEvent {
            user_id: "u",
            video_id: video,
            event_time,
            position_ms: Some(position_ms),
            ..RawEvent::default()
        };
        let event = NewEvent::check(raw).expect("a good event");
        for answer in self.watch.record(vec![event], Receipt::default()).await {
            answer.expect("durable");
        }
    }

    /// Folds all that is on the log.
    async fn fold(&self) {
        let at = TopicPartition::new(&topic(WATCH), 0);
        let group = SegmentGroup::join(&*self.log, &[topic(WATCH)]).await.expect("a group");
        let stop = CancellationToken::new();
        let (sink, clock) = (self.sink.clone(), Arc::new(SystemClock));
        let config = playhead_stream::Config { batch_age_ms: 5, ..playhead_stream::Config::default() };
        let runner = Runner::new(self.log.clone(), Box::new(group), sink, clock, config, stop.clone());
        let running = tokio::spawn(runner.run());
        let end = self.log.bounds(&at).await.expect("bounds").end;
        let folded = async {
            loop {
                let checkpoint = self.sink.checkpoints(std::slice::from_ref(&at)).await.expect("a checkpoint");
                if checkpoint[0].as_ref().is_some_and(|checkpoint| checkpoint.next >= end) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(240), folded).await.expect("folded in time");
        stop.cancel();
        running.await.expect("no panic").expect("a clean end");
    }

    async fn forget(&self, video: Option<&str>) {
        let video = video.map(|video| video.parse().expect("an id"));
        self.watch.forget(user(), video).await.expect("forgotten");
    }

    /// Where the user is in each of three videos, after checking that the list says the same.
    async fn known(&self) -> [Option<u64>; 3] {
        let videos = ["a", "b", "c"].map(|id| id.parse::<VideoId>().expect("an id"));
        let read = self.watch.positions(&user(), &videos).await.expect("a read");
        let found = [0, 1, 2].map(|place: usize| read.value[place].as_ref().map(|position| position.position_ms));
        let query = ListQuery { limit: 10, after: None, unfinished: false };
        let page = self.watch.list(&user(), &query).await.expect("a page").value;
        let in_list = |video: &VideoId| page.positions.iter().find(|(held, _)| held == video);
        let listed = videos.each_ref().map(|video| in_list(video).map(|(_, position)| position.position_ms));
        assert_eq!(found, listed);
        found
    }
}

fn user() -> UserId {
    "u".parse().expect("an id")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_folded_is_forgotten_before_the_base_hears_of_it() {
    let site = Site::open().await;
    site.write("a", 1_000).await;
    site.write("b", 2_000).await;
    site.fold().await;
    assert_eq!(site.known().await, [Some(1_000), Some(2_000), None]);
    site.forget(Some("a")).await;
    assert_eq!(site.known().await, [None, Some(2_000), None]);
    site.write("a", 500).await;
    assert_eq!(site.known().await, [Some(500), Some(2_000), None], "what is written afterwards begins anew");
    site.fold().await;
    assert_eq!(site.known().await, [Some(500), Some(2_000), None]);
    site.forget(None).await;
    assert_eq!(site.known().await, [None; 3]);
    site.write("c", 3_000).await;
    assert_eq!(site.known().await, [None, None, Some(3_000)]);
    site.fold().await;
    assert_eq!(site.known().await, [None, None, Some(3_000)]);
}
