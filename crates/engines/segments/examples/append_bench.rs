//! Appends per second against a raw write and fdatasync of the same bytes in the same run.
//!
//! `cargo run --release -p playhead-segments --example append_bench [-- FOLDER [SECONDS]]`

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use playhead_domain::{Offset, Timestamp};
use playhead_ports::{Clock, EventLog, Most, Record, Topic, TopicPartition};
use playhead_segments::{Config, SegmentLog};

struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp(1_700_000_000_000)
    }
}

fn record(n: u64) -> Record {
    let key = bytes::Bytes::from(format!("viewer-{:06}", n % 100_000));
    let value = bytes::Bytes::from(vec![(n % 251) as u8; 87]);
    Record { key, value, time: Timestamp(1_700_000_000_000), headers: Vec::new() }
}

/// Writes and syncs `bytes` again and again: writes per second, and the middle and the 99th of 100 times, microseconds.
fn raw(path: &Path, bytes: usize, time: Duration) -> (f64, f64, f64) {
    let file = File::create(path).expect("a file");
    let payload = vec![7u8; bytes];
    let mut syncs_us = Vec::new();
    let started = Instant::now();
    while started.elapsed() < time {
        file.write_all_at(&payload, (syncs_us.len() * bytes) as u64).expect("writes");
        let at = Instant::now();
        file.sync_data().expect("syncs");
        syncs_us.push(at.elapsed().as_secs_f64() * 1e6);
    }
    let per_second = syncs_us.len() as f64 / started.elapsed().as_secs_f64();
    syncs_us.sort_by(f64::total_cmp);
    std::fs::remove_file(path).expect("removed");
    (per_second, syncs_us[syncs_us.len() / 2], syncs_us[syncs_us.len() * 99 / 100])
}

/// So many callers append batches of so many: records per second.
async fn appended(log: &Arc<SegmentLog>, at: &TopicPartition, callers: usize, batch: usize, time: Duration) -> f64 {
    let total = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (log, at, total) = (Arc::clone(log), at.clone(), Arc::clone(&total));
            tokio::spawn(async move {
                let template: Vec<Record> = (0..batch as u64).map(record).collect();
                while started.elapsed() < time {
                    let answers = log.append(&at, template.clone()).await;
                    assert!(answers.iter().all(Result::is_ok), "{:?}", answers[0]);
                    total.fetch_add(batch as u64, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a caller");
    }
    total.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64()
}

/// So many readers follow the log until it is `done`: how many records all of them read.
fn followers(log: &Arc<SegmentLog>, at: &TopicPartition, count: usize) -> Vec<tokio::task::JoinHandle<u64>> {
    let follow = |log: Arc<SegmentLog>, at: TopicPartition| async move {
        let mut reader = log.reader(&at, Offset(0)).await.expect("a reader");
        let mut total = 0;
        loop {
            let next =
                reader.next(Most { records: 4_000, bytes: 4 << 20 }, Duration::from_millis(300)).await.expect("reads");
            if next.is_empty() {
                return total;
            }
            total += next.len() as u64;
        }
    };
    (0..count).map(|_| tokio::spawn(follow(Arc::clone(log), at.clone()))).collect()
}

async fn read_all(log: &Arc<SegmentLog>, at: &TopicPartition) -> f64 {
    let mut reader = log.reader(at, Offset(0)).await.expect("a reader");
    let (started, mut total) = (Instant::now(), 0);
    loop {
        let next = reader.next(Most { records: 4_000, bytes: 4 << 20 }, Duration::ZERO).await.expect("reads");
        if next.is_empty() {
            return total as f64 / started.elapsed().as_secs_f64();
        }
        total += next.len();
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "target/append_bench".into()));
    let seconds = arguments.next().map_or(2.0, |seconds| seconds.parse().expect("seconds"));
    let time = Duration::from_secs_f64(seconds);
    std::fs::create_dir_all(&folder).expect("a folder");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let log = SegmentLog::open(&folder.join("log"), Config::default(), Arc::new(StandingClock)).expect("opens");
    runtime.block_on(async {
        for (number, (callers, batch, readers)) in [(1, 1, 0), (16, 1, 0), (64, 1, 0), (256, 1, 0), (256, 1, 3), (1, 1_000, 0), (4, 1_000, 0), (16, 1_000, 0), (16, 1_000, 3)].into_iter().enumerate() {
            let topic = Topic::new(&format!("bench-{number}"));
            log.create(&topic, 1).await.expect("made");
            let at = TopicPartition::new(&topic, 0);
            let followers = followers(&log, &at, readers);
            let per_second = appended(&log, &at, callers, batch, time).await;
            let mut followed = Vec::new();
            for follower in followers {
                followed.push(follower.await.expect("a reader"));
            }
            let frame = callers * batch * 110;
            let (writes, p50_us, p99_us) = raw(&folder.join("raw"), frame, time / 2);
            let ceiling = writes * (callers * batch) as f64;
            println!(
                "{callers:4} callers x {batch:4}: {per_second:9.0} records/s; raw {ceiling:9.0} (fdatasync p50 {p50_us:.0} us, p99 {p99_us:.0} us); ratio {:.2}",
                per_second / ceiling
            );
            if readers > 0 {
                println!("     with {readers} readers following, who read {followed:?} records");
            } else if batch > 1 {
                println!("     read back: {:9.0} records/s", read_all(&log, &at).await);
            }
        }
    });
    drop(log);
    for report in SegmentLog::verify(&folder.join("log")).expect("verifies") {
        println!("{}: {:.1} records a frame", report.at, report.records as f64 / report.frames.max(1) as f64);
    }
    std::fs::remove_dir_all(&folder).expect("removed");
}
