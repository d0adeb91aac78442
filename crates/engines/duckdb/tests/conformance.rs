//! The port's contract on this engine, with tails left as they are and with tails folded all the time.

use std::cell::RefCell;
use std::sync::Arc;

use playhead_duckdb::{Config, DuckWarehouse};
use playhead_ports::Warehouse;

async fn suite(config: Config) {
    // Folders live until the suite has ended; an engine is dropped by then.
    let folders = RefCell::new(Vec::new());
    playhead_conformance::warehouse(async || {
        let folder = tempfile::tempdir().expect("a folder");
        let warehouse: Arc<dyn Warehouse> = DuckWarehouse::open(folder.path(), config.clone()).expect("opens");
        folders.borrow_mut().push(folder);
        warehouse
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract_of_warehouses() {
    suite(Config::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract_while_it_folds_after_every_load() {
    suite(Config { fold_rows: 1, wal_max_bytes: 1, ..Config::default() }).await;
}
