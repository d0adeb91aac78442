//! A process that appends is killed at random moments: everything it was told to be durable is there afterwards, whole, once
//! and in order, and while it lived nobody else could open its log.

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use playhead_ports::{EventLog, LogError};
use playhead_segments::Config;
use support::*;

const FOLDER: &str = "PLAYHEAD_TEST_KILLED_FOLDER";
const ROUNDS: u64 = 20;

/// Small segments, so that kills meet the closing of one too.
fn config() -> Config {
    Config { segment_bytes: 20_000, min_free_bytes: 0, ..Config::default() }
}

/// The value of a record that this caller wrote as its n-th.
fn value(round: u64, caller: u64, n: u64) -> String {
    format!("{round} {caller} {n} {}", "x".repeat((n % 200) as usize))
}

#[test]
#[ignore = "the process that is killed; the test beside it starts it"]
fn the_process_that_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let (folder, round) = folder.rsplit_once('#').expect("a folder and a round");
    let round: u64 = round.parse().expect("a round");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let log = open(Path::new(folder), config());
        log.create(&topic(), 1).await.expect("there or made");
        let callers = (0..8u64).map(|caller| {
            let log = std::sync::Arc::clone(&log);
            tokio::spawn(async move {
                for n in 0.. {
                    let offset = append_one(&log, value(round, caller, n)).await.expect("goes in");
                    let mut line = format!("acked {offset} {caller} {n}\n").into_bytes();
                    // One write, so that a kill leaves whole lines and perhaps one torn one.
                    std::io::stdout().write_all(&std::mem::take(&mut line)).expect("the parent listens");
                }
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.expect("it runs until it is killed");
        }
    });
}

/// Starts the process, kills it after a while: what it was told, by offset.
fn run_and_kill(folder: &Path, round: u64, after: Duration) -> BTreeMap<u64, String> {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["the_process_that_is_killed", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(FOLDER, format!("{}#{round}", folder.display()))
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let output = BufReader::new(child.stdout.take().expect("its output"));
    let (sender, lines) = std::sync::mpsc::channel();
    let listening = std::thread::spawn(move || {
        for line in output.split(b'\n').map_while(Result::ok) {
            let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
        }
    });
    let mut all = Vec::new();
    while let Ok(line) = lines.recv_timeout(Duration::from_secs(240)) {
        all.push(line);
        if all.last().is_some_and(|line| line.contains("acked")) {
            break;
        }
    }
    let refused = try_open(folder, config()).err();
    assert!(matches!(&refused, Some(LogError::Unavailable(text)) if text.contains("another process")), "{refused:?}");
    std::thread::sleep(after);
    child.kill().expect("is killed");
    child.wait().expect("is gone");
    listening.join().expect("has listened");
    all.extend(lines.try_iter());
    // The last line may be torn, and the test harness writes before the first.
    let acked = all.iter().filter_map(|line| line[line.find("acked ")?..].strip_prefix("acked "));
    let parsed = acked.filter_map(|line| {
        let mut words = line.split(' ').map(|word| word.parse::<u64>().ok());
        Some((words.next()??, words.next()??, words.next()??))
    });
    let mut by_offset: BTreeMap<u64, String> = parsed.map(|(at, caller, n)| (at, value(round, caller, n))).collect();
    if all.last().is_some_and(|line| !line.is_empty()) {
        by_offset.pop_last();
    }
    by_offset
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let folder = tempfile::tempdir().expect("a folder");
    let mut acknowledged = BTreeMap::new();
    for round in 0..ROUNDS {
        let acked = run_and_kill(folder.path(), round, Duration::from_micros(random.u64(..120_000)));
        for (offset, value) in acked {
            assert_eq!(acknowledged.insert(offset, value), None, "offset {offset} was given twice");
        }
        let log = open(folder.path(), config());
        let stored: BTreeMap<u64, String> = read_all(&log).await.iter().map(|one| (one.offset.0, text(one))).collect();
        for (offset, value) in &acknowledged {
            assert_eq!(stored.get(offset), Some(value), "round {round}, offset {offset}");
        }
        assert!(stored.values().all(|text| is_whole(text)), "round {round}: a half-written record");
    }
    assert!(acknowledged.len() > 100, "{} records were acknowledged", acknowledged.len());
    println!("{} acknowledged records over {ROUNDS} kills", acknowledged.len());
}

fn is_whole(text: &str) -> bool {
    let mut numbers = text.split(' ').map_while(|word| word.parse::<u64>().ok());
    let [Some(round), Some(caller), Some(n)] = [numbers.next(), numbers.next(), numbers.next()] else { return false };
    value(round, caller, n) == text
}
