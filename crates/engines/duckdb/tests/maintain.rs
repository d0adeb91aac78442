//! Folds, backups, compaction: what is asked stays the same, and what was deleted is gone.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use playhead_duckdb::{Config, DuckWarehouse};
use playhead_ports::{Cell, Columns, Load, Step, Values, Warehouse};
use playhead_testkit::seeded;

mod support;

use support::{advance, ask, assert_whole, batch, days, events, filled, numbers, positions, texts};

/// What the tables by key should hold.
#[derive(Default)]
struct Model {
    positions: BTreeMap<(String, String), i64>,
    days: BTreeMap<(String, i64), (i64, i64)>,
}

impl Model {
    /// A random step, made here as well.
    fn step(&mut self, random: &mut fastrand::Rng) -> Step {
        let user = |random: &mut fastrand::Rng| format!("u{}", random.u32(0..12));
        let video = |random: &mut fastrand::Rng| format!("v{}", random.u32(0..6));
        match random.u32(0..20) {
            0 => {
                let gone = user(random);
                self.positions.retain(|(user, _), _| *user != gone);
                Step::Delete {
                    table: "positions",
                    by: &["user_id"],
                    matching: Columns(vec![texts([gone])]),
                    below: None,
                }
            }
            1..=9 => {
                let mut keys: Vec<_> = (0..random.usize(1..8)).map(|_| (user(random), video(random))).collect();
                keys.sort();
                keys.dedup();
                let position = random.i64(0..1_000);
                self.positions.extend(keys.iter().map(|key| (key.clone(), position)));
                positions(&keys, position, 1)
            }
            _ => {
                let keys: Vec<_> = (0..random.usize(1..8)).map(|_| (video(random), random.i64(0..3))).collect();
                let (plays, watched) = (random.i64(-1..=1), random.i64(-1..=1));
                for key in &keys {
                    let sums = self.days.entry(key.clone()).or_default();
                    *sums = (sums.0 + plays, sums.1 + watched);
                }
                days(&keys, plays, watched)
            }
        }
    }

