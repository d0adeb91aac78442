//! Files cut at every byte and with flipped bits: the log opens to its last whole frame or says what is broken, never drops a
//! good frame silently, and after a repair has all that was whole.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use playhead_domain::Offset;
use playhead_ports::{EventLog, LogError};
use playhead_segments::SegmentLog;
use support::*;

const HEADER_BYTES: u64 = 64;

/// Where a record's frame lies; each has one of its own.
#[derive(Debug, Clone)]
struct Frame {
    offset: Offset,
    value: String,
    file: PathBuf,
    bytes: std::ops::Range<u64>,
}

/// A closed log of some segments in a folder, and its frames.
struct Original {
    folder: tempfile::TempDir,
    frames: Vec<Frame>,
    end: Offset,
}

impl Original {
    async fn new(records: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let log = open(folder.path(), tiny());
        made(&log).await;
        let mut frames: Vec<Frame> = Vec::new();
        for n in 0..records {
            let value = format!("value {n} {}", "x".repeat(n % 17));
            let offset = append_one(&log, value.clone()).await.expect("goes in");
            let files = log.snapshot_files(&at(), Offset(0)).expect("files");
            let segment = files.into_iter().rfind(|file| file.path.extension().is_some_and(|of| of == "seg"));
            let segment = segment.expect("a segment");
            let (file, end) = (segment.path, segment.size_bytes);
            let start = frames.last().filter(|last| last.file == file).map_or(HEADER_BYTES, |last| last.bytes.end);
            frames.push(Frame { offset, value, file, bytes: start..end });
        }
        drop(log);
        let end = frames.last().expect("some").offset.next();
        Self { folder, frames, end }
    }

    fn copy(&self) -> tempfile::TempDir {
        let copy = tempfile::tempdir().expect("a folder");
        copy_folder(self.folder.path(), copy.path());
        copy
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self.frames.iter().map(|frame| frame.file.clone()).collect();
        files.dedup();
        files
    }

    fn active(&self) -> PathBuf {
        self.files().pop().expect("a segment")
    }

    fn values<'a>(&'a self, which: impl Fn(&Frame) -> bool + 'a) -> BTreeMap<Offset, String> {
        self.frames.iter().filter(|frame| which(frame)).map(|frame| (frame.offset, frame.value.clone())).collect()
    }
}

/// What was done to one file.
#[derive(Debug, Clone)]
enum Damage {
    Cut(u64),
    Flip(u64, u8),
}

impl Damage {
    fn apply(&self, path: &Path) {
        let mut bytes = fs::read(path).expect("read");
        match self {
            Self::Cut(at) => bytes.truncate(usize::try_from(*at).expect("small")),
            Self::Flip(at, bit) => bytes[usize::try_from(*at).expect("small")] ^= 1 << bit,
        }
        fs::write(path, bytes).expect("written");
    }

    /// Whether these bytes are no longer what they were.
    fn hits(&self, bytes: &std::ops::Range<u64>) -> bool {
        match self {
            Self::Cut(at) => bytes.end > *at,
            Self::Flip(at, _) => bytes.contains(at),
        }
    }
}

async fn values(log: &SegmentLog) -> BTreeMap<Offset, String> {
    read_all(log).await.iter().map(|stored| (stored.offset, text(stored))).collect()
}

/// Reads until the end or an error: what was read, and the error, which must come again.
async fn read_until_broken(log: &SegmentLog) -> (BTreeMap<Offset, String>, Option<LogError>) {
    use playhead_ports::Most;
    let mut reader = log.reader(&at(), Offset(0)).await.expect("a reader");
    let mut all = BTreeMap::new();
    loop {
        let most = Most { records: 7, bytes: usize::MAX };
        match reader.next(most, std::time::Duration::ZERO).await {
            Ok(next) if next.is_empty() => return (all, None),
            Ok(next) => all.extend(next.iter().map(|stored| (stored.offset, text(stored)))),
            Err(error) => {
                assert_eq!(reader.next(most, std::time::Duration::ZERO).await, Err(error.clone()));
                return (all, Some(error));
            }
        }
    }
}

