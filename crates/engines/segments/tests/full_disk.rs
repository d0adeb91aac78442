//! A disk that fills: writes are refused, reads go on, and after space has returned writes go on in the same process. On a
//! small tmpfs, which only root may mount; elsewhere the unit tests with failing writes stand for it.

mod support;

use std::path::Path;
use std::process::Command;

use playhead_ports::{AppendError, EventLog};
use playhead_segments::Config;
use support::*;

/// A file system of a few MiB, unmounted when it is dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "none"]).arg(folder.path()).status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(folder));
        }
        eprintln!("this user may not mount a tmpfs: not run");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Fills the log in batches until it is refused: how many records went in.
async fn fill(log: &playhead_segments::SegmentLog) -> (usize, AppendError) {
    let mut taken = 0;
    loop {
        let batch = (0..20).map(|n| record(format!("{:07} {}", taken + n, "x".repeat(1_500)))).collect();
        let answers = log.append(&at(), batch).await;
        if let Some(Err(error)) = answers.iter().find(|answer| answer.is_err()) {
            assert!(answers.iter().all(Result::is_err), "a frame goes in whole or not at all");
            return (taken, error.clone());
        }
        taken += answers.len();
        assert!(taken < 10_000, "the disk never fills");
    }
}

async fn is_refused_and_goes_on(config: Config) {
    let Some(disk) = SmallDisk::mount() else { return };
    let folder = disk.path().join("log");
    let log = open(&folder, config.clone());
    made(&log).await;
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![1; 1 << 20]).expect("written");
    let (taken, refused) = fill(&log).await;
    assert!(matches!(refused, AppendError::Full(_)), "{refused:?}");
    assert!(taken > 100, "{taken}");
    assert_eq!(read_all(&log).await.len(), taken, "reads go on, and see nothing of what was refused");

    std::fs::remove_file(&ballast).expect("removed");
    // The free space is looked at ten times a second.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(240);
    while append_one(&log, "again").await.is_err() {
        assert!(std::time::Instant::now() < until, "space has returned, but writes have not");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let (more, _) = fill(&log).await;
    let all = read_all(&log).await;
    assert_eq!(all.len(), taken + 1 + more);
    drop(log);
    assert_eq!(read_all(&open(&folder, config)).await, all, "nothing is lost over an opening on the full disk");
}

#[tokio::test]
async fn a_full_disk_refuses_and_goes_on() {
    is_refused_and_goes_on(Config { min_free_bytes: 0, segment_bytes: 300_000, ..Config::default() }).await;
}

#[tokio::test]
async fn the_reserve_refuses_before_the_disk_is_full() {
    is_refused_and_goes_on(Config { segment_bytes: 300_000, ..Config::default() }).await;
}

#[tokio::test]
async fn the_reserve_leaves_space_for_consumers() {
    let Some(disk) = SmallDisk::mount() else { return };
    let log = open(&disk.path().join("log"), Config::default());
    made(&log).await;
    fill(&log).await;
    std::fs::write(disk.path().join("consumer"), vec![1; 100_000]).expect("consumers still have space");
}
