//! Three roles as three processes with topics between, each with its own checkpoint: what they make together is what one process
//! makes, however often each of them is killed.

use std::time::Duration;

use playhead_testkit::Postgres;

use crate::folder::{Folder, Run, WITHIN};
use crate::orders::Stream;
use crate::outages::{loaded, patient};
use crate::tables::{Tables, assert_same, assert_worth_comparing, count, of_duckdb, of_postgres};
use crate::{random, rounds};

const ROLES: [&str; 3] = ["stg", "dds", "cdm"];
const BETWEEN: [&str; 2] = ["stg.stg-service-orders", "stg.dds-service-orders"];
const PARTITIONS: u32 = 3;
const MESSAGES: usize = 600;

/// The tables without the topics between roles, which one process does not need.
#[track_caller]
fn without_topics(mut tables: Tables) -> Tables {
    for name in BETWEEN {
        assert!(tables.remove(name).is_some(), "there is no {name}");
    }
    tables
}

/// How many messages a role still has before it.
fn waiting(postgres: &Postgres, database: &str, role: &str) -> Option<u64> {
    let (topic, consumer) =
        (format!("{}-service-orders", if role == "dds" { "stg" } else { "dds" }), format!("orders.{role}"));
    let sql = format!(
        "SELECT count(*) FROM stg.\"{topic}\" AS b WHERE b.\"offset\" >= coalesce((SELECT next FROM playhead.checkpoints \
         WHERE consumer = '{consumer}' AND topic = '{topic}' AND partition = b.\"partition\"), 0)"
    );
    postgres.try_sql(database, &sql).ok()?.first()?.first()?.parse().ok()
}

#[test]
fn three_roles_that_are_killed_make_what_one_process_makes_in_postgresql() {
    let mut rng = random("roles");
    let postgres = Postgres::start_new();
    let url = postgres.create_database("roles");
    let folders = [Folder::of_orders(PARTITIONS), Folder::new("orders.toml"), Folder::new("orders.toml")];
    folders[0].produce(&Stream::new().messages(&mut rng, MESSAGES), PARTITIONS);
    let plain = folders[0].copy();
    let start = |at: usize| folders[at].spawn_run(&url, &["--layer", ROLES[at]], &patient());
    let mut runs: Vec<Run> = (0..3).map(start).collect();
    for round in 0..rounds(9) {
        std::thread::sleep(Duration::from_millis(rng.u64(50..700)));
        let at = round % 3;
        assert!(runs[at].kill9().is_none(), "{} has ended: {}", ROLES[at], runs[at].said());
        // The others go on without it for a while.
        std::thread::sleep(Duration::from_millis(rng.u64(..300)));
        runs[at] = start(at);
    }
    playhead_testkit::wait_until(WITHIN, "all messages have passed all roles", || {
        loaded(&postgres, "roles") == Some(MESSAGES)
            && waiting(&postgres, "roles", "dds") == Some(0)
            && waiting(&postgres, "roles", "cdm") == Some(0)
    });
    for run in &mut runs {
        assert!(run.terminate().success(), "{}", run.said());
    }
    plain.run_once(&postgres.create_database("plain"));
    let expected = of_postgres(&postgres, "plain");
    assert_worth_comparing(&expected);
    let found = of_postgres(&postgres, "roles");
    // What was taken is gone, but for the last message of each partition.
    assert!(
        BETWEEN.iter().all(|name| (1..=4).contains(&count(&found, name))),
        "a topic between roles keeps what was taken"
    );
    assert_same(&without_topics(found), &expected);
}

#[test]
fn roles_one_after_the_other_make_what_one_process_makes_in_duckdb() {
    let mut rng = random("roles, DuckDB");
    let folder = Folder::of_orders(PARTITIONS);
    let mut stream = Stream::new();
    for _ in 0..2 {
        folder.produce(&stream.messages(&mut rng, 150), PARTITIONS);
        for role in ROLES {
            let settings = [("STREAM__BATCH_ROWS", rng.u32(5..50).to_string())];
            let mut run = folder.spawn_run(&folder.duckdb(), &["--once", "--layer", role], &settings);
            assert!(run.wait().success(), "{}", run.said());
        }
    }
    let plain = folder.copy();
    plain.run_once(&plain.duckdb());
    assert_same(&without_topics(of_duckdb(&folder.duckdb())), &of_duckdb(&plain.duckdb()));
}