/// The law: what is whole is there or its absence is told; and a repair keeps all of it.
async fn check(original: &Original, file: &Path, damage: Damage, with_index: bool) {
    let case = format!("{damage:?} of {} with_index={with_index}", file.display());
    let copy = original.copy();
    let path = copy.path().join(file);
    damage.apply(&path);
    if !with_index {
        let _ = fs::remove_file(path.with_extension("idx"));
    }
    let hit = |frame: &Frame| frame.file == file && damage.hits(&frame.bytes);
    let whole = original.values(|frame| !hit(frame));
    let told = match try_open(copy.path(), tiny()) {
        Err(error) => error,
        Ok(log) => match read_until_broken(&log).await {
            (read, None) => {
                // Only the last frames of the last file may be missing, and only those that were hit.
                assert_eq!(read, whole, "{case}");
                let first_hit = original.frames.iter().position(hit).unwrap_or(original.frames.len());
                assert!(
                    original.frames[first_hit..].iter().all(|frame| hit(frame) && frame.file == original.active()),
                    "{case}"
                );
                return go_on(original, &log, &case).await;
            }
            (read, Some(error)) => {
                assert!(read.iter().all(|(offset, value)| whole.get(offset) == Some(value)), "{case}");
                let expected = original.values(|frame| {
                    original.frames.iter().take_while(|other| !hit(other)).any(|other| other.offset == frame.offset)
                });
                assert_eq!(read, expected, "everything before the break is given: {case}");
                error
            }
        },
    };
    let LogError::Broken(message) = &told else { panic!("{case}: {told}") };
    let names_the_file = message.contains(file.file_name().and_then(|name| name.to_str()).expect("a name"));
    assert!(names_the_file || message.contains("does not follow"), "{case}: {message}");
    assert!(message.contains("playhead log repair"), "{case}: {message}");
    let found = SegmentLog::verify(copy.path()).expect("verifies");
    assert!(!found[0].damage.is_empty(), "{case}");

    let report = SegmentLog::repair(copy.path()).expect("repairs");
    assert!(!report.quarantined.is_empty(), "{case}");
    let log = open(copy.path(), tiny());
    assert_eq!(values(&log).await, whole, "after the repair: {case}");
    go_on(original, &log, &case).await;
    drop(log);
    let found = SegmentLog::verify(copy.path()).expect("verifies");
    assert!(found[0].damage.is_empty(), "{case}: {found:?}");
    assert_eq!(SegmentLog::repair(copy.path()).expect("repairs").quarantined, [], "{case}");
}

/// With the checkpoints told, no offset is given twice.
async fn go_on(original: &Original, log: &SegmentLog, case: &str) {
    log.skip_to(&at(), original.end).expect("skips");
    let offset = append_one(log, "after").await.expect("goes in");
    assert!(offset >= original.end, "{case}: {offset} was given before");
    assert_eq!(values(log).await.get(&offset).map(String::as_str), Some("after"), "{case}");
}

#[tokio::test]
async fn the_last_file_may_be_cut_at_any_byte() {
    let original = Original::new(12).await;
    let size = original.frames.last().expect("some").bytes.end;
    for byte in 0..size {
        check(&original, &original.active(), Damage::Cut(byte), true).await;
    }
}

#[tokio::test]
async fn any_file_may_be_cut_anywhere() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let original = Original::new(30).await;
    for _ in 0..60 {
        let file = original.files()[random.usize(..original.files().len())].clone();
        let size = original.folder.path().join(&file).metadata().expect("a file").len();
        check(&original, &file, Damage::Cut(random.u64(..size)), random.bool()).await;
    }
}

#[tokio::test]
async fn any_bit_may_flip() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let original = Original::new(30).await;
    for _ in 0..150 {
        let file = original.files()[random.usize(..original.files().len())].clone();
        let size = original.folder.path().join(&file).metadata().expect("a file").len();
        // The checksum covers 48 bytes of the header; what pads it means nothing.
        let byte = [random.u64(..48), random.u64(HEADER_BYTES..size)][random.usize(..2)];
        check(&original, &file, Damage::Flip(byte, random.u8(..8)), random.bool()).await;
    }
}

