//! The contract of `Sink`, kept by positions and marts on their engines.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use playhead_conformance::{SinkSite, sink};
use playhead_contracts::encode_fact;
use playhead_domain::{Fact, Kind, PlayId, Timestamp, UserId, WatchEvent};
use playhead_duckdb::DuckWarehouse;
use playhead_fjall::FjallStore;
use playhead_memory::MemoryRecent;
use playhead_ports::{Base, Epoch, Query, TopicPartition, Warehouse};
use playhead_watch::{MartsSink, PositionsSink, TABLES, WATCH, topic};

const NOON_MS: i64 = 1_772_366_400_000;
const TIME_MAX: Duration = Duration::from_secs(240);

/// A user's events, a minute of watching each.
fn event(user: &str, minute: u64) -> Bytes {
    let time = Timestamp(NOON_MS + i64::try_from(minute).expect("a small number") * 60_000);
    let event = WatchEvent {
        user_id: user.parse().expect("an id"),
        video_id: "film".parse().expect("an id"),
        play_id: "play".parse::<PlayId>().expect("an id"),
        seq: minute,
        event_time: time,
        event_time_sent: time,
        received_time: time,
        position_ms: minute * 60_000,
        duration_ms: Some(5_400_000),
        kind: Kind::Progress,
        device: None,
        session: None,
    };
    encode_fact(&Fact::Watched(event)).into()
}

/// Two users, so that each partition may have one.
fn good() -> [Bytes; 4] {
    [event("anna", 1), event("boris", 1), event("anna", 2), event("boris", 3)]
}

fn parts() -> [TopicPartition; 2] {
    [0, 1].map(|partition| TopicPartition::new(&topic(WATCH), partition))
}

fn broken() -> Bytes {
    Bytes::from_static(b"\xff no fact")
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_keep_the_contract() {
    sink(async || {
        let folder = tempfile::tempdir().expect("a folder");
        let store = FjallStore::open(folder.path(), &playhead_fjall::Config::default()).expect("a store");
        let base: Arc<dyn Base> = Arc::new(store.base());
        let recent = MemoryRecent::new(&playhead_memory::Config { entries_max: 1_000 }, Epoch("test".into()));
        let kept = Arc::new((folder, store));
        let shown = {
            let base = base.clone();
            Box::new(move || {
                let (base, kept) = (base.clone(), kept.clone());
                Box::pin(async move {
                    let users = ["anna", "boris"].map(|user| user.parse::<UserId>().expect("an id"));
                    let anna = base.by_user(&users[0]).await.expect("reads");
                    let boris = base.by_user(&users[1]).await.expect("reads");
                    drop(kept);
                    format!("{anna:?} {boris:?}")
                }) as _
            })
        };
        let sink = Arc::new(PositionsSink::new(base, Arc::new(recent)));
        SinkSite { sink, parts: parts(), good: good(), broken: broken(), shown }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn marts_keep_the_contract() {
    sink(async || {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let store = FjallStore::open(&path("positions"), &playhead_fjall::Config::default()).expect("a store");
        let warehouse =
            DuckWarehouse::open(&path("warehouse"), playhead_duckdb::Config::default()).expect("a warehouse");
        warehouse.declare(TABLES).await.expect("tables");
        let sink = Arc::new(MartsSink::new(warehouse.clone(), Arc::new(store.working())));
        let kept = Arc::new((folder, store));
        let shown = Box::new(move || {
            let (warehouse, kept) = (warehouse.clone(), kept.clone());
            Box::pin(async move {
                let mut text = String::new();
                for table in ["watch_events", "user_video", "video_daily", "video_retention"] {
                    text += &rows(&*warehouse, table).await;
                }
                drop(kept);
                text
            }) as _
        });
        SinkSite { sink, parts: parts(), good: good(), broken: broken(), shown }
    })
    .await;
}

async fn rows(warehouse: &dyn Warehouse, table: &str) -> String {
    let sql = format!("SELECT * FROM {table} ORDER BY ALL");
    let mut answer = warehouse.query(Query { sql, rows_max: 1_000, time_max: TIME_MAX }).await.expect("an answer");
    let mut text = String::new();
    while let Some(chunk) = answer.rows.recv().await {
        text += &format!("{:?}", chunk.expect("rows"));
    }
    text
}
