//! The clock: whether the year is sane, whether time steps, and whether what is stored is from the future.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, UNIX_EPOCH};

use playhead_domain::Timestamp;
use playhead_ports::Clock;
use playhead_system::SystemClock;

use super::Finding;
use super::units::time;

const CHECK: &str = "clock";
const WATCHED: Duration = Duration::from_millis(300);
/// 2025-01-01 and 2100-01-01, ms since 1970.
const SANE: std::ops::Range<i64> = 1_735_689_600_000..4_102_444_800_000;
/// Whole milliseconds, and the time between two readings.
const STEP: Duration = Duration::from_millis(20);
const AT_ONCE: Duration = Duration::from_millis(2);
const READINGS_MAX: usize = 20;
const FUTURE_MS: i64 = 60_000;
const SET_IT: &str = "set the clock, and keep it right with chrony or systemd-timesyncd";

pub(super) fn check(data: &Path) -> Vec<Finding> {
    let (begun, begun_time) = both_clocks();
    std::thread::sleep(WATCHED);
    let (ended, now) = both_clocks();
    let mut findings = vec![judge(begun_time, now, ended.duration_since(begun))];
    findings.extend(newest_in(&data.join("log")).and_then(|newest| judge_stored(newest, now)));
    findings
}

/// Both clocks at one moment; read again where the process was interrupted between them.
fn both_clocks() -> (Instant, Timestamp) {
    let mut reading = (Instant::now(), SystemClock.now());
    for _ in 0..READINGS_MAX {
        if reading.0.elapsed() < AT_ONCE {
            break;
        }
        reading = (Instant::now(), SystemClock.now());
    }
    reading
}

fn judge(begun: Timestamp, now: Timestamp, steady: Duration) -> Finding {
    let day = now.day();
    if !SANE.contains(&now.0) {
        return Finding::fail(CHECK, format!("it says {day}"), SET_IT);
    }
    let steady_ms = i64::try_from(steady.as_millis()).unwrap_or(i64::MAX);
    let off = Duration::from_millis((now.since_ms(begun) - steady_ms).unsigned_abs());
    if off > STEP {
        let found = format!("it stepped by {} within {}", time(off), time(steady));
        return Finding::warn(CHECK, found, format!("times of events are taken from it; {SET_IT}"));
    }
    Finding::ok(CHECK, format!("{day}, in step with the monotonic clock within {} over {}", time(STEP), time(steady)))
}

/// When the newest file of the log was written.
fn newest_in(folder: &Path) -> Option<Timestamp> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    entries
        .filter_map(|entry| {
            let meta = entry.metadata().ok()?;
            if meta.is_dir() {
                return newest_in(&entry.path());
            }
            let since = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
            Some(Timestamp(i64::try_from(since.as_millis()).ok()?))
        })
        .max()
}

fn judge_stored(newest: Timestamp, now: Timestamp) -> Option<Finding> {
    let ahead_ms = newest.since_ms(now);
    (ahead_ms > FUTURE_MS).then(|| {
        let found = format!("the log was written to {} s in the future: the clock went back since", ahead_ms / 1_000);
        Finding::warn(CHECK, found, SET_IT)
    })
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn after(wall_ms: i64, steady_ms: u64) -> Verdict {
        judge(NOW, NOW.plus_ms(wall_ms), Duration::from_millis(steady_ms)).verdict
    }

    #[test]
    fn steps_both_ways_are_noticed() {
        assert_eq!([after(300, 300), after(301, 300)], [Verdict::Ok; 2]);
        assert_eq!([after(-5_000, 300), after(3_600_000, 300)], [Verdict::Warn; 2]);
    }

    #[test]
    fn a_year_that_cannot_be_is_a_failure() {
        let epoch = Timestamp(86_400_000);
        assert_eq!(judge(epoch, epoch, Duration::ZERO).verdict, Verdict::Fail);
    }

    #[test]
    fn files_from_the_future_tell_that_the_clock_went_back() {
        assert_eq!(judge_stored(NOW.plus_ms(1_000), NOW), None);
        assert!(judge_stored(NOW.plus_ms(120_000), NOW).is_some());
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(newest_in(folder.path()), None);
        fs::create_dir(folder.path().join("watch")).expect("a folder");
        fs::write(folder.path().join("watch/a.seg"), "x").expect("a file");
        let newest = newest_in(folder.path()).expect("a time");
        assert!(newest.since_ms(SystemClock.now()).abs() < FUTURE_MS);
    }
}
