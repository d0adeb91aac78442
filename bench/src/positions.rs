//! Reads and writes through the whole program while many positions are stored.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use fastrand::Rng;
use playhead_domain::{Kind, Moment, Offset, PlayId, State, Timestamp, UserId, VideoId};
use playhead_fjall::{Config, FjallStore};
use playhead_ports::{Base as _, Clock as _, Fold};
use playhead_system::SystemClock;

use crate::ground::Ground;
use crate::raw_http::{Drive, Driven, drive};
use crate::report::{Row, Section};
use crate::server::{Buckets, Server, own_resident_mib};

const VIDEOS_PER_USER: u64 = 10;
const FOLD: u64 = 20_000;
const WRITERS: usize = 64;
const WRITE_EVERY: Duration = Duration::from_millis(8);
const READERS: usize = 4;
const READ_EVERY: Duration = Duration::from_millis(16);

pub(crate) fn run(ground: &Ground) -> anyhow::Result<Section> {
    let mut section = Section::new(
        "Many stored positions",
        "The base is filled before the server starts on it; then 8,000 writes/s and 250 reads/s of positions at random \
         among all that are stored, over HTTP. A fold is the batch of half a second, from reading the log to the commit: \
         the bucket of `/metrics` that it lies in.",
    );
    for stored in ground.pick([20_000, 40_000], [1_000_000, 20_000_000]) {
        measure(ground, stored, &mut section)?;
    }
    Ok(section)
}

fn measure(ground: &Ground, stored: u64, section: &mut Section) -> anyhow::Result<()> {
    let folder = ground.new_folder()?;
    let began = Instant::now();
    let size_mib = fill(&folder.path().join("data").join("positions"), stored)?;
    let filled_s = began.elapsed().as_secs_f64();
    let server = Server::start_on(ground, folder)?;
    let (empty_mib, before) = (server.resident_mib(), server.metrics()?);
    let at = server.program.http_address();
    let time = ground.pick(Duration::from_secs(2), Duration::from_secs(20));
    let (writes, reads) = std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut random = Rng::with_seed(1);
            let how = Drive { connections: WRITERS, time, every: Some(WRITE_EVERY) };
            drive(at, how, |into| put(into, random.u64(0..stored)))
        });
        let reading = scope.spawn(|| {
            let mut random = Rng::with_seed(2);
            let how = Drive { connections: READERS, time, every: Some(READ_EVERY) };
            drive(at, how, |into| get(into, random.u64(0..stored)))
        });
        (writing.join(), reading.join())
    });
    let joined = |driven: std::thread::Result<anyhow::Result<Driven>>| driven.ok().context("a driver panicked")?;
    let (writes, reads) = (joined(writes)?, joined(reads)?);
    ensure!(writes.failed + reads.failed == 0, "{} writes and {} reads failed", writes.failed, reads.failed);
    let after = server.metrics()?;
    let folds = |metrics: &str| Buckets::of(metrics, "playhead_sink_batch_seconds", &["sink=\"positions\""]);
    let fold_ms = |share| anyhow::Ok(folds(&after).bound_s(&folds(&before), share)? * 1e3);
    let millions = stored as f64 / 1e6;
    let mut row = |what: &str, measured: f64, notes: String| {
        section.push(Row::new(format!("{millions} M: {what}"), measured).notes(notes));
    };
    row("read p50, ms", reads.p50_ms, format!("{:.0} reads/s", reads.per_s));
    row("read p99, ms", reads.p99_ms, String::new());
    row("write p50, ms", writes.p50_ms, format!("{:.0} writes/s", writes.per_s));
    row("write p99, ms", writes.p99_ms, String::new());
    row("fold p50, ms at most", fold_ms(0.5)?, String::new());
    row("fold p99, ms at most", fold_ms(0.99)?, String::new());
    let memory = format!("{empty_mib} MiB as it started");
    row("memory of the server, MiB", server.resident_mib() as f64, memory);
    row("files of the base, MiB", size_mib as f64, format!("filled in {filled_s:.0} s by folds of {FOLD}"));
    Ok(())
}

/// Stores so many positions; the size of the files, MiB.
fn fill(folder: &std::path::Path, stored: u64) -> anyhow::Result<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::fs::create_dir_all(folder)?;
    let store = FjallStore::open(folder, &Config::default())?;
    let base = store.base();
    let began_ms = SystemClock.now().0 - 86_400_000;
    runtime.block_on(async {
        for first in (0..stored).step_by(usize::try_from(FOLD)?) {
            let joins = (first..(first + FOLD).min(stored)).map(|n| {
                let (user, video) = ids(n);
                (UserId::from_stored(&user), VideoId::from_stored(&video), state(n, began_ms))
            });
            base.fold(Fold { forgets: Vec::new(), joins: joins.collect() }, &[]).await?;
        }
        eprintln!("{stored} positions stored, {} MiB of memory of the filler", own_resident_mib());
        Ok(store.size_bytes().await? >> 20)
    })
}

fn ids(n: u64) -> (String, String) {
    (format!("viewer-{:08}", n / VIDEOS_PER_USER), format!("video-{:06}", n % VIDEOS_PER_USER))
}

fn state(n: u64, began_ms: i64) -> State {
    let moment = Moment {
        seq: 1,
        event_time: Timestamp(began_ms),
        position_ms: n % 5_400_000,
        kind: Kind::Progress,
        duration_ms: Some(5_400_000),
    };
    State::of_event(PlayId::from_stored(&format!("play-{n:016x}")), moment, Offset(0))
}

fn put(into: &mut Vec<u8>, n: u64) {
    use std::io::Write as _;
    let (user, video) = ids(n);
    let body = format!(r#"{{"event_time":{},"position_ms":{}}}"#, SystemClock.now().0, n % 5_400_000);
    let written = write!(
        into,
        "PUT /v1/users/{user}/positions/{video} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    written.expect("memory takes all");
}

fn get(into: &mut Vec<u8>, n: u64) {
    let (user, video) = ids(n);
    into.extend(format!("GET /v1/users/{user}/positions/{video} HTTP/1.1\r\nhost: bench\r\n\r\n").into_bytes());
}