    async fn check(&self, warehouse: &DuckWarehouse) {
        let text = |cell: &Cell| match cell {
            Cell::Text(text) => text.clone(),
            other => panic!("{other:?}"),
        };
        let int = |cell: &Cell| match cell {
            Cell::Int(number) => *number,
            other => panic!("{other:?}"),
        };
        let rows = ask(warehouse, "SELECT user_id, video_id, position_ms FROM positions").await.expect("answers");
        let found = rows.iter().map(|row| ((text(&row[0]), text(&row[1])), int(&row[2])));
        assert_eq!(rows.len(), self.positions.len());
        assert_eq!(found.collect::<BTreeMap<_, _>>(), self.positions);
        let sql = "SELECT video_id, date_diff('day', DATE '1970-01-01', on_day), plays, watched_ms FROM days";
        let rows = ask(warehouse, sql).await.expect("answers");
        let found = rows.iter().map(|row| ((text(&row[0]), int(&row[1])), (int(&row[2]), int(&row[3]))));
        let expected: BTreeMap<_, _> = self.days.clone().into_iter().filter(|(_, sums)| *sums != (0, 0)).collect();
        assert_eq!(rows.len(), expected.len());
        assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn newest_rows_and_totals_equal_a_model_whatever_is_folded() {
    let mut random = seeded();
    let folder = tempfile::tempdir().unwrap();
    let mut warehouse = DuckWarehouse::open(folder.path(), Config::default()).unwrap();
    warehouse.declare(&support::TABLES).await.unwrap();
    let mut model = Model::default();
    for _ in 0..150 {
        let steps = (0..random.usize(1..5)).map(|_| model.step(&mut random)).collect();
        warehouse.load("loader", Load { steps }, &[]).await.unwrap();
        match random.u32(0..30) {
            0..=4 => warehouse.fold().await.unwrap(),
            5 => warehouse.compact().await.unwrap(),
            6 => {
                drop(warehouse);
                warehouse = DuckWarehouse::open(folder.path(), Config::default()).unwrap();
                warehouse.declare(&support::TABLES).await.unwrap();
            }
            7 => {
                warehouse.clear(&["positions"]).await.unwrap();
                model.positions.clear();
            }
            8..=15 => model.check(&warehouse).await,
            _ => {}
        }
    }
    model.check(&warehouse).await;
}

fn bytes_contain(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder)
        .expect("reads")
        .map(|entry| entry.expect("reads"))
        .filter(|entry| entry.path().is_file())
        .any(|entry| {
            std::fs::read(entry.path()).expect("reads").windows(text.len()).any(|window| window == text.as_bytes())
        })
}

#[tokio::test(flavor = "multi_thread")]
async fn compaction_takes_the_bytes_of_deleted_rows_away() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = filled(folder.path(), Config::default()).await;
    let secret = "somebody-who-wants-to-be-forgotten";
    let keys: Vec<_> = (0..20).map(|video| (secret.to_owned(), format!("v{video}"))).collect();
    for number in 0..5 {
        warehouse.load("loader", Load { steps: vec![positions(&keys, 5, number)] }, &[]).await.unwrap();
        warehouse.fold().await.unwrap();
    }
    warehouse.checkpoint_file().await.unwrap();
    assert!(bytes_contain(folder.path(), secret));
    let matching = Columns(vec![texts([secret.to_owned()])]);
    let gone = Step::Delete { table: "positions", by: &["user_id"], matching, below: None };
    warehouse.load("loader", Load { steps: vec![gone] }, &[advance(0, 0)]).await.unwrap();
    let before = ask(&warehouse, "SELECT * FROM positions ORDER BY ALL").await.unwrap();
    warehouse.compact().await.unwrap();
    assert!(!bytes_contain(folder.path(), secret));
    assert_eq!(ask(&warehouse, "SELECT * FROM positions ORDER BY ALL").await.unwrap(), before);
    assert_eq!(numbers(&warehouse, "SELECT count(*) FROM events").await, [1_000]);
    assert_eq!(warehouse.wal_bytes(), 0);
    warehouse.load("loader", Load { steps: vec![positions(&keys[..1], 6, 9)] }, &[]).await.unwrap();
    drop(warehouse);
    let again = DuckWarehouse::open(folder.path(), Config::default()).unwrap();
    again.declare(&support::TABLES).await.unwrap();
    assert_eq!(numbers(&again, "SELECT count(*) FROM positions WHERE user_id LIKE 'somebody%'").await, [1]);
    assert_eq!(ask(&again, "SELECT column_name FROM (DESCRIBE positions)").await.unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_under_load_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { fold_rows: 2_000, wal_max_bytes: 64 << 10, checkpoint_wait_ms: 0, ..Config::default() };
    let warehouse = DuckWarehouse::open(folder.path(), config).unwrap();
    warehouse.declare(&support::TABLES).await.unwrap();
    let end = Arc::new(AtomicBool::new(false));
    let loading = tokio::spawn({
        let (warehouse, end) = (warehouse.clone(), end.clone());
        async move {
            let mut next = 0;
            while !end.load(Ordering::Relaxed) {
                warehouse.load("loader", batch(next, 100), &[advance(next, next + 100)]).await.unwrap();
                next += 100;
            }
        }
    });
    for number in 0..5 {
        let to = folder.path().join(format!("copy-{number}")).join("warehouse.duckdb");
        std::fs::create_dir(to.parent().unwrap()).unwrap();
        warehouse.backup(&to).await.unwrap();
        assert!(warehouse.backup(&to).await.is_err(), "a backup overwrites nothing");
        let copy = DuckWarehouse::open(to.parent().unwrap(), Config::default()).unwrap();
        copy.declare(&support::TABLES).await.unwrap();
        let next = assert_whole(&copy).await;
        copy.load("loader", batch(next, 100), &[advance(next, next + 100)]).await.unwrap();
        assert_whole(&copy).await;
    }
    warehouse.compact().await.unwrap();
    end.store(true, Ordering::Relaxed);
    loading.await.unwrap();
    assert_whole(&warehouse).await;
    assert_eq!(std::fs::read_dir(folder.path().join("exports")).unwrap().count(), 0);
}

/// As a rebuild does: what it loads makes checkpoints of the file, and those need the database alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_scan_gives_every_row_once_though_it_is_stopped_for_what_its_reader_loads() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { wal_max_bytes: 256 << 10, checkpoint_wait_ms: 10, ..Config::default() };
    let warehouse = DuckWarehouse::open(folder.path(), config).unwrap();
    warehouse.declare(&support::TABLES).await.unwrap();
    for _ in 0..2 {
        warehouse.load("loader", Load { steps: vec![events(0..30_000)] }, &[]).await.unwrap();
    }
    let mut chunks = warehouse.scan("events", "number", 1_999).await.unwrap();
    let mut scanned = Vec::new();
    while let Some(chunk) = chunks.recv().await {
        let Values::UInt(numbers) = &chunk.expect("a chunk").0[2] else { panic!("numbers") };
        scanned.extend(numbers.iter().flatten().copied());
        let keys: Vec<_> = (0..2_000).map(|key| (format!("u{key}"), format!("v{}", scanned.len()))).collect();
        warehouse.load("loader", Load { steps: vec![positions(&keys, 1, 1)] }, &[]).await.unwrap();
    }
    let expected: Vec<u64> = (0..30_000).flat_map(|number| [number, number]).collect();
    assert_eq!(scanned.len(), expected.len());
    assert!(scanned == expected, "each row once, in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_tell_analysts_what_columns_mean_and_sizes_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = filled(folder.path(), Config::default()).await;
    warehouse.checkpoint_file().await.unwrap();
    assert_eq!(warehouse.wal_bytes(), 0);
    assert!(warehouse.size_bytes() > 0);
}
