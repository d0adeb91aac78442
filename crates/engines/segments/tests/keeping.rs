//! What the log keeps and deletes: retention with holds, skipped offsets, copies and backups.

mod support;

use playhead_domain::{Offset, Timestamp};
use playhead_ports::{AppendError, EventLog, LogError, Most};
use playhead_segments::Config;
use support::*;

const DAY_MS: i64 = 86_400_000;

/// Small segments, so that a few records close one.
fn small() -> Config {
    Config { segment_bytes: 400, retention_bytes: 2_000, min_free_bytes: 0, ..Config::default() }
}

/// The same, but it keeps everything.
fn roomy() -> Config {
    Config { retention_bytes: 64 << 30, ..small() }
}

fn numbered(range: std::ops::Range<usize>) -> impl Iterator<Item = String> {
    range.map(|n| format!("value {n:04}"))
}

fn now() -> Timestamp {
    Timestamp(1_700_000_000_000)
}

async fn start(log: &dyn EventLog) -> Offset {
    log.bounds(&at()).await.expect("bounds").start
}

#[tokio::test]
async fn nothing_is_deleted_that_nobody_has_spoken_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), Config { retention_age_ms: 1, ..roomy() });
    made(&log).await;
    append_each(&log, numbered(0..60)).await;
    log.sweep(now().plus_ms(90 * DAY_MS));
    assert_eq!(start(&*log).await, Offset(0));
    log.hold(&at(), "nobody", Offset(u64::MAX)).expect("holds");
    log.sweep(now().plus_ms(180 * DAY_MS));
    let bounds = log.bounds(&at()).await.expect("bounds");
    assert_eq!((bounds.start, bounds.end), (Offset(60), Offset(60)), "an old active segment is closed and deleted too");
}

#[tokio::test]
async fn age_deletes_whole_segments_below_the_slowest_consumer() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), roomy());
    made(&log).await;
    append_each(&log, numbered(0..60)).await;
    log.hold(&at(), "fast", Offset(55)).expect("holds");
    log.hold(&at(), "slow", Offset(20)).expect("holds");
    log.sweep(now().plus_ms(29 * DAY_MS));
    assert_eq!(start(&*log).await, Offset(0), "not old enough");
    log.sweep(now().plus_ms(31 * DAY_MS));
    let held = start(&*log).await;
    assert!(held > Offset(0) && held <= Offset(20), "{held}");
    assert_eq!(read_all(&log).await.first().map(|stored| stored.offset), Some(held));
    assert_eq!(log.reader(&at(), Offset(0)).await.err(), Some(LogError::Trimmed { start: held }));
    drop(log);
    let log = open(folder.path(), roomy());
    assert_eq!(start(&*log).await, held, "and after opening again");
    assert_eq!(read_all(&log).await.len() as u64, 60 - held.0);
}

#[tokio::test]
async fn size_deletes_the_oldest_and_refuses_writing_past_the_slowest_consumer() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), small());
    made(&log).await;
    log.hold(&at(), "fast", Offset(u64::MAX)).expect("holds");
    append_each(&log, numbered(0..200)).await;
    let trimmed = start(&*log).await;
    assert!(trimmed > Offset(100), "deleted on the way: {trimmed}");

    log.hold(&at(), "slow", trimmed).expect("holds");
    let mut taken = 0;
    let refused = loop {
        match append_one(&log, format!("more {taken:04}")).await {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 200, "it is never full");
    };
    assert!(matches!(refused, AppendError::Full(_)), "{refused:?}");
    assert_eq!(start(&*log).await, trimmed, "nothing that is held was deleted");
    assert_eq!(read_all(&log).await.len() as u64, 200 - trimmed.0 + taken, "reads go on");

    log.hold(&at(), "slow", log.bounds(&at()).await.expect("bounds").end).expect("holds");
    append_one(&log, "again").await.expect("writes go on once it was read");
}

#[tokio::test]
async fn a_reader_that_was_overtaken_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), small());
    made(&log).await;
    append_each(&log, numbered(0..20)).await;
    let most = Most { records: 1, bytes: usize::MAX };
    let mut reader = log.reader(&at(), Offset(0)).await.expect("a reader");
    assert_eq!(reader.next(most, std::time::Duration::ZERO).await.expect("reads").len(), 1);
    log.hold(&at(), "other", Offset(u64::MAX)).expect("holds");
    let start = log.seal_and_trim(&at(), Offset(20)).expect("trims");
    assert_eq!(start, Offset(20));
    // What it had open it may read to its end; then it is told, and never skips.
    let mut next = 1;
    let told = loop {
        match reader.next(most, std::time::Duration::ZERO).await {
            Ok(stored) => {
                assert_eq!(stored[0].offset, Offset(next));
                next += 1;
            }
            Err(error) => break error,
        }
    };
    assert_eq!(told, LogError::Trimmed { start });
}

