//! How fast batches are loaded, beside the engine's own appender of the same rows of facts.
//!
//! `cargo run -p playhead-duckdb --example load_bench -- [rows of history] [batches timed] [rows a batch]`. One table of facts
//! with 14 columns, one of newest rows and two of totals, as the loader of watch events keeps them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use duckdb::Connection;
use duckdb::arrow::array::{ArrayRef, BooleanArray, Int64Array, StringArray, TimestampMicrosecondArray, UInt64Array};
use duckdb::arrow::record_batch::RecordBatch;
use playhead_domain::Offset;
use playhead_duckdb::{Config, DuckWarehouse};
use playhead_ports::{
    Advance, Column, ColumnType, Columns, Load, Query, Shape, Step, Table, Topic, TopicPartition, Values, Warehouse,
};

const fn column(name: &'static str, of: ColumnType) -> Column {
    Column { name, of, comment: "" }
}

const EVENTS: [Column; 14] = [
    column("user_id", ColumnType::Text),
    column("video_id", ColumnType::Text),
    column("play_id", ColumnType::Text),
    column("seq", ColumnType::UInt),
    column("event_time", ColumnType::Time),
    column("received_time", ColumnType::Time),
    column("position_ms", ColumnType::Int),
    column("duration_ms", ColumnType::Int),
    column("kind", ColumnType::Text),
    column("device", ColumnType::Text),
    column("session", ColumnType::Text),
    column("backfill", ColumnType::Bool),
    column("partition", ColumnType::UInt),
    column("log_offset", ColumnType::UInt),
];

const USER_VIDEO: [Column; 6] = [
    column("user_id", ColumnType::Text),
    column("video_id", ColumnType::Text),
    column("position_ms", ColumnType::Int),
    column("watched_ms", ColumnType::Int),
    column("plays", ColumnType::Int),
    column("last_time", ColumnType::Time),
];

const DAILY: [Column; 6] = [
    column("video_id", ColumnType::Text),
    column("day", ColumnType::Date),
    column("plays", ColumnType::Int),
    column("viewers", ColumnType::Int),
    column("watched_ms", ColumnType::Int),
    column("completions", ColumnType::Int),
];

const RETENTION: [Column; 3] =
    [column("video_id", ColumnType::Text), column("percent", ColumnType::Int), column("viewers", ColumnType::Int)];

static TABLES: [Table; 4] = [
    Table { name: "watch_events", columns: &EVENTS, shape: Shape::Facts, comment: "" },
    Table { name: "user_video", columns: &USER_VIDEO, shape: Shape::Newest { key: 2 }, comment: "" },
    Table { name: "video_daily", columns: &DAILY, shape: Shape::Totals { key: 2 }, comment: "" },
    Table { name: "video_retention", columns: &RETENTION, shape: Shape::Totals { key: 2 }, comment: "" },
];

/// The columns of a batch, before they are in anybody's form.
struct Rows {
    users: Vec<String>,
    videos: Vec<String>,
    plays: Vec<String>,
    numbers: Vec<u64>,
    times: Vec<i64>,
    positions: Vec<i64>,
}

fn rows(random: &mut fastrand::Rng, count: usize, from: u64) -> Rows {
    let numbers: Vec<u64> = (from..).take(count).collect();
    // A few videos have most of the views.
    let video = |random: &mut fastrand::Rng| format!("tt{:07}", (random.f64().powi(4) * 20_000.0) as u64);
    Rows {
        users: numbers.iter().map(|_| format!("user-{:06}", random.u32(0..200_000))).collect(),
        videos: numbers.iter().map(|_| video(random)).collect(),
        plays: numbers.iter().map(|_| format!("{:016x}", random.u64(..))).collect(),
        times: numbers.iter().map(|number| 1_700_000_000_000 + i64::try_from(*number / 8).unwrap_or(0)).collect(),
        positions: numbers.iter().map(|_| random.i64(0..5_400_000)).collect(),
        numbers,
    }
}

fn texts(values: &[String]) -> Values {
    Values::Text(values.iter().map(|value| Some(value.as_str().into())).collect())
}

fn ints(values: impl IntoIterator<Item = i64>) -> Values {
    Values::Int(values.into_iter().map(Some).collect())
}

