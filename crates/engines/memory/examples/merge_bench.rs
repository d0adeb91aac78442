//! What a merge, a read and a release cost, and the memory of an entry.
//!
//! `cargo run --release -p playhead-memory --example merge_bench`. It prints a table; nothing is asserted.

use std::time::{Duration, Instant};

use playhead_domain::{Kind, Moment, Offset, PlayId, State, Timestamp, UserId, VideoId};
use playhead_memory::{Config, MemoryRecent};
use playhead_ports::{Delta, Epoch, Recent, Topic, TopicPartition};

const ENTRIES: u64 = 400_000;
const USUAL: u64 = 4_000;

/// As long as a UUID, so that ids are on the heap.
fn key(n: u64) -> (UserId, VideoId) {
    let user = format!("{:08x}-0000-7000-8000-000000000000", n.wrapping_mul(2_654_435_761) % (1 << 32));
    (UserId::from_stored(&user), VideoId::from_stored(&format!("video-{:08}", n % 100_000)))
}

fn delta(n: u64, offset: u64) -> Delta {
    let moment = Moment {
        seq: offset,
        event_time: Timestamp(1_700_000_000_000 + offset.cast_signed()),
        position_ms: offset,
        kind: Kind::Progress,
        duration_ms: Some(5_400_000),
    };
    let (user_id, video_id) = key(n);
    let play_id = PlayId::from_stored(&format!("{n:08x}-0000-7000-8000-000000000001"));
    Delta { user_id, video_id, state: State::of_event(play_id, moment, Offset(offset)) }
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

fn line(name: &str, spent: Duration, count: u64) {
    println!("{name:<40} {:>8.0} ns each", spent.as_secs_f64() * 1e9 / count as f64);
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let recent = MemoryRecent::new(&Config::default(), Epoch("bench".into()));
    let at = TopicPartition::new(&Topic::new("bench"), 0);
    let keys: Vec<_> = (0..ENTRIES).map(key).collect();
    let before_kib = resident_kib();
    // As many as wait for a fold at 8,000/s, then as many as may ever be held.
    for (name, entries) in [
        ("merge, 4,000 entries, new", USUAL),
        ("merge, 4,000 entries, again", USUAL),
        ("merge, 400,000 entries, mostly new", ENTRIES),
        ("merge, 400,000 entries, again", ENTRIES),
    ] {
        let mut spent = Duration::ZERO;
        for first in (0..entries).step_by(4_000) {
            let deltas: Vec<_> = (first..first + 4_000).map(|n| vec![delta(n, n)]).collect();
            let began = Instant::now();
            for delta in deltas {
                recent.merge(&at, delta).await.expect("merges");
            }
            spent += began.elapsed();
        }
        line(name, spent, entries);
    }
    let used = (resident_kib() - before_kib) * 1_024;
    println!("{ENTRIES} entries of ids like UUIDs: {} bytes each", used / ENTRIES);
    let began = Instant::now();
    for (user, video) in &keys {
        recent.get(user, std::slice::from_ref(video)).await.expect("reads");
    }
    line("get", began.elapsed(), ENTRIES);
    let began = Instant::now();
    for batch in keys.chunks(4_000) {
        recent.release(&at, batch, Offset(2 * ENTRIES)).await.expect("releases");
    }
    line("release, 4,000 at a time", began.elapsed(), ENTRIES);
    assert_eq!(recent.room().held, 0);
}
