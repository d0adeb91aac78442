//! Processes that are killed while they load, and processes that want the same folder.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use playhead_duckdb::{Config, DuckWarehouse};
use playhead_ports::{Warehouse, WarehouseError};
use playhead_testkit::seeded;

mod support;

use support::{advance, assert_whole, batch, standing};

/// Tells this same program, run as a child, in which folder to load.
const FOLDER: &str = "PLAYHEAD_CRASH_FOLDER";

/// Small limits, so that folds and checkpoints are killed as well.
fn config() -> Config {
    Config { fold_rows: 300, fold_every_ms: 40, wal_max_bytes: 1 << 20, ..Config::default() }
}

/// Not a test of its own: loads for ever in the folder that the parent names, and tells each load that went in.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let warehouse = match DuckWarehouse::open(Path::new(&folder), config()) {
        Ok(warehouse) => warehouse,
        Err(error) => return println!("\nrefused {error}"),
    };
    warehouse.declare(&support::TABLES).await.unwrap();
    let mut next = standing(&warehouse).await;
    loop {
        warehouse.load("loader", batch(next, 100), &[advance(next, next + 100)]).await.unwrap();
        next += 100;
        println!("\nloaded {next}");
    }
}

fn spawn(folder: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "child", "--nocapture"]).env(FOLDER, folder).stdout(Stdio::piped());
    let mut child = command.spawn().expect("runs itself");
    let told = BufReader::new(child.stdout.take().expect("its output"));
    (child, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_checkpoint_agree_after_every_kill() {
    let mut random = seeded();
    let folder = tempfile::tempdir().unwrap();
    let mut loaded = 0;
    for round in 0..10 {
        let (mut child, mut told) = spawn(folder.path());
        let mut acknowledged = loaded;
        let mut left = random.u32(1..60);
        while left > 0 {
            let mut line = String::new();
            assert!(told.read_line(&mut line).unwrap() > 0, "round {round}: the child has ended");
            if let Some(number) = line.trim().strip_prefix("loaded ") {
                acknowledged = number.parse().unwrap();
                left -= 1;
            }
        }
        std::thread::sleep(std::time::Duration::from_micros(random.u64(0..12_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let warehouse = DuckWarehouse::open(folder.path(), config()).unwrap();
        warehouse.declare(&support::TABLES).await.unwrap();
        let next = assert_whole(&warehouse).await;
        assert!(next >= acknowledged, "round {round}: {next} of {acknowledged}");
        loaded = next;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_opener_is_refused_and_told_why() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = DuckWarehouse::open(folder.path(), config()).unwrap();
    match DuckWarehouse::open(folder.path(), config()) {
        Err(WarehouseError::Unavailable(why)) => assert!(why.contains("belongs to one process"), "{why}"),
        other => panic!("{:?}", other.err()),
    }
    let (mut child, told) = spawn(folder.path());
    let lines: Vec<_> = told.lines().map_while(Result::ok).collect();
    let refused = lines.iter().find(|line| line.starts_with("refused ")).unwrap();
    assert!(refused.contains("belongs to one process"), "{refused}");
    child.wait().unwrap();
    warehouse.declare(&support::TABLES).await.unwrap();
    warehouse.load("loader", batch(0, 10), &[advance(0, 10)]).await.unwrap();
    drop(warehouse);
    let again = DuckWarehouse::open(folder.path(), config()).unwrap();
    again.declare(&support::TABLES).await.unwrap();
    assert_eq!(assert_whole(&again).await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_database_is_said_to_be_broken() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("warehouse.duckdb"), vec![7; 50_000]).unwrap();
    match DuckWarehouse::open(folder.path(), config()) {
        Err(WarehouseError::Broken(why)) => assert!(why.contains("restore a backup"), "{why}"),
        other => panic!("{:?}", other.err()),
    }
}
