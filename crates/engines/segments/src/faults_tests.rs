//! What the log does when the disk fails or is slow, with calls that fail on demand.

use std::fs::File;
use std::io::{self, IoSlice};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use playhead_domain::{Offset, Timestamp};
use playhead_ports::{AppendError, Clock, EventLog, Most, Record, Topic, TopicPartition};

use crate::disk::Disk;
use crate::{Config, SegmentLog};

struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp(1)
    }
}

fn at() -> TopicPartition {
    TopicPartition::new(&Topic::new("events"), 0)
}

fn record(value: &str) -> Record {
    Record { value: value.to_owned().into(), ..Record::default() }
}

async fn open(folder: &Path, config: Config, disk: Disk) -> Arc<SegmentLog> {
    let log = SegmentLog::open_on(folder, config, Arc::new(StandingClock), disk).expect("opens");
    log.create(&at().topic, 1).await.expect("made");
    log
}

async fn append(log: &SegmentLog, value: &str) -> Result<Offset, AppendError> {
    log.append(&at(), vec![record(value)]).await.remove(0)
}

async fn values(log: &SegmentLog) -> Vec<String> {
    let mut reader = log.reader(&at(), Offset(0)).await.expect("a reader");
    let most = Most { records: 1_000, bytes: usize::MAX };
    let stored = reader.next(most, Duration::ZERO).await.expect("reads");
    stored.iter().map(|one| String::from_utf8(one.record.value.to_vec()).expect("text")).collect()
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(240);
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn pieces(file: &File, slices: &[IoSlice<'_>], position: u64) -> io::Result<usize> {
    let first = slices.iter().find(|slice| !slice.is_empty()).expect("something to write");
    let piece = &first[..first.len().min(5)];
    Ok(rustix::io::pwrite(file, piece, position)?)
}

#[tokio::test]
async fn short_writes_are_completed() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), Config::default(), Disk { write: pieces, ..Disk::default() }).await;
    for value in ["one", "two and a bit more", ""] {
        append(&log, value).await.expect("goes in");
    }
    assert_eq!(values(&log).await, ["one", "two and a bit more", ""]);
}

#[tokio::test]
async fn a_failed_write_is_cut_back_and_writing_goes_on() {
    static FULL: AtomicBool = AtomicBool::new(false);
    fn write(file: &File, slices: &[IoSlice<'_>], position: u64) -> io::Result<usize> {
        static HALVES: AtomicUsize = AtomicUsize::new(0);
        match FULL.load(Ordering::SeqCst) {
            true if HALVES.fetch_add(1, Ordering::SeqCst) % 2 == 1 => Err(io::ErrorKind::StorageFull.into()),
            true => pieces(file, slices, position),
            false => Ok(rustix::io::pwritev(file, slices, position)?),
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), Config::default(), Disk { write, ..Disk::default() }).await;
    let file = crate::files::segment_path(&folder.path().join("events/0"), 0);
    append(&log, "before").await.expect("goes in");
    let written_bytes = || {
        let bytes = std::fs::read(&file).expect("a file");
        bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
    };
    let size_bytes = written_bytes();
    FULL.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        let refused = append(&log, "refused").await;
        assert!(matches!(refused, Err(AppendError::Full(_))), "{refused:?}");
        assert_eq!(written_bytes(), size_bytes);
        assert_eq!(values(&log).await, ["before"]);
    }
    FULL.store(false, Ordering::SeqCst);
    assert_eq!(append(&log, "after").await, Ok(Offset(1)));
    drop(log);
    let log = open(folder.path(), Config::default(), Disk::default()).await;
    assert_eq!(values(&log).await, ["before", "after"]);
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_said_to_be_there() {
    static BROKEN: AtomicBool = AtomicBool::new(false);
    static TOLD: AtomicUsize = AtomicUsize::new(0);
    let disk = Disk {
        sync: |file| if BROKEN.load(Ordering::SeqCst) { Err(io::Error::other("gone")) } else { file.sync_data() },
        sync_failed: |_, _| {
            TOLD.fetch_add(1, Ordering::SeqCst);
        },
        ..Disk::default()
    };
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), Config::default(), disk).await;
    append(&log, "before").await.expect("goes in");
    BROKEN.store(true, Ordering::SeqCst);
    let unknown = append(&log, "perhaps").await;
    assert!(matches!(unknown, Err(AppendError::Unknown(_))), "{unknown:?}");
    BROKEN.store(false, Ordering::SeqCst);
    let refused = append(&log, "after").await;
    assert!(matches!(refused, Err(AppendError::Unavailable(_))), "a second sync proves nothing: {refused:?}");
    assert_eq!((TOLD.load(Ordering::SeqCst), values(&log).await), (1, vec!["before".to_owned()]));
    drop(log);
    let log = open(folder.path(), Config::default(), Disk::default()).await;
    assert_eq!(values(&log).await, ["before", "perhaps"], "here the disk had it");
}

#[tokio::test]
#[ignore = "the process that ends; the test beside it starts it"]
async fn the_process_that_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = Disk { sync: |_| Err(io::Error::other("gone")), ..Disk::default() };
    let log = open(folder.path(), Config::default(), disk).await;
    let answer = append(&log, "never answered").await;
    panic!("it goes on with {answer:?}");
}

#[test]
fn a_failed_sync_ends_the_process() {
    const SIGABRT: i32 = 6;
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["faults_tests::the_process_that_ends", "--exact", "--ignored", "--nocapture"])
        .output()
        .expect("runs");
    assert_eq!(output.status.signal(), Some(SIGABRT), "{}", String::from_utf8_lossy(&output.stderr));
}

#[expect(clippy::await_holding_lock, reason = "the lock stands for a slow disk, which is another thread's")]
#[tokio::test]
async fn what_gathers_during_a_sync_is_one_frame_and_unseen_before_its_own() {
    static SYNC: Mutex<()> = Mutex::new(());
    static SYNCING: AtomicUsize = AtomicUsize::new(0);
    let disk = Disk {
        sync: |file| {
            SYNCING.fetch_add(1, Ordering::SeqCst);
            let _slow = SYNC.lock();
            file.sync_data()
        },
        ..Disk::default()
    };
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config { queue_records_max: 10, ..Config::default() };
    let log = open(folder.path(), config, disk).await;
    let appending = |value: String| {
        let log = Arc::clone(&log);
        tokio::spawn(async move { append(&log, &value).await })
    };
    let slow = SYNC.lock();
    let first = appending("first".into());
    until("the first is being synced", || SYNCING.load(Ordering::SeqCst) == 1).await;
    let more: Vec<_> = (0..10).map(|n| appending(format!("{n}"))).collect();
    // They run before this task goes on: the runtime has one thread and a fair queue.
    tokio::task::yield_now().await;
    let refused = tokio::time::timeout(Duration::from_secs(240), append(&log, "too many")).await;
    assert_eq!(refused.expect("the refusal comes at once"), Err(AppendError::Busy));
    assert_eq!(log.bounds(&at()).await.expect("bounds").end, Offset(0), "written, but not durable: not to be seen");
    assert_eq!(values(&log).await, Vec::<String>::new());
    drop(slow);
    first.await.expect("an answer").expect("goes in");
    for append in more {
        append.await.expect("an answer").expect("goes in");
    }
    assert_eq!(values(&log).await.len(), 11);
    let report = SegmentLog::verify(folder.path()).expect("verifies");
    assert_eq!((report[0].frames, report[0].records), (2, 11));
}
