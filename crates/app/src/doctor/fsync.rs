//! How long the disk takes to make something durable: what a write waits for at low load.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::Finding;
use super::units::time;

const CHECK: &str = "fsync";
const SYNCS: usize = 40;
const BYTES: usize = 4_096;
/// Syncing ends after this even if fewer were done.
const LONG_ENOUGH: Duration = Duration::from_secs(2);
/// No disk that writes through is this fast; memory behind it is.
const TOO_FAST: Duration = Duration::from_micros(15);
const SLOW: Duration = Duration::from_millis(20);

pub(super) fn check(folder: &Path) -> Finding {
    match measure(folder) {
        Ok(took) => judge(took),
        Err(error) => Finding::fail(
            CHECK,
            format!("nothing can be written to {}: {error}", folder.display()),
            "give the user that runs Playhead the right to write there, or choose another folder with --data",
        ),
    }
}

/// Appends and syncs a few times, as the log does; gives how long each took.
fn measure(folder: &Path) -> io::Result<Vec<Duration>> {
    let path = folder.join(format!(".playhead-doctor-{}", std::process::id()));
    let mut file = File::options().write(true).create_new(true).open(&path)?;
    let timed = append(&mut file);
    fs::remove_file(&path)?;
    timed
}

fn append(file: &mut File) -> io::Result<Vec<Duration>> {
    let begun = Instant::now();
    let mut took = Vec::with_capacity(SYNCS);
    while took.len() < SYNCS && begun.elapsed() < LONG_ENOUGH {
        let one = Instant::now();
        file.write_all(&[0x5a; BYTES])?;
        file.sync_data()?;
        took.push(one.elapsed());
    }
    Ok(took)
}

fn judge(mut took: Vec<Duration>) -> Finding {
    took.sort_unstable();
    let (Some(&p50), Some(&most)) = (took.get(took.len() / 2), took.last()) else {
        return Finding::warn(CHECK, "nothing was measured", "run it again");
    };
    let found = format!("p50 {}, max {} of {} appends of 4 KiB with fdatasync", time(p50), time(most), took.len());
    if p50 < TOO_FAST {
        let advice = "no disk is this fast: memory answers in its place, so power loss may lose what was acknowledged; \
                      fine for trying out, else use a disk that writes through";
        return Finding::warn(CHECK, found, advice);
    }
    if p50 > SLOW {
        let advice = "a single write waits for one sync: use a faster disk, or one that nothing else is writing to; \
                      under load many writes share a sync";
        return Finding::warn(CHECK, found, advice);
    }
    Finding::ok(CHECK, found)
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    fn verdict(us: u64) -> Verdict {
        judge(vec![Duration::from_micros(us); 9]).verdict
    }

    #[test]
    fn a_disk_that_lies_and_a_slow_one_are_told_from_a_good_one() {
        assert_eq!([verdict(3), verdict(400), verdict(60_000)], [Verdict::Warn, Verdict::Ok, Verdict::Warn]);
        assert_eq!(judge(Vec::new()).verdict, Verdict::Warn);
    }

    #[test]
    fn measuring_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(!measure(folder.path()).expect("times").is_empty());
        assert_eq!(fs::read_dir(folder.path()).expect("a list").count(), 0);
        assert_eq!(check(&folder.path().join("nowhere")).verdict, Verdict::Fail);
    }
}
