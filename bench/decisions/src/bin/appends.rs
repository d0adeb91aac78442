//! Durable appends a second of 100-byte records, one caller: a raw file, our segments, fjall. `sqlite_appends.py` is the rest.
//!
//! cargo run --release --manifest-path bench/decisions/Cargo.toml --bin appends [-- FOLDER [SECONDS]]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use playhead_domain::Timestamp;
use playhead_ports::{Clock, EventLog, Record, Topic, TopicPartition};
use playhead_segments::{Config, SegmentLog};

const BYTES: usize = 100;
const BATCHES: [usize; 3] = [1, 100, 1_000];
const ROUNDS: usize = 3;

struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp(1_700_000_000_000)
    }
}

/// Calls until the time is over: records a second, the best of some rounds taken in turn with others.
fn timed(time: Duration, batch: usize, mut append: impl FnMut()) -> f64 {
    let (begun, mut calls) = (Instant::now(), 0);
    while begun.elapsed() < time {
        append();
        calls += 1;
    }
    (calls * batch) as f64 / begun.elapsed().as_secs_f64()
}

fn raw(folder: &Path, batch: usize, time: Duration) -> f64 {
    let mut file = File::create(folder.join("raw")).expect("a file");
    let bytes = vec![7u8; batch * BYTES];
    timed(time, batch, || {
        file.write_all(&bytes).expect("writes");
        file.sync_data().expect("syncs");
    })
}

fn segments(folder: &Path, batch: usize, time: Duration) -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    let log = SegmentLog::open(&folder.join("segments"), Config::default(), Arc::new(Standing)).expect("a log");
    let topic = Topic::new("t");
    let at = TopicPartition::new(&topic, 0);
    let record = Record { key: vec![7; 13].into(), value: vec![7; BYTES - 13].into(), ..Record::default() };
    runtime.block_on(log.create(&topic, 1)).expect("a topic");
    let rate = timed(time, batch, || {
        let answers = runtime.block_on(log.append(&at, vec![record.clone(); batch]));
        assert!(answers.iter().all(Result::is_ok));
    });
    log.shutdown();
    rate
}

/// Keys count up, as offsets do, which is what an LSM tree likes best; `persist` is its fdatasync.
fn fjall(folder: &Path, batch: usize, time: Duration) -> f64 {
    let database = fjall::Database::builder(folder.join("fjall")).open().expect("a database");
    let keyspace = database.keyspace("log", fjall::KeyspaceCreateOptions::default).expect("a keyspace");
    let mut offset = 0u64;
    timed(time, batch, || {
        let mut writes = database.batch().durability(Some(fjall::PersistMode::SyncData));
        for _ in 0..batch {
            writes.insert(&keyspace, offset.to_be_bytes(), [7u8; BYTES - 8]);
            offset += 1;
        }
        writes.commit().expect("commits");
    })
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "target/decisions".into()));
    let time = Duration::from_secs_f64(arguments.next().map_or(2.0, |text| text.parse().expect("seconds")));
    type Way = fn(&Path, usize, Duration) -> f64;
    let ways: [(&str, Way); 3] = [("raw write + fdatasync", raw), ("segments", segments), ("fjall batch", fjall)];
    println!("{:24} {:>12} {:>12} {:>12}", "records/s, best of 3", "batch 1", "batch 100", "batch 1000");
    let mut best = [[0f64; BATCHES.len()]; 3];
    for _ in 0..ROUNDS {
        for (column, batch) in BATCHES.into_iter().enumerate() {
            for (row, (_, way)) in ways.iter().enumerate() {
                let _ = fs::remove_dir_all(&folder);
                fs::create_dir_all(&folder).expect("a folder");
                best[row][column] = best[row][column].max(way(&folder, batch, time));
            }
        }
    }
    for ((name, _), [one, hundred, thousand]) in ways.iter().zip(best) {
        println!("{name:24} {one:12.0} {hundred:12.0} {thousand:12.0}");
    }
    fs::remove_dir_all(&folder).expect("removed");
}
