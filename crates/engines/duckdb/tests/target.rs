//! The contract of targets on this engine: on a file of its own, and beside a warehouse.

use std::cell::RefCell;
use std::sync::Arc;

use playhead_duckdb::{Config, DuckTarget, DuckWarehouse};
use playhead_ports::{
    Cell, Field, FieldType, FieldValues, Query, QueryError, Staged, Target, Warehouse, WarehouseError,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_keeps_the_contract_of_targets() {
    let folders = RefCell::new(Vec::new());
    playhead_conformance::target(async || {
        let folder = tempfile::tempdir().expect("a folder");
        let target: Arc<dyn Target> =
            Arc::new(DuckTarget::open(&folder.path().join("a file.duckdb"), Config::default()).expect("opens"));
        folders.borrow_mut().push(folder);
        target
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warehouse_keeps_the_contract_of_targets() {
    // A warehouse lives as long as its target, else its upkeep ends.
    let kept = RefCell::new(Vec::new());
    playhead_conformance::target(async || {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config { fold_rows: 1, wal_max_bytes: 1, ..Config::default() };
        let warehouse = DuckWarehouse::open(folder.path(), config).expect("opens");
        let target: Arc<dyn Target> = Arc::new(warehouse.target());
        kept.borrow_mut().push((warehouse, folder));
        target
    })
    .await;
}

fn taken() -> (Staged, Vec<String>) {
    let fields = vec![Field { name: "a".to_owned(), of: FieldType::Int }];
    let staged = Staged { name: "stage_a".to_owned(), fields, values: vec![FieldValues::Int(vec![Some(7)])] };
    (staged, vec!["INSERT INTO dds.hub SELECT a FROM stage_a".to_owned()])
}

fn tables() -> Vec<String> {
    ["CREATE SCHEMA stg", "CREATE SCHEMA dds", "CREATE TABLE stg.raw (a BIGINT)", "CREATE TABLE dds.hub (a BIGINT)"]
        .map(str::to_owned)
        .to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_loaded_is_in_the_file_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.duckdb");
    let target = DuckTarget::open(&file, Config::default()).unwrap();
    assert!(matches!(DuckTarget::open(&file, Config::default()), Err(WarehouseError::Unavailable(_))));
    target.migrate(&tables()).await.unwrap();
    let (staged, take) = taken();
    target.load("loader", &[staged], &take, &[]).await.unwrap();
    drop(target);
    let target = DuckTarget::open(&file, Config::default()).unwrap();
    assert_eq!(target.select(&[], "SELECT a FROM dds.hub", 1).await, Ok(vec![vec![Cell::Int(7)]]));
    drop(target);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["own.duckdb"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn analysts_see_what_a_pipeline_shows_them_and_nothing_else_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = DuckWarehouse::open(folder.path(), Config::default()).unwrap();
    let target = warehouse.target();
    target.migrate(&tables()).await.unwrap();
    let (staged, take) = taken();
    target.load("loader", &[staged], &take, &[]).await.unwrap();
    let ask = async |sql: &str| {
        let time_max = std::time::Duration::from_secs(60);
        let mut answer = warehouse.query(Query { sql: sql.to_owned(), rows_max: 10, time_max }).await?;
        let mut rows = Vec::new();
        while let Some(chunk) = answer.rows.recv().await {
            rows.extend(chunk?);
        }
        Ok(rows)
    };
    let refused = |answer: Result<Vec<Vec<Cell>>, QueryError>| matches!(answer, Err(QueryError::Invalid(_)));
    assert_eq!(ask("SHOW TABLES").await, Ok(Vec::new()));
    assert!(refused(ask("SELECT a FROM dds.hub").await));
    target.show(&[("dds".to_owned(), "Hub".to_owned())]);
    assert_eq!(ask("SHOW TABLES").await, Ok(vec![vec![Cell::Text("dds.hub".to_owned())]]));
    assert_eq!(ask("SELECT h.a FROM DDS.hub AS h").await, Ok(vec![vec![Cell::Int(7)]]));
    for hidden in ["stg.raw", "hub", "main.hub", "stg.hub", "temp.stage_a", "store.checkpoints", "warehouse.dds.hub"] {
        assert!(refused(ask(&format!("SELECT * FROM {hidden}")).await), "{hidden}");
    }
}
