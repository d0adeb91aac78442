//! Plain rows through the port, one insert and no key, beside the engine's own way in: COPY of a file, or the Arrow appender.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use duckdb::Connection;
use duckdb::arrow::array::{ArrayRef, Int64Array, StringArray, TimestampMicrosecondArray};
use duckdb::arrow::record_batch::RecordBatch;
use playhead_ports::{Field, FieldType, FieldValues, Staged};

use super::place::Place;

const BEGAN_MICROS: i64 = 1_700_000_000_000_000;

/// Rows a second, through the port and alone; both of them in turns, the faster ones.
pub(crate) async fn rates(place: &Place, rows: i64, rounds: usize) -> anyhow::Result<(f64, f64)> {
    let target = place.database("loaded")?;
    let types = [FieldType::Int, FieldType::Text, FieldType::Time].map(|of| target.dialect().type_name(of));
    let columns = format!("(id {}, name {}, at_time {})", types[0], types[1], types[2]);
    target.migrate(&["CREATE SCHEMA stg".to_owned(), format!("CREATE TABLE stg.loaded {columns}")]).await?;
    let alone = Alone::open(place, &columns, rows)?;
    let (staged, take) = ([staged(rows)], ["INSERT INTO stg.loaded SELECT * FROM stage_rows".to_owned()]);
    let (mut through, mut without) = (0.0_f64, 0.0_f64);
    for _ in 0..rounds {
        let began = Instant::now();
        target.load("plain", &staged, &take, &[]).await?;
        through = through.max(rows as f64 / began.elapsed().as_secs_f64());
        let began = Instant::now();
        alone.load()?;
        without = without.max(rows as f64 / began.elapsed().as_secs_f64());
    }
    Ok((through, without))
}

fn staged(rows: i64) -> Staged {
    let field = |name: &str, of| Field { name: name.to_owned(), of };
    Staged {
        name: "stage_rows".to_owned(),
        fields: vec![field("id", FieldType::Int), field("name", FieldType::Text), field("at_time", FieldType::Time)],
        values: vec![
            FieldValues::Int((0..rows).map(Some).collect()),
            FieldValues::Text((0..rows).map(|row| Some(format!("name of {row}").into())).collect()),
            FieldValues::Int((0..rows).map(|row| Some(BEGAN_MICROS + row)).collect()),
        ],
    }
}

/// The engine's own way in.
enum Alone<'a> {
    Copy { place: &'a Place, sql: String },
    Appender { connection: Connection, rows: RecordBatch },
}

impl<'a> Alone<'a> {
    fn open(place: &'a Place, columns: &str, rows: i64) -> anyhow::Result<Self> {
        let names = || (0..rows).map(|row| format!("name of {row}"));
        if place.is_postgres() {
            let mut csv = String::new();
            for (row, name) in (0..rows).zip(names()) {
                writeln!(csv, "{row},{name},2023-11-14 22:13:20.{:06}", row % 1_000_000)?;
            }
            let file = place.file("rows.csv");
            std::fs::write(&file, csv)?;
            place.sql("loaded", &format!("CREATE TABLE stg.copied {columns}"));
            let sql = format!("COPY stg.copied FROM '{}' (FORMAT csv)", file.display());
            return Ok(Self::Copy { place, sql });
        }
        let connection = Connection::open(place.file("appended.duckdb"))?;
        connection.execute_batch(&format!("CREATE TABLE appended {columns}"))?;
        let times = TimestampMicrosecondArray::from_iter_values((0..rows).map(|row| BEGAN_MICROS + row));
        let rows = RecordBatch::try_from_iter([
            ("id", Arc::new(Int64Array::from_iter_values(0..rows)) as ArrayRef),
            ("name", Arc::new(StringArray::from_iter_values(names()))),
            ("at_time", Arc::new(times)),
        ])?;
        Ok(Self::Appender { connection, rows })
    }

    fn load(&self) -> anyhow::Result<()> {
        match self {
            Self::Copy { place, sql } => place.sql("loaded", sql),
            Self::Appender { connection, rows } => {
                let mut appender = connection.appender("appended")?;
                appender.append_record_batch(rows.clone())?;
                appender.flush()?;
            }
        }
        Ok(())
    }
}