#[tokio::test]
async fn compaction_spares_what_is_held() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), roomy());
    made(&log).await;
    append_each(&log, numbered(0..40)).await;
    log.hold(&at(), "slow", Offset(17)).expect("holds");
    let start = log.seal_and_trim(&at(), Offset(40)).expect("trims");
    assert!(start <= Offset(17) && start > Offset(0), "{start}");
    log.hold(&at(), "slow", Offset(40)).expect("holds");
    assert_eq!(log.seal_and_trim(&at(), Offset(40)).expect("trims"), Offset(40));
    assert_eq!(segment_files(folder.path()).len(), 1);
    assert_eq!(append_one(&log, "next").await, Ok(Offset(40)));
    drop(log);
    assert_eq!(read_all(&open(folder.path(), roomy())).await.len(), 1);
}

#[tokio::test]
async fn skipped_offsets_are_never_given() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), roomy());
    made(&log).await;
    log.skip_to(&at(), Offset(0)).expect("nothing to skip");
    append_each(&log, numbered(0..3)).await;
    log.skip_to(&at(), Offset(2)).expect("nothing to skip");
    log.skip_to(&at(), Offset(100)).expect("skips");
    assert_eq!(log.bounds(&at()).await.expect("bounds").end, Offset(100));
    drop(log);
    let log = open(folder.path(), roomy());
    log.skip_to(&at(), Offset(150)).expect("skips an empty segment");
    drop(log);
    let log = open(folder.path(), roomy());
    let mut waiting = log.reader(&at(), Offset(3)).await.expect("a reader in the gap");
    assert_eq!(append_one(&log, "after").await, Ok(Offset(150)));
    let offsets = |all: &[playhead_ports::Stored]| all.iter().map(|stored| stored.offset.0).collect::<Vec<_>>();
    assert_eq!(offsets(&read_all(&log).await), [0, 1, 2, 150]);
    let most = Most { records: 9, bytes: usize::MAX };
    assert_eq!(offsets(&waiting.next(most, std::time::Duration::ZERO).await.expect("reads")), [150]);
}

#[tokio::test]
async fn an_older_copy_goes_on_past_the_checkpoints() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), roomy());
    made(&log).await;
    append_each(&log, numbered(0..10)).await;
    drop(log);
    let older = tempfile::tempdir().expect("a folder");
    copy_folder(folder.path(), older.path());
    let log = open(folder.path(), roomy());
    append_each(&log, numbered(10..30)).await;
    let bounds = log.bounds(&at()).await.expect("bounds");
    drop(log);

    let log = open(older.path(), roomy());
    let restored = log.bounds(&at()).await.expect("bounds");
    assert_eq!((&restored.log_id, restored.end), (&bounds.log_id, Offset(10)), "the same log, but shorter: that tells");
    log.skip_to(&at(), bounds.end).expect("skips");
    assert_eq!(append_one(&log, "after").await, Ok(bounds.end));
}

#[tokio::test]
async fn opening_again_gives_the_same_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut written = Vec::new();
    let mut identity = None;
    for round in 0..5 {
        let log = open(folder.path(), roomy());
        log.create(&topic(), 1).await.expect("there or made");
        written.extend(append_each(&log, numbered(round * 13..(round + 1) * 13)).await);
        let bounds = log.bounds(&at()).await.expect("bounds");
        assert_eq!(identity.get_or_insert(bounds.log_id.clone()), &bounds.log_id);
        let all = read_all(&log).await;
        assert!(all.iter().map(|stored| stored.offset).eq(written.iter().copied()));
        assert!(all.iter().map(text).eq(numbered(0..(round + 1) * 13)));
    }
}

#[tokio::test]
async fn a_snapshot_taken_while_writing_opens_with_what_was_durable() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), roomy());
    made(&log).await;
    append_each(&log, numbered(0..50)).await;
    let files = log.snapshot_files(&at(), Offset(30)).expect("a snapshot");
    append_each(&log, numbered(50..55)).await;
    let copy = tempfile::tempdir().expect("a folder");
    for file in &files {
        let target = copy.path().join(&file.path);
        std::fs::create_dir_all(target.parent().expect("a folder")).expect("made");
        let mut bytes = std::fs::read(folder.path().join(&file.path)).expect("read");
        bytes.truncate(usize::try_from(file.size_bytes).expect("small"));
        std::fs::write(target, bytes).expect("written");
    }
    let copied = open(copy.path(), roomy());
    let all = read_all(&copied).await;
    assert!(all.first().expect("some").offset <= Offset(30));
    assert_eq!(all.last().expect("some").offset, Offset(49));
    let (ours, theirs) = (log.bounds(&at()).await, copied.bounds(&at()).await);
    assert_eq!(ours.expect("bounds").log_id, theirs.expect("bounds").log_id);
}

