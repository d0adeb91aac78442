//! How fast a load of plain inserts is, beside the server's own COPY of the same rows from a file.
//!
//! `cargo run --release -p playhead-postgres --example postgres_bench`

use std::fmt::Write;
use std::time::Instant;

use playhead_ports::{Field, FieldType, FieldValues, Staged, Target};
use playhead_postgres::{Config, PostgresTarget};
use playhead_testkit::PostgresSetup;

const ROWS: i64 = 500_000;
const ROUNDS: usize = 3;

fn staged(rows: i64) -> Staged {
    let field = |name: &str, of| Field { name: name.to_owned(), of };
    Staged {
        name: "stage_rows".to_owned(),
        fields: vec![
            field("id", FieldType::Int),
            field("name", FieldType::Text),
            field("price", FieldType::Decimal { precision: 12, scale: 2 }),
            field("at", FieldType::Time),
        ],
        values: vec![
            FieldValues::Int((0..rows).map(Some).collect()),
            FieldValues::Text((0..rows).map(|row| Some(format!("name of {row}").into())).collect()),
            FieldValues::Text((0..rows).map(|row| Some(format!("{row}.25").into())).collect()),
            FieldValues::Int((0..rows).map(|row| Some(1_700_000_000_000_000 + row)).collect()),
        ],
    }
}

#[tokio::main]
async fn main() {
    let postgres = PostgresSetup::default().fsync().set("max_wal_size", "4GB").start();
    let url = postgres.create_database("bench");
    let target = PostgresTarget::new(&url, Config::default()).expect("an address");
    let columns = "(id bigint, name text, price numeric(12,2), at timestamp)";
    let create = ["CREATE SCHEMA stg".to_owned(), format!("CREATE TABLE stg.loaded {columns}")];
    target.migrate(&create).await.expect("makes tables");
    postgres.sql("bench", &format!("CREATE TABLE stg.copied {columns}"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rows.csv");
    let mut csv = String::new();
    for row in 0..ROWS {
        writeln!(csv, "{row},name of {row},{row}.25,2023-11-14 22:13:20.{:06}", row % 1_000_000)
            .expect("a String takes all");
    }
    std::fs::write(&file, csv).expect("writes");
    postgres.own(folder.path());
    let take = ["INSERT INTO stg.loaded SELECT * FROM stage_rows".to_owned()];
    let many = [staged(ROWS)];
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        target.load("bench", &many, &take, &[]).await.expect("loads");
        let load_s = begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        postgres.sql("bench", &format!("COPY stg.copied FROM '{}' (FORMAT csv)", file.display()));
        let copy_s = begun.elapsed().as_secs_f64();
        println!(
            "{ROWS} rows: load {:.0} rows/s, COPY of a file {:.0} rows/s, ratio {:.2}",
            ROWS as f64 / load_s,
            ROWS as f64 / copy_s,
            copy_s / load_s
        );
    }
    let few = [staged(100)];
    let begun = Instant::now();
    for _ in 0..200 {
        target.load("bench", &few, &take, &[]).await.expect("loads");
    }
    println!("100 rows: {:.2} ms a load", begun.elapsed().as_secs_f64() * 1_000.0 / 200.0);
}
