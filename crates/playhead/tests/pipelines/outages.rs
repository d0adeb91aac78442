//! A database that crashes, cuts connections, stops answering or is full: a running pipeline goes on by itself, and every table
//! is in the end as if nothing had happened.

use std::time::{Duration, Instant};

use playhead_testkit::{Postgres, Seeded, Tmpfs};

use crate::folder::{Folder, Run, WITHIN};
use crate::orders::Stream;
use crate::proxy::Proxy;
use crate::tables::{Tables, assert_same, assert_worth_comparing, of_postgres};
use crate::{random, rounds};

const PARTITIONS: u32 = 3;
pub(crate) const MESSAGES: usize = 700;
const DATABASE: &str = "disturbed";

/// Small batches, and deadlines that a test can wait for.
pub(crate) fn patient() -> Vec<(&'static str, String)> {
    let settings = [
        ("STREAM__BATCH_ROWS", 12),
        ("STREAM__PIECE_ROWS", 5),
        ("STREAM__BATCH_AGE_MS", 20),
        ("STREAM__BACKOFF_MS_MAX", 200),
        ("PIPELINES__REDRIVE_EVERY_MS", 300),
        ("POSTGRES__CONNECT_TIME_MAX_MS", 2_000),
        ("POSTGRES__STATEMENT_TIME_MAX_MS", 20_000),
        ("POSTGRES__WORK_TIME_MAX_MS", 20_000),
        ("POSTGRES__LOCK_TIME_MAX_MS", 1_000),
        ("POSTGRES__SILENCE_MAX_MS", 2_000),
    ];
    settings.map(|(name, value)| (name, value.to_string())).to_vec()
}

/// A folder with messages, and what an undisturbed run makes of them.
pub(crate) fn messages(postgres: &Postgres, rng: &mut Seeded) -> (Folder, Tables) {
    let folder = Folder::of_orders(PARTITIONS);
    folder.produce(&Stream::new().messages(rng, MESSAGES), PARTITIONS);
    let plain = folder.copy();
    plain.run_once(&postgres.create_database("plain"));
    let expected = of_postgres(postgres, "plain");
    assert_worth_comparing(&expected);
    (folder, expected)
}

/// How many messages are in; none while the database does not answer.
pub(crate) fn loaded(postgres: &Postgres, database: &str) -> Option<usize> {
    let sql = "SELECT coalesce(sum(next), 0) FROM playhead.checkpoints WHERE consumer = 'orders'";
    postgres.try_sql(database, sql).ok()?.first()?.first()?.parse().ok()
}

