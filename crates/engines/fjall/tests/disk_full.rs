//! A full disk: writes are refused, reads go on, and once there is space writes go on in the same process.
//!
//! It needs a small file system of its own, so it mounts one in memory and must run as root.

mod values;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use playhead_domain::{UserId, VideoId};
use playhead_fjall::{Config, FjallBase, FjallStore};
use playhead_ports::{Base, CommitError, Fold};
use values::{advance, join, next_of, state};

const MIB: u64 = 1 << 20;

/// A file system in memory; gone when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(dir: &Path, size_bytes: u64) -> Self {
        let option = format!("size={size_bytes}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &option, "tmpfs"]).arg(dir).status();
        assert!(mounted.is_ok_and(|status| status.success()), "this test mounts a small tmpfs, so it must run as root");
        Self(dir.to_owned())
    }

    /// Fills what is left but so many bytes, whatever the store writes meanwhile.
    fn fill_but(&self, bytes: u64) {
        let mut ballast = std::fs::File::create(self.0.join("ballast")).expect("a file");
        while self.free_bytes() > bytes {
            if ballast.write_all(&[1; 1 << 16]).is_err() {
                return;
            }
        }
    }

    fn free_bytes(&self) -> u64 {
        let found = rustix::fs::statvfs(&self.0).expect("a file system");
        found.f_bavail * found.f_frsize
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("ballast")).expect("there");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, for a failed test may still hold files open.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Batches of this many positions of new users, so that memtables are written out and compacted all the time.
const BATCH: u64 = 2_000;

fn fold_of(batch: u64) -> Fold {
    let joins = (0..BATCH).map(|n| join(&user_of(batch, n), "a-video", state(batch + 1))).collect();
    Fold { forgets: vec![], joins }
}

fn user_of(batch: u64, n: u64) -> String {
    format!("a-user-of-some-length-{n}-{batch}-{}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Everything that the checkpoint says is there is there, and nothing more.
async fn check_up_to(base: &FjallBase, next: u64) {
    assert_eq!(next_of(base).await, Some(next));
    let video: VideoId = "a-video".parse().expect("an id");
    for batch in 0..=next {
        for n in [0, BATCH / 2, BATCH - 1] {
            let user: UserId = user_of(batch, n).parse().expect("an id");
            let found = base.get(&user, std::slice::from_ref(&video)).await.expect("reads go on");
            assert_eq!(found, [(batch < next).then(|| state(batch + 1))], "batch {batch} of {next}");
        }
    }
}

/// Tries once. Gives where the base stands then, and why the fold was refused if it was: one that failed in its last moment
/// may turn out to be in once the store was opened again.
async fn try_fold(base: &FjallBase, next: u64) -> (u64, Option<String>) {
    let refused = match base.fold(fold_of(next), &[advance(next, next + 1)]).await {
        Ok(()) => None,
        Err(CommitError::Transient(why)) => Some(why),
        Err(CommitError::Moved) => Some("moved".into()),
        Err(error) => panic!("a full disk is no reason for {error:?}"),
    };
    let stands = next_of(base).await.expect("a checkpoint");
    assert!(stands == next + 1 || (stands == next && refused.is_some()), "{refused:?} at {next}, stands at {stands}");
    (stands, refused)
}

/// Folds until one is refused.
async fn fold_until_full(base: &FjallBase, mut next: u64) -> (u64, String) {
    for _ in 0..2_000 {
        match try_fold(base, next).await {
            (stands, Some(why)) => return (stands, why),
            (stands, None) => next = stands,
        }
    }
    panic!("the disk was never full");
}

/// Goes on until the base stands there, as a consumer does.
async fn fold_up_to(base: &FjallBase, mut next: u64, end: u64) {
    let deadline = Instant::now() + Duration::from_secs(240);
    while next < end {
        let (stands, refused) = try_fold(base, next).await;
        assert!(Instant::now() < deadline, "{refused:?}");
        if refused.is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        next = stands;
    }
}

/// Fills the disk again and again. Tells whether fjall itself ever failed.
async fn survives_a_full_disk(reserve_bytes: u64, free_bytes: u64) -> bool {
    let dir = tempfile::tempdir().expect("a folder");
    let disk = SmallDisk::mount(dir.path(), 192 * MIB);
    let config = Config { reserve_bytes, memtable_bytes: MIB, cache_bytes: 8 * MIB };
    let store = FjallStore::open(&dir.path().join("store"), &config).expect("opens");
    let base = store.base();
    assert_eq!(base.fold(fold_of(0), &[advance(0, 1)]).await, Ok(()));
    let mut next = 1;
    let mut has_failed = false;
    for round in 0..5 {
        disk.fill_but(free_bytes + round * round * 777_777);
        let (stands, why) = fold_until_full(&base, next).await;
        next = stands;
        has_failed |= !why.contains("reserve");
        for _ in 0..3 {
            // Trying while it is full breaks nothing, and reads go on.
            next = try_fold(&base, next).await.0;
            check_up_to(&base, next).await;
        }
        disk.free();
        fold_up_to(&base, next, next + 5).await;
        next += 5;
        check_up_to(&base, next).await;
    }
    drop((base, store));
    let store = FjallStore::open(&dir.path().join("store"), &config).expect("opens");
    check_up_to(&store.base(), next).await;
    has_failed
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_reserve_nothing_fails_on_a_full_disk() {
    assert!(!survives_a_full_disk(16 * MIB, 20 * MIB).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_too_small_a_reserve_the_store_fails_and_mends_itself() {
    assert!(survives_a_full_disk(MIB / 16, MIB / 2).await, "the disk was never full in the midst of a write");
}
