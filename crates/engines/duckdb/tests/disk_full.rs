//! A disk that fills up and gets room again.

use playhead_duckdb::{Config, DuckWarehouse};
use playhead_ports::{CommitError, Warehouse};
use playhead_testkit::Tmpfs;

mod support;

use support::{advance, ask, assert_whole, batch, standing};

/// Loads until it is refused; the error, if it ever was.
async fn load_until_full(warehouse: &DuckWarehouse, batches: u64) -> Option<CommitError> {
    for _ in 0..batches {
        let next = standing(warehouse).await;
        if let Err(error) = warehouse.load("loader", batch(next, 2_000), &[advance(next, next + 2_000)]).await {
            return Some(error);
        }
    }
    None
}

async fn fill_and_go_on(config: Config) {
    let tmpfs = match Tmpfs::mount(48 << 20) {
        Ok(tmpfs) => tmpfs,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return,
        Err(error) => panic!("{error}"),
    };
    let folder = tmpfs.path().join("warehouse");
    let warehouse = DuckWarehouse::open(&folder, config.clone()).expect("opens");
    warehouse.declare(&support::TABLES).await.expect("declares");
    for round in 0..3 {
        assert_eq!(load_until_full(&warehouse, 3).await, None, "round {round}");
        let ballast = tmpfs.fill(300 << 10).expect("fills");
        let refused = load_until_full(&warehouse, 500).await;
        assert!(matches!(refused, Some(CommitError::Transient(_))), "round {round}: {refused:?}");
        for _ in 0..3 {
            let next = standing(&warehouse).await;
            let again = warehouse.load("loader", batch(next, 2_000), &[advance(next, next + 2_000)]).await;
            assert!(matches!(again, Ok(()) | Err(CommitError::Transient(_))), "round {round}: {again:?}");
        }
        ask(&warehouse, "SELECT count(*) FROM events").await.expect("reads go on");
        drop(ballast);
        assert_eq!(load_until_full(&warehouse, 5).await, None, "round {round}: there is space again");
        assert_whole(&warehouse).await;
    }
    let next = assert_whole(&warehouse).await;
    drop(warehouse);
    let warehouse = DuckWarehouse::open(&folder, config).expect("opens");
    warehouse.declare(&support::TABLES).await.expect("declares");
    assert_eq!(assert_whole(&warehouse).await, next);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_space_for_a_commit_loses_and_doubles_nothing() {
    fill_and_go_on(Config { wal_max_bytes: 1 << 30, ..Config::default() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_space_for_a_checkpoint_loses_and_doubles_nothing() {
    fill_and_go_on(Config { wal_max_bytes: 200 << 10, fold_rows: 5_000, ..Config::default() }).await;
}
