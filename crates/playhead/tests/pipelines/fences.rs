//! Two runs of one pipeline on the same partitions: what one has loaded the other does not load again.

use std::time::Duration;

use playhead_testkit::{Postgres, Signal};

use crate::folder::Folder;
use crate::orders::Stream;
use crate::outages::{MESSAGES, loaded, messages, patient, wait_loaded};
use crate::tables::{assert_same, of_duckdb, of_postgres};
use crate::{random, rounds};

const FENCED: &str = "another consumer has gone on";

#[test]
fn two_runs_on_the_same_partitions_load_each_message_once_and_say_that_they_have_met() {
    let mut rng = random("two runs");
    let postgres = Postgres::start_new();
    let url = postgres.create_database("shared");
    let (one, expected) = messages(&postgres, &mut rng);
    let other = one.copy();
    let mut runs = [&one, &other].map(|folder| folder.spawn_run(&url, &[], &patient()));
    for _ in 0..rounds(4) {
        // One of them stands still in the middle of whatever it does, for longer than the database waits for it.
        let at = rng.usize(..2);
        std::thread::sleep(Duration::from_millis(rng.u64(100..500)));
        runs[at].signal(Signal::STOP);
        std::thread::sleep(Duration::from_millis(rng.u64(..3_000)));
        runs[at].signal(Signal::CONT);
        if loaded(&postgres, "shared") == Some(MESSAGES) {
            break;
        }
    }
    let [first, second] = &mut runs;
    wait_loaded(&postgres, "shared", first);
    wait_loaded(&postgres, "shared", second);
    for run in [&mut *first, second] {
        assert!(run.terminate().success(), "{}", run.said());
    }
    assert!(first.said().contains(FENCED) || second.said().contains(FENCED), "neither says that they have met");
    assert_same(&of_postgres(&postgres, "shared"), &expected);
}

#[test]
fn a_second_run_on_a_duckdb_file_is_refused_and_the_first_goes_on() {
    let mut rng = random("one file");
    let folder = Folder::of_orders(1);
    folder.produce(&Stream::new().messages(&mut rng, 300), 1);
    let other = folder.copy();
    let plain = folder.copy();
    let settings = [("STREAM__BATCH_ROWS", "5".to_owned())];
    let mut first = folder.spawn_run(&folder.duckdb(), &["--once"], &settings);
    playhead_testkit::wait_until(Duration::from_secs(120), "the file is made", || {
        std::path::Path::new(&folder.path("orders.duckdb")).exists()
    });
    let second = other.pipeline(&folder.duckdb(), &["run", "--once"]);
    // Either the first was still at work, and the second was refused; or it had ended, and nothing was left to do.
    match second.code {
        Some(0) => assert!(second.stdout.starts_with("0 records"), "{second:?}"),
        _ => assert!(second.stderr.contains("orders.duckdb"), "{second:?}"),
    }
    assert!(first.wait().success(), "{}", first.said());
    plain.run_once(&plain.duckdb());
    assert_same(&of_duckdb(&folder.duckdb()), &of_duckdb(&plain.duckdb()));
}