#[tokio::test]
async fn noise_after_the_last_frame_is_cut() {
    let original = Original::new(5).await;
    for noise in [
        vec![0; 70_000],
        vec![0xff; 3],
        fs::read(original.folder.path().join(original.active())).expect("read")[..90].to_vec(),
    ] {
        let copy = original.copy();
        let path = copy.path().join(original.active());
        let mut bytes = fs::read(&path).expect("read");
        bytes.extend(&noise);
        fs::write(&path, bytes).expect("written");
        let log = open(copy.path(), tiny());
        assert_eq!(values(&log).await, original.values(|_| true));
        go_on(&original, &log, "noise").await;
    }
}

#[tokio::test]
async fn a_record_that_looks_like_a_frame_is_none() {
    let original = Original::new(3).await;
    let inside = fs::read(original.folder.path().join(original.active())).expect("read");
    // Another log has another salt; its frames inside a torn record do not make the tail a broken middle.
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), support::tiny());
    made(&log).await;
    append_one(&log, "good").await.expect("goes in");
    let record = playhead_ports::Record { value: inside.into(), ..record("") };
    log.append(&at(), vec![record]).await.remove(0).expect("goes in");
    drop(log);
    let path = segment_files(folder.path()).pop().expect("a segment");
    let size = path.metadata().expect("a file").len();
    Damage::Cut(size - 1).apply(&path);
    assert_eq!(values(&open(folder.path(), support::tiny())).await.into_values().collect::<Vec<_>>(), ["good"]);
}

/// As a restore does, so that no offset is given twice.
#[tokio::test]
async fn a_jump_after_broken_bytes_is_not_lost_with_them() {
    const JUMP: u64 = 1 << 32;
    let original = Original::new(12).await;
    let log = open(original.folder.path(), tiny());
    log.skip_to(&at(), Offset(original.end.0 + JUMP)).expect("jumps");
    let after = append_one(&log, "after the jump".to_owned()).await.expect("goes in");
    drop(log);
    let last = original.frames.last().expect("some");
    Damage::Flip(last.bytes.start + 30, 3).apply(&original.folder.path().join(&last.file));
    let report = SegmentLog::repair(original.folder.path()).expect("repairs");
    let [gap] = &report.quarantined[..] else { panic!("{report:?}") };
    let most = (last.bytes.end - last.bytes.start) / 2;
    assert_eq!((gap.lost_from, gap.next), (last.offset, after), "{gap:?}");
    assert!(gap.lost_until > last.offset && gap.lost_until.0 - gap.lost_from.0 <= most, "{gap:?}");
    let log = open(original.folder.path(), tiny());
    let mut expected = original.values(|frame| frame.offset != last.offset);
    expected.insert(after, "after the jump".to_owned());
    assert_eq!(values(&log).await, expected);
}

#[tokio::test]
async fn a_missing_segment_is_told_and_repaired() {
    let original = Original::new(30).await;
    let files = original.files();
    let copy = original.copy();
    fs::remove_file(copy.path().join(&files[1])).expect("removed");
    let Err(LogError::Broken(message)) = try_open(copy.path(), tiny()) else { panic!("it opened") };
    assert!(message.contains("does not follow"), "{message}");
    let report = SegmentLog::repair(copy.path()).expect("repairs");
    assert_eq!(report.quarantined.len(), 1);
    assert_eq!(report.quarantined[0].path, None);
    let log = open(copy.path(), tiny());
    assert_eq!(values(&log).await, original.values(|frame| frame.file != files[1]));
}

#[tokio::test]
async fn a_lost_identity_is_taken_from_the_segments() {
    let original = Original::new(5).await;
    let copy = original.copy();
    fs::remove_file(partition_folder(copy.path()).join("log.meta")).expect("removed");
    assert!(matches!(try_open(copy.path(), tiny()), Err(LogError::Broken(_))));
    let report = SegmentLog::repair(copy.path()).expect("repairs");
    assert_eq!(report.identified, [at()]);
    let (copied, first) = (open(copy.path(), tiny()), open(original.folder.path(), tiny()));
    assert_eq!(copied.bounds(&at()).await, first.bounds(&at()).await);
}

#[tokio::test]
async fn a_segment_of_another_log_is_refused() {
    let (one, other) = (Original::new(12).await, Original::new(12).await);
    let copy = one.copy();
    fs::copy(other.folder.path().join(other.active()), copy.path().join(one.active())).expect("copied");
    let Err(LogError::Broken(message)) = try_open(copy.path(), tiny()) else { panic!("it opened") };
    assert!(message.contains("belongs to log"), "{message}");
}
