//! `kill -9` at random moments of batches: in the end every table is as a run that nobody disturbed leaves it, byte for byte.

use std::time::{Duration, Instant};

use playhead_testkit::{Postgres, Seeded};

use crate::folder::Folder;
use crate::orders::Stream;
use crate::tables::{assert_same, assert_worth_comparing, of_duckdb, of_postgres};
use crate::{random, rounds};

const PARTITIONS: u32 = 3;
const MESSAGES_AT_ONCE: usize = 80;
const LOOK_EVERY: Duration = Duration::from_millis(2);
const MESSAGES_AT_LAST: usize = 300;

/// Settings of a run that has many small batches, of another size each time, and that tries again what waits all the time.
fn hasty(rng: &mut Seeded) -> [(&'static str, String); 4] {
    [
        ("STREAM__BATCH_ROWS", rng.u32(1..60).to_string()),
        ("STREAM__PIECE_ROWS", rng.u32(1..30).to_string()),
        ("STREAM__BATCH_AGE_MS", rng.u32(1..50).to_string()),
        ("PIPELINES__REDRIVE_EVERY_MS", rng.u32(20..200).to_string()),
    ]
}

/// Runs into the target and kills until there were enough kills, then once to the end. There are always messages left that a
/// run could be in the middle of.
fn kill_again_and_again(folder: &Folder, into: &str, rng: &mut Seeded) {
    let mut stream = Stream::new();
    let mut long = Duration::ZERO;
    let (mut kills, mut ends) = (0, 0);
    while kills < rounds(30) {
        let is_fresh = long.is_zero() || ends > 0;
        if is_fresh {
            folder.produce(&stream.messages(rng, MESSAGES_AT_ONCE), PARTITIONS);
            ends = 0;
        }
        let begun = Instant::now();
        let mut run = folder.spawn_run(into, &["--once"], &hasty(rng));
        if long.is_zero() {
            // How long it takes on this machine is how long kills are spread over.
            assert!(run.wait().success(), "{}", run.said());
            long = begun.elapsed();
            continue;
        }
        let moment = begun + long.mul_f64(rng.f64() * 1.2);
        while run.ended().is_none() && Instant::now() < moment {
            std::thread::sleep(LOOK_EVERY);
        }
        match run.kill9() {
            Some(status) => {
                assert!(status.success(), "it ended with {status}: {}", run.said());
                // The first one may have been slow for other reasons; one that had little left to do says nothing.
                if is_fresh {
                    long = long.min(begun.elapsed());
                }
                ends += 1;
            }
            None => kills += 1,
        }
    }
    // What comes after the last kill is enough for guests to be tagged.
    folder.produce(&stream.messages(rng, MESSAGES_AT_LAST), PARTITIONS);
    folder.run_once(into);
}

#[test]
fn tables_in_duckdb_are_the_same_after_any_kills() {
    let mut rng = random("kills, DuckDB");
    let folder = Folder::of_orders(PARTITIONS);
    kill_again_and_again(&folder, &folder.duckdb(), &mut rng);
    let plain = folder.copy();
    plain.run_once(&plain.duckdb());
    let expected = of_duckdb(&plain.duckdb());
    assert_worth_comparing(&expected);
    assert_same(&of_duckdb(&folder.duckdb()), &expected);
}

#[test]
fn tables_in_postgresql_are_the_same_after_any_kills() {
    let mut rng = random("kills, PostgreSQL");
    let postgres = Postgres::start_new();
    let folder = Folder::of_orders(PARTITIONS);
    kill_again_and_again(&folder, &postgres.create_database("killed"), &mut rng);
    let plain = folder.copy();
    plain.run_once(&postgres.create_database("plain"));
    let expected = of_postgres(&postgres, "plain");
    assert_worth_comparing(&expected);
    assert_same(&of_postgres(&postgres, "killed"), &expected);
}