/// Waits until all messages are in, by the same process.
#[track_caller]
pub(crate) fn wait_loaded(postgres: &Postgres, database: &str, run: &mut Run) {
    let deadline = Instant::now() + WITHIN;
    while loaded(postgres, database) != Some(MESSAGES) {
        assert!(run.ended().is_none(), "it has ended: {}", run.said());
        let standing = loaded(postgres, database);
        assert!(Instant::now() < deadline, "{standing:?} of {MESSAGES} messages are in after {WITHIN:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until some more messages are in, so that something else happens in the middle of work; false once all are.
fn wait_for_progress(postgres: &Postgres, run: &mut Run) -> bool {
    let deadline = Instant::now() + WITHIN;
    // Before the first message there is no table of checkpoints.
    let from = loaded(postgres, DATABASE).unwrap_or(0);
    loop {
        match loaded(postgres, DATABASE) {
            Some(MESSAGES) => return false,
            Some(now) if now > from => return true,
            _ => {}
        }
        assert!(run.ended().is_none(), "it has ended: {}", run.said());
        assert!(Instant::now() < deadline, "it does not go on after {WITHIN:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Runs, disturbs it in the middle of work again and again, and compares in the end.
fn disturb(postgres: &mut Postgres, url: &str, rng: &mut Seeded, mut what: impl FnMut(&mut Postgres, &mut Seeded)) {
    let (folder, expected) = messages(postgres, rng);
    let mut run = folder.spawn_run(url, &[], &patient());
    let mut done = 0;
    while done < rounds(6) && wait_for_progress(postgres, &mut run) {
        what(postgres, rng);
        done += 1;
    }
    assert!(done > 0, "it was never disturbed");
    wait_loaded(postgres, DATABASE, &mut run);
    assert!(run.terminate().success(), "{}", run.said());
    assert_same(&of_postgres(postgres, DATABASE), &expected);
}

#[test]
fn a_run_survives_crashes_of_the_database() {
    let mut rng = random("crashes");
    let mut postgres = Postgres::start_new();
    let url = postgres.create_database(DATABASE);
    disturb(&mut postgres, &url, &mut rng, |postgres, rng| {
        std::thread::sleep(Duration::from_millis(rng.u64(..40)));
        postgres.stop_immediately();
        std::thread::sleep(Duration::from_millis(rng.u64(..300)));
        postgres.start();
    });
}

#[test]
fn a_run_survives_cuts_of_its_connections() {
    let mut rng = random("cuts");
    let mut postgres = Postgres::start_new();
    let url = postgres.create_database(DATABASE);
    disturb(&mut postgres, &url, &mut rng, |postgres, rng| {
        for _ in 0..5 {
            std::thread::sleep(Duration::from_millis(rng.u64(..40)));
            let sql =
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'playhead'";
            postgres.sql("postgres", sql);
        }
    });
}

#[test]
fn a_run_survives_a_network_that_stops_answering() {
    let mut rng = random("silence");
    let mut postgres = Postgres::start_new();
    postgres.create_database(DATABASE);
    let proxy = Proxy::before(postgres.address());
    let url = format!("postgres://playhead@{}/{DATABASE}", proxy.address());
    let (folder, expected) = messages(&postgres, &mut rng);
    // The deadline of all work is the one that counts here.
    let mut settings = patient();
    settings
        .iter_mut()
        .filter(|(name, _)| *name == "POSTGRES__WORK_TIME_MAX_MS")
        .for_each(|(_, ms)| *ms = "2500".into());
    let mut run = folder.spawn_run(&url, &[], &settings);
    let mut done = 0;
    while done < rounds(3) && wait_for_progress(&postgres, &mut run) {
        std::thread::sleep(Duration::from_millis(rng.u64(..40)));
        proxy.set_mute(true);
        // Longer than a load may take, and some of the times longer than a connection may take, too.
        std::thread::sleep(Duration::from_millis(rng.u64(1_500..4_500)));
        proxy.set_mute(false);
        done += 1;
    }
    assert!(done > 0, "it was never disturbed");
    wait_loaded(&postgres, DATABASE, &mut run);
    assert!(run.terminate().success(), "{}", run.said());
    assert_same(&of_postgres(&postgres, DATABASE), &expected);
    // The proxy must live longer than the run.
    drop(proxy);
    postgres.stop_fast();
}

#[test]
fn a_run_survives_a_full_disk_of_the_database() {
    let mut rng = random("full disk");
    let tmpfs = match Tmpfs::mount(64 << 20) {
        Ok(tmpfs) => tmpfs,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return println!("not run: only root may mount a small disk");
        }
        Err(error) => panic!("{error}"),
    };
    let postgres = Postgres::start_new();
    postgres.own(tmpfs.path());
    postgres.sql("postgres", &format!("CREATE TABLESPACE small LOCATION '{}'", tmpfs.path().display()));
    postgres.sql("postgres", &format!("CREATE DATABASE {DATABASE} TABLESPACE small"));
    let (folder, expected) = messages(&postgres, &mut rng);
    let mut run = folder.spawn_run(&postgres.url(DATABASE), &[], &patient());
    let mut done = 0;
    while done < rounds(3) && wait_for_progress(&postgres, &mut run) {
        let told = run.said().matches("No space left").count();
        let mut ballast = tmpfs.fill(rng.u64(0..100 << 10)).expect("fills");
        let deadline = Instant::now() + WITHIN;
        while run.said().matches("No space left").count() == told {
            assert!(run.ended().is_none(), "it has ended: {}", run.said());
            assert!(Instant::now() < deadline, "the disk is never full");
            ballast.grow(0).expect("fills");
            std::thread::sleep(Duration::from_millis(10));
            if loaded(&postgres, DATABASE) == Some(MESSAGES) {
                break;
            }
        }
        drop(ballast);
        done += 1;
    }
    assert!(run.said().contains("No space left"), "the disk was never full");
    wait_loaded(&postgres, DATABASE, &mut run);
    assert!(run.terminate().success(), "{}", run.said());
    assert_same(&of_postgres(&postgres, DATABASE), &expected);
    // Its files lie on the small disk.
    drop(postgres);
}