/// The facts, and what a loader would make of them for the marts.
fn load(rows: &Rows) -> Load {
    let count = rows.numbers.len();
    let same = |text: &str| Values::Text(vec![Some(text.into()); count]);
    let uints = |values: &[u64]| Values::UInt(values.iter().copied().map(Some).collect());
    let events = Columns(vec![
        texts(&rows.users),
        texts(&rows.videos),
        texts(&rows.plays),
        uints(&rows.numbers),
        ints(rows.times.iter().copied()),
        ints(rows.times.iter().map(|time| time + 40)),
        ints(rows.positions.iter().copied()),
        ints(vec![5_400_000; count]),
        same("progress"),
        same("web"),
        Values::Text(vec![None; count]),
        Values::Bool(vec![Some(false); count]),
        Values::UInt(vec![Some(0); count]),
        uints(&rows.numbers),
    ]);
    let positions = Columns(vec![
        texts(&rows.users),
        texts(&rows.videos),
        ints(rows.positions.iter().copied()),
        ints(vec![10_000; count]),
        ints(vec![1; count]),
        ints(rows.times.iter().copied()),
    ]);
    let days = ints(rows.times.iter().map(|time| time / 86_400_000));
    let daily = Columns(vec![
        texts(&rows.videos),
        days,
        ints(vec![1; count]),
        ints(vec![1; count]),
        ints(vec![10_000; count]),
        ints(vec![0; count]),
    ]);
    let percents = ints(rows.positions.iter().map(|position| position / 54_000));
    let retention = Columns(vec![texts(&rows.videos), percents, ints(vec![1; count])]);
    Load {
        steps: vec![
            Step::Append { table: "watch_events", rows: events },
            Step::Replace { table: "user_video", rows: positions },
            Step::Add { table: "video_daily", rows: daily },
            Step::Add { table: "video_retention", rows: retention },
        ],
    }
}

/// The facts in the form that the engine's appender takes.
fn batch(rows: &Rows) -> RecordBatch {
    let count = rows.numbers.len();
    let texts = |values: &[String]| Arc::new(StringArray::from_iter_values(values)) as ArrayRef;
    let same = |text: &str| Arc::new(StringArray::from_iter_values(vec![text; count])) as ArrayRef;
    let times = |add: i64| {
        Arc::new(TimestampMicrosecondArray::from_iter_values(rows.times.iter().map(|time| (time + add) * 1_000)))
            as ArrayRef
    };
    let uints = |values: Vec<u64>| Arc::new(UInt64Array::from(values)) as ArrayRef;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("user_id", texts(&rows.users)),
        ("video_id", texts(&rows.videos)),
        ("play_id", texts(&rows.plays)),
        ("seq", uints(rows.numbers.clone())),
        ("event_time", times(0)),
        ("received_time", times(40)),
        ("position_ms", Arc::new(Int64Array::from(rows.positions.clone()))),
        ("duration_ms", Arc::new(Int64Array::from(vec![5_400_000; count]))),
        ("kind", same("progress")),
        ("device", same("web")),
        ("session", Arc::new(StringArray::from(vec![None::<&str>; count]))),
        ("backfill", Arc::new(BooleanArray::from(vec![false; count]))),
        ("partition", uints(vec![0; count])),
        ("log_offset", uints(rows.numbers.clone())),
    ];
    RecordBatch::try_from_iter(columns).expect("columns of one length")
}

fn report(what: &str, mut times: Vec<Duration>, rows_each: usize) {
    times.sort();
    let total: Duration = times.iter().sum();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    println!(
        "{what:<44} {:>9.0} rows/s   batch ms: p50 {:>6.1}  p99 {:>6.1}  greatest {:>6.1}",
        (times.len() * rows_each) as f64 / total.as_secs_f64(),
        at(50),
        at(99),
        at(100)
    );
}

