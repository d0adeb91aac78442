//! Three ways to make writes of many callers durable, on one file: a sync a request, a group after a fixed delay, a group of
//! what has gathered while the last sync was under way.
//!
//! cargo run --release --manifest-path bench/decisions/Cargo.toml --bin group_commit [-- FOLDER [SECONDS]]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use playhead_decisions::at_share;

const BYTES: usize = 100;
const CALLERS: [usize; 4] = [1, 16, 64, 256];
const ROUNDS: usize = 3;
const DELAY: Duration = Duration::from_millis(5);

#[derive(Clone, Copy)]
enum Way {
    Each,
    Delayed,
    Gathered,
}

/// Where a caller hands its record in; it waits for the answer.
#[derive(Clone)]
enum Door {
    File(Arc<Mutex<File>>),
    Committer(Sender<Sender<()>>),
}

fn write(file: &mut File, records: usize) {
    file.write_all(&vec![7u8; records * BYTES]).expect("writes");
    file.sync_data().expect("syncs");
}

/// Takes what waits, writes and syncs it once, answers all.
fn committer(mut file: File, waiting: Receiver<Sender<()>>, delay: Option<Duration>) {
    while let Ok(first) = waiting.recv() {
        if let Some(delay) = delay {
            std::thread::sleep(delay);
        }
        let group: Vec<_> = std::iter::once(first).chain(waiting.try_iter()).collect();
        write(&mut file, group.len());
        for answer in group {
            // The caller may have left at the end of the run.
            let _ = answer.send(());
        }
    }
}

fn call(door: &Door, answers: &(Sender<()>, Receiver<()>)) {
    match door {
        Door::File(file) => write(&mut file.lock().expect("no panic"), 1),
        Door::Committer(door) => {
            door.send(answers.0.clone()).expect("the committer lives");
            answers.1.recv().expect("an answer");
        }
    }
}

/// Writes a second, and p50 and p99 of one write, ms.
fn run(way: Way, callers: usize, folder: &Path, time: Duration) -> (f64, f64, f64) {
    let file = File::create(folder.join("log")).expect("a file");
    let door = match way {
        Way::Each => Door::File(Arc::new(Mutex::new(file))),
        Way::Delayed | Way::Gathered => {
            let (door, waiting) = mpsc::channel();
            let delay = matches!(way, Way::Delayed).then_some(DELAY);
            std::thread::spawn(move || committer(file, waiting, delay));
            Door::Committer(door)
        }
    };
    let begun = Instant::now();
    let threads: Vec<_> = (0..callers)
        .map(|_| {
            let door = door.clone();
            std::thread::spawn(move || {
                let answers = mpsc::channel();
                let mut took = Vec::new();
                while begun.elapsed() < time {
                    let one = Instant::now();
                    call(&door, &answers);
                    took.push(one.elapsed());
                }
                took
            })
        })
        .collect();
    let mut took: Vec<Duration> = threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect();
    let rate = took.len() as f64 / begun.elapsed().as_secs_f64();
    took.sort_unstable();
    (rate, at_share(&took, 0.5), at_share(&took, 0.99))
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "target/decisions".into()));
    let time = Duration::from_secs_f64(arguments.next().map_or(1.5, |text| text.parse().expect("seconds")));
    fs::create_dir_all(&folder).expect("a folder");
    let ways = [(Way::Each, "a sync each"), (Way::Delayed, "group after 5 ms"), (Way::Gathered, "group, no timer")];
    println!("{:18} {:>8} {:>12} {:>10} {:>10}", "best of 3", "callers", "writes/s", "p50 ms", "p99 ms");
    for callers in CALLERS {
        let mut best = [(0.0, 0.0, 0.0); 3];
        for _ in 0..ROUNDS {
            for (place, (way, _)) in ways.iter().enumerate() {
                let found = run(*way, callers, &folder, time);
                if found.0 > best[place].0 {
                    best[place] = found;
                }
            }
        }
        for ((_, name), (rate, p50, p99)) in ways.iter().zip(best) {
            println!("{name:18} {callers:8} {rate:12.0} {p50:10.2} {p99:10.2}");
        }
    }
    fs::remove_dir_all(&folder).expect("removed");
}