#[tokio::test]
async fn shutting_down_answers_what_waits_and_takes_no_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), Config::default());
    made(&log).await;
    let appends: Vec<_> = (0..20)
        .map(|n| {
            let log = std::sync::Arc::clone(&log);
            tokio::spawn(async move { append_one(&log, format!("{n}")).await })
        })
        .collect();
    tokio::task::yield_now().await;
    let closing = std::sync::Arc::clone(&log);
    tokio::task::spawn_blocking(move || closing.shutdown()).await.expect("shuts down");
    let mut acknowledged = 0;
    for append in appends {
        match append.await.expect("an answer") {
            Ok(_) => acknowledged += 1,
            Err(error) => assert!(matches!(error, AppendError::Unavailable(_)), "{error:?}"),
        }
    }
    assert!(matches!(append_one(&log, "late").await, Err(AppendError::Unavailable(_))));
    assert_eq!(read_all(&open(folder.path(), Config::default())).await.len(), acknowledged);
}

/// As two consumers do that meet their first bad records at once.
#[test]
fn a_topic_that_many_make_at_once_is_opened_once() {
    const MAKERS: usize = 8;
    for _ in 0..20 {
        let folder = tempfile::tempdir().expect("a folder");
        let log = open(folder.path(), roomy());
        let begin = std::sync::Barrier::new(MAKERS);
        let run = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            begin.wait();
            runtime.block_on(async {
                made(&log).await;
                append_one(&log, "a value").await.expect("goes in").0
            })
        };
        let mut offsets: Vec<u64> = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..MAKERS).map(|_| scope.spawn(run)).collect();
            makers.into_iter().map(|maker| maker.join().expect("no panic")).collect()
        });
        offsets.sort_unstable();
        assert_eq!(offsets, (0..MAKERS as u64).collect::<Vec<_>>());
        log.shutdown();
    }
}

#[tokio::test]
async fn impossible_names_and_settings_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(try_open(folder.path(), Config { queue_bytes_max: 0, ..Config::default() }).is_err());
    assert!(try_open(folder.path(), Config { retention_bytes: 5, ..Config::default() }).is_err());
    let log = open(folder.path(), Config::default());
    for name in ["", "..", ".hidden", "a/b", "Upper", &"x".repeat(201)] {
        assert!(log.create(&playhead_ports::Topic::new(name), 1).await.is_err(), "{name:?}");
    }
    assert!(log.create(&topic(), 0).await.is_err());
    assert_eq!(log.topics(), []);
}

#[tokio::test]
async fn any_offset_is_found_in_a_large_log() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let folder = tempfile::tempdir().expect("a folder");
    // A few segments, each with many stretches of its index.
    let config = Config { segment_bytes: 1_000_000, ..Config::default() };
    let log = open(folder.path(), config.clone());
    made(&log).await;
    let mut end = 0;
    while end < 30_000 {
        let batch = (0..random.usize(1..300)).map(|n| record(format!("{:07} {}", end + n, "x".repeat(100))));
        let batch: Vec<_> = batch.collect();
        end += batch.len();
        assert!(log.append(&at(), batch).await.iter().all(Result::is_ok));
    }
    let check = async |log: &playhead_segments::SegmentLog, from: usize| {
        let mut reader = log.reader(&at(), Offset(from as u64)).await.expect("a reader");
        let most = Most { records: 700, bytes: usize::MAX };
        let stored = reader.next(most, std::time::Duration::ZERO).await.expect("reads");
        assert_eq!(stored.len(), 700.min(end - from));
        for (one, n) in stored.iter().zip(from..) {
            assert_eq!(one.offset, Offset(n as u64));
            assert!(text(one).starts_with(&format!("{n:07} ")), "{n}");
        }
    };
    for _ in 0..50 {
        check(&log, random.usize(..end)).await;
    }
    drop(log);
    let indexes_are_kept = open(folder.path(), config.clone());
    for _ in 0..50 {
        check(&indexes_are_kept, random.usize(..end)).await;
    }
    drop(indexes_are_kept);
    for segment in segment_files(folder.path()) {
        let _ = std::fs::remove_file(segment.with_extension("idx"));
    }
    let indexes_are_made_again = open(folder.path(), config);
    for _ in 0..50 {
        check(&indexes_are_made_again, random.usize(..end)).await;
    }
}