/// The engine alone: the same facts, one transaction a batch.
fn appender_alone(batches: usize, rows_each: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let connection = Connection::open(folder.path().join("alone.duckdb")).expect("opens");
    let types = |of| match of {
        ColumnType::Time => "TIMESTAMP",
        ColumnType::Int => "BIGINT",
        ColumnType::UInt => "UBIGINT",
        ColumnType::Bool => "BOOLEAN",
        _ => "VARCHAR",
    };
    let columns: Vec<_> = EVENTS.iter().map(|column| format!("\"{}\" {}", column.name, types(column.of))).collect();
    connection.execute_batch(&format!("CREATE TABLE watch_events ({})", columns.join(", "))).expect("creates");
    let mut random = fastrand::Rng::with_seed(1);
    let mut times = Vec::new();
    for number in 0..batches {
        let batch = batch(&rows(&mut random, rows_each, (number * rows_each) as u64));
        let started = Instant::now();
        connection.execute_batch("BEGIN").expect("begins");
        let mut appender = connection.appender("watch_events").expect("an appender");
        appender.append_record_batch(batch).expect("appends");
        appender.flush().expect("flushes");
        drop(appender);
        connection.execute_batch("COMMIT").expect("commits");
        times.push(started.elapsed());
    }
    report("the engine's appender, facts alone", times, rows_each);
}

async fn loads(
    warehouse: &DuckWarehouse,
    random: &mut fastrand::Rng,
    from: u64,
    batches: usize,
    rows_each: usize,
) -> Vec<Duration> {
    let at = TopicPartition::new(&Topic::new("watch"), 0);
    let mut times = Vec::new();
    for number in 0..batches {
        let from = from + (number * rows_each) as u64;
        let load = load(&rows(random, rows_each, from));
        let advance = Advance {
            at: at.clone(),
            log_id: "bench".parse().expect("any text is a log's id"),
            from: Offset(from),
            to: Offset(from + rows_each as u64),
        };
        let started = Instant::now();
        warehouse.load("bench", load, &[advance]).await.expect("loads");
        times.push(started.elapsed());
    }
    times
}

async fn time_query(warehouse: &DuckWarehouse, sql: &str) {
    let query = Query { sql: sql.to_owned(), rows_max: 1_000_000, time_max: Duration::from_secs(60) };
    let started = Instant::now();
    let mut answer = warehouse.query(query).await.expect("answers");
    let mut rows = 0;
    while let Some(chunk) = answer.rows.recv().await {
        rows += chunk.expect("rows").len();
    }
    println!("{:>8.1} ms, {rows} rows: {sql}", started.elapsed().as_secs_f64() * 1e3);
}

#[tokio::main]
async fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|number| number.parse().ok()).collect();
    let history = numbers.first().copied().unwrap_or(1_000_000);
    let timed = numbers.get(1).copied().unwrap_or(100);
    let rows_each = numbers.get(2).copied().unwrap_or(4_000);
    appender_alone(timed, rows_each);
    let folder = tempfile::tempdir().expect("a folder");
    let warehouse = DuckWarehouse::open(folder.path(), Config::default()).expect("opens");
    warehouse.declare(&TABLES).await.expect("declares");
    let mut random = fastrand::Rng::with_seed(1);
    report("all four tables, empty warehouse", loads(&warehouse, &mut random, 0, timed, rows_each).await, rows_each);
    let mut loaded = timed * rows_each;
    let started = Instant::now();
    while loaded < history {
        loads(&warehouse, &mut random, loaded as u64, 10, rows_each).await;
        loaded += 10 * rows_each;
    }
    println!("{loaded} rows of history after {:.1} s", started.elapsed().as_secs_f64());
    report(
        "all four tables, with that history",
        loads(&warehouse, &mut random, loaded as u64, timed, rows_each).await,
        rows_each,
    );
    for sql in [
        "SELECT video_id, sum(watched_ms) AS ms FROM video_daily GROUP BY video_id ORDER BY ms DESC LIMIT 10",
        "SELECT count(*), sum(position_ms) FROM user_video",
        "SELECT * FROM user_video WHERE user_id = 'user-000042'",
        "SELECT percent, viewers FROM video_retention WHERE video_id = 'tt0000001' ORDER BY percent",
    ] {
        time_query(&warehouse, sql).await;
    }
    let started = Instant::now();
    warehouse.fold().await.expect("folds");
    println!("fold {:.0} ms", started.elapsed().as_secs_f64() * 1e3);
    time_query(&warehouse, "SELECT count(*), sum(position_ms) FROM user_video").await;
    let started = Instant::now();
    warehouse.checkpoint_file().await.expect("writes a checkpoint");
    println!("checkpoint {:.0} ms", started.elapsed().as_secs_f64() * 1e3);
    println!("{} bytes of files, {} of them write-ahead log", warehouse.size_bytes(), warehouse.wal_bytes());
}
