//! How quickly batches fold into a million stored positions, and how long a read takes meanwhile.
//!
//! `cargo run --release -p playhead-fjall --example fold_bench [STORED]`. It prints a table; nothing is asserted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use playhead_domain::{Kind, Moment, Offset, PlayId, State, Timestamp, UserId, VideoId};
use playhead_fjall::{Config, FjallBase, FjallStore};
use playhead_ports::{Advance, Base, Fold, Topic, TopicPartition};

const BATCH: u64 = 4_000;
const VIDEOS_PER_USER: u64 = 10;
const SECONDS: u64 = 6;
/// The rate that positions are promised to be readable at.
const PACED_PER_S: u64 = 8_000;

fn key(n: u64) -> (UserId, VideoId) {
    let (user, video) = (n / VIDEOS_PER_USER, n % VIDEOS_PER_USER);
    (UserId::from_stored(&format!("viewer-{user:08}")), VideoId::from_stored(&format!("video-{video:06}")))
}

fn state(offset: u64) -> State {
    let moment = Moment {
        seq: offset,
        event_time: Timestamp(1_700_000_000_000 + offset.cast_signed()),
        position_ms: offset % 5_400_000,
        kind: Kind::Progress,
        duration_ms: Some(5_400_000),
    };
    State::of_event(PlayId::from_stored(&format!("play-{:016x}", offset % 3)), moment, Offset(offset))
}

async fn fold(base: &FjallBase, keys: impl Iterator<Item = u64>, next: &AtomicU64) {
    let from = next.load(Ordering::Relaxed);
    let joins: Vec<_> = keys.map(key).map(|(user, video)| (user, video, state(from))).collect();
    let log_id = "bench".parse().expect("any text is a log's id");
    let at = TopicPartition::new(&Topic::new("bench"), 0);
    let advance = Advance { at, log_id, from: Offset(from), to: Offset(from + 1) };
    base.fold(Fold { forgets: vec![], joins }, &[advance]).await.expect("folds");
    next.store(from + 1, Ordering::Relaxed);
}

fn line(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 1_000].as_secs_f64() * 1e6;
    println!(
        "{name:<44} n {:>7}  p50 {:>8.1} us  p99 {:>8.1} us  p99.9 {:>8.1} us",
        times.len(),
        at(500),
        at(990),
        at(999)
    );
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) / 1_024
}

/// Reads at random, one at a time with a pause between, until told to stop.
async fn read(base: FjallBase, stored: u64, stop: Arc<AtomicBool>, blocking: bool) -> Vec<Duration> {
    let mut random = fastrand::Rng::with_seed(2);
    let mut times = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let (user, video) = key(random.u64(0..stored));
        let began = Instant::now();
        let found = if blocking {
            let (base, runtime) = (base.clone(), tokio::runtime::Handle::current());
            let read = move || runtime.block_on(base.get(&user, &[video]));
            tokio::task::spawn_blocking(read).await.expect("no panic")
        } else {
            base.get(&user, &[video]).await
        };
        times.push(began.elapsed());
        assert!(found.expect("reads")[0].is_some());
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
    times
}

/// Folds random keys for some seconds beside two readers, one of each kind.
async fn measure(name: &str, base: &FjallBase, stored: u64, next: &AtomicU64, pace: Option<Duration>) {
    let stop = Arc::new(AtomicBool::new(false));
    let readers = [false, true].map(|blocking| tokio::spawn(read(base.clone(), stored, Arc::clone(&stop), blocking)));
    let mut random = fastrand::Rng::with_seed(1);
    let began = Instant::now();
    let mut folds = Vec::new();
    let mut due = tokio::time::interval(pace.unwrap_or(Duration::from_nanos(1)));
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while began.elapsed() < Duration::from_secs(SECONDS) {
        if pace.is_some() {
            due.tick().await;
        }
        let keys: Vec<_> = (0..BATCH).map(|_| random.u64(0..stored)).collect();
        let fold_began = Instant::now();
        fold(base, keys.into_iter(), next).await;
        folds.push(fold_began.elapsed());
    }
    let per_s = (folds.len() as u64 * BATCH) as f64 / began.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    println!("{name}: {per_s:.0} positions/s, {} MiB resident", resident_mib());
    line("  fold of 4,000 random keys", folds);
    for (how, reader) in ["  get, on the caller's thread", "  get, by spawn_blocking"].into_iter().zip(readers) {
        line(how, reader.await.expect("no panic"));
    }
}

#[tokio::main]
async fn main() {
    let stored: u64 = std::env::args().nth(1).map_or(1_000_000, |text| text.parse().expect("a count of positions"));
    let dir = tempfile::tempdir().expect("a folder");
    let store = FjallStore::open(dir.path(), &Config::default()).expect("opens");
    let (base, next) = (store.base(), AtomicU64::new(0));
    let began = Instant::now();
    for first in (0..stored).step_by(20_000) {
        fold(&base, first..(first + 20_000).min(stored), &next).await;
    }
    let size_mib = store.size_bytes().await.expect("reads") >> 20;
    println!("{stored} positions stored in {:.1} s, {size_mib} MiB of files", began.elapsed().as_secs_f64());
    let pace = Duration::from_millis(BATCH * 1_000 / PACED_PER_S);
    measure("at 8,000/s", &base, stored, &next, Some(pace)).await;
    measure("without pause", &base, stored, &next, None).await;
    let began = Instant::now();
    store.compact().await.expect("compacts");
    let size_mib = store.size_bytes().await.expect("reads") >> 20;
    println!("compact: {:.1} s, {size_mib} MiB of files", began.elapsed().as_secs_f64());
}
