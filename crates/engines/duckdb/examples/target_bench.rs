//! How fast a load of plain inserts is, beside the engine's own appender with the same rows.
//!
//! `cargo run --release -p playhead-duckdb --example target_bench`

use std::sync::Arc;
use std::time::Instant;

use duckdb::Connection;
use duckdb::arrow::array::{ArrayRef, Int64Array, StringArray, TimestampMicrosecondArray};
use duckdb::arrow::record_batch::RecordBatch;
use playhead_duckdb::{Config, DuckTarget};
use playhead_ports::{Field, FieldType, FieldValues, Staged, Target};

const ROWS: i64 = 500_000;
const ROUNDS: usize = 3;

fn staged(rows: i64) -> Staged {
    let field = |name: &str, of| Field { name: name.to_owned(), of };
    Staged {
        name: "stage_rows".to_owned(),
        fields: vec![field("id", FieldType::Int), field("name", FieldType::Text), field("at_time", FieldType::Time)],
        values: vec![
            FieldValues::Int((0..rows).map(Some).collect()),
            FieldValues::Text((0..rows).map(|row| Some(format!("name of {row}").into())).collect()),
            FieldValues::Int((0..rows).map(|row| Some(1_700_000_000_000_000 + row)).collect()),
        ],
    }
}

fn batch() -> RecordBatch {
    let columns: [(&str, ArrayRef); 3] = [
        ("id", Arc::new(Int64Array::from_iter_values(0..ROWS))),
        ("name", Arc::new(StringArray::from_iter_values((0..ROWS).map(|row| format!("name of {row}"))))),
        (
            "at_time",
            Arc::new(TimestampMicrosecondArray::from_iter_values((0..ROWS).map(|row| 1_700_000_000_000_000 + row))),
        ),
    ];
    RecordBatch::try_from_iter(columns).expect("columns of one length")
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = DuckTarget::open(&folder.path().join("own.duckdb"), Config::default()).expect("opens");
    let create = ["CREATE SCHEMA stg", "CREATE TABLE stg.loaded (id BIGINT, name VARCHAR, at_time TIMESTAMP)"];
    target.migrate(&create.map(str::to_owned)).await.expect("makes a table");
    let raw = Connection::open(folder.path().join("raw.duckdb")).expect("opens");
    raw.execute_batch("CREATE TABLE appended (id BIGINT, name VARCHAR, at_time TIMESTAMP)").expect("makes a table");
    let take = ["INSERT INTO stg.loaded SELECT * FROM stage_rows".to_owned()];
    let (many, rows) = ([staged(ROWS)], batch());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        target.load("bench", &many, &take, &[]).await.expect("loads");
        let load_s = begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        let mut appender = raw.appender("appended").expect("a table");
        appender.append_record_batch(rows.clone()).expect("appends");
        appender.flush().expect("flushes");
        let append_s = begun.elapsed().as_secs_f64();
        println!(
            "{ROWS} rows: load {:.0} rows/s, appender {:.0} rows/s, ratio {:.2}",
            ROWS as f64 / load_s,
            ROWS as f64 / append_s,
            append_s / load_s
        );
    }
    let few = [staged(100)];
    let begun = Instant::now();
    for _ in 0..200 {
        target.load("bench", &few, &take, &[]).await.expect("loads");
    }
    println!("100 rows: {:.2} ms a load", begun.elapsed().as_secs_f64() * 1_000.0 / 200.0);
}
