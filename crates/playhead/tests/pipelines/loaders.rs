//! Several loaders of one pipeline at once, each on partitions of its own, which share guests, products and restaurants.

use playhead_testkit::Postgres;

use crate::folder::{Folder, Run};
use crate::orders::Stream;
use crate::outages::patient;
use crate::tables::{assert_same, assert_worth_comparing, of_postgres};
use crate::{random, rounds};

const PARTITIONS: u32 = 4;
const LOADERS: usize = 3;

/// The partition of an order, as the program chooses it: FNV-1a of the key.
fn partition_of(line: &str) -> u32 {
    let key = line.split("\"object_id\":").nth(1).map_or("", |rest| rest.split([',', '}']).next().unwrap_or(""));
    if key.parse::<u64>().is_err() || serde_json::from_str::<serde_json::Value>(line).is_err() {
        return 0;
    }
    let hash = key
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    u32::try_from(hash % u64::from(PARTITIONS)).expect("a small number")
}

#[test]
fn loaders_on_different_partitions_make_the_same_tables_as_one_without_any_deadlock() {
    let mut rng = random("loaders");
    let postgres = Postgres::start_new();
    let url = postgres.create_database("together");
    let whole = Folder::of_orders(PARTITIONS);
    let parts: Vec<Folder> = (0..LOADERS).map(|_| whole.copy()).collect();
    let mut stream = Stream::new();
    for _ in 0..rounds(3) {
        let messages = stream.messages(&mut rng, 300);
        whole.produce(&messages, PARTITIONS);
        for (number, folder) in parts.iter().enumerate() {
            let is_own = |line: &&str| partition_of(line) as usize % LOADERS == number;
            let own: String = messages.lines().filter(is_own).map(|line| format!("{line}\n")).collect();
            folder.produce(&own, PARTITIONS);
        }
        let mut settings = patient();
        settings[0].1 = rng.u32(2..60).to_string();
        let mut runs: Vec<Run> = parts.iter().map(|folder| folder.spawn_run(&url, &["--once"], &settings)).collect();
        for run in &mut runs {
            assert!(run.wait().success(), "{}", run.said());
        }
    }
    let deadlocks = postgres.sql("postgres", "SELECT sum(deadlocks) FROM pg_stat_database");
    assert_eq!(deadlocks, [["0"]], "{}", postgres.log());
    whole.run_once(&postgres.create_database("plain"));
    let expected = of_postgres(&postgres, "plain");
    assert_worth_comparing(&expected);
    assert_same(&of_postgres(&postgres, "together"), &expected);
}
