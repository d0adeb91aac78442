//! A small warehouse for the tests of this engine, and what is asked of it.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use playhead_domain::Offset;
use playhead_duckdb::{Config, DuckWarehouse};
use playhead_ports::{
    Advance, Cell, Column, ColumnType, Columns, Load, Query, QueryError, Shape, Step, Table, Topic, TopicPartition,
    Values, Warehouse,
};

const fn column(name: &'static str, of: ColumnType) -> Column {
    Column { name, of, comment: "" }
}

const EVENTS: [Column; 8] = [
    column("user_id", ColumnType::Text),
    column("video_id", ColumnType::Text),
    column("number", ColumnType::UInt),
    column("at_time", ColumnType::Time),
    column("on_day", ColumnType::Date),
    column("ok", ColumnType::Bool),
    column("amount", ColumnType::Int),
    column("genres", ColumnType::Texts),
];

const POSITIONS: [Column; 4] = [
    column("user_id", ColumnType::Text),
    column("video_id", ColumnType::Text),
    column("position_ms", ColumnType::Int),
    column("number", ColumnType::UInt),
];

const DAYS: [Column; 4] = [
    column("video_id", ColumnType::Text),
    column("on_day", ColumnType::Date),
    column("plays", ColumnType::Int),
    column("watched_ms", ColumnType::Int),
];

/// One table of each shape.
pub(crate) static TABLES: [Table; 3] = [
    Table { name: "events", columns: &EVENTS, shape: Shape::Facts, comment: "" },
    Table { name: "positions", columns: &POSITIONS, shape: Shape::Newest { key: 2 }, comment: "" },
    Table { name: "days", columns: &DAYS, shape: Shape::Totals { key: 2 }, comment: "" },
];

/// The texts of a column.
pub(crate) fn texts(values: impl IntoIterator<Item = String>) -> Values {
    Values::Text(values.into_iter().map(|value| Some(value.into())).collect())
}

/// The numbers of a column.
pub(crate) fn ints(values: impl IntoIterator<Item = i64>) -> Values {
    Values::Int(values.into_iter().map(Some).collect())
}

/// Events of ten users and ten videos, one a number.
pub(crate) fn events(numbers: std::ops::Range<u64>) -> Step {
    let signed = |number: u64| i64::try_from(number).expect("a small number");
    let count = numbers.clone().count();
    let genres: Vec<smol_str::SmolStr> = vec!["drama".into(), "war".into()];
    let rows = Columns(vec![
        texts(numbers.clone().map(|number| format!("u{}", number % 10))),
        texts(numbers.clone().map(|number| format!("v{}", number / 10 % 10))),
        Values::UInt(numbers.clone().map(Some).collect()),
        ints(numbers.clone().map(|number| 1_700_000_000_000 + signed(number))),
        ints(vec![19_675; count]),
        Values::Bool(vec![Some(true); count]),
        ints(numbers.map(|number| signed(number % 100))),
        Values::Texts(vec![genres; count]),
    ]);
    Step::Append { table: "events", rows }
}

/// The newest positions of these keys.
pub(crate) fn positions(keys: &[(String, String)], position_ms: i64, number: u64) -> Step {
    let rows = Columns(vec![
        texts(keys.iter().map(|(user, _)| user.clone())),
        texts(keys.iter().map(|(_, video)| video.clone())),
        ints(vec![position_ms; keys.len()]),
        Values::UInt(vec![Some(number); keys.len()]),
    ]);
    Step::Replace { table: "positions", rows }
}

/// Differences of these videos and days.
pub(crate) fn days(keys: &[(String, i64)], plays: i64, watched_ms: i64) -> Step {
    let rows = Columns(vec![
        texts(keys.iter().map(|(video, _)| video.clone())),
        ints(keys.iter().map(|(_, day)| *day)),
        ints(vec![plays; keys.len()]),
        ints(vec![watched_ms; keys.len()]),
    ]);
    Step::Add { table: "days", rows }
}

/// A warehouse with 1,000 events, 100 positions and 20 days, half of them folded.
pub(crate) async fn filled(dir: &Path, config: Config) -> Arc<DuckWarehouse> {
    let warehouse = DuckWarehouse::open(dir, config).expect("opens");
    warehouse.declare(&TABLES).await.expect("declares");
    let keys: Vec<_> = (0..100).map(|key| (format!("u{}", key % 10), format!("v{}", key / 10))).collect();
    let of_days: Vec<_> = (0..20).map(|key| (format!("v{}", key % 10), 19_675 + key / 10)).collect();
    let first = vec![events(0..1_000), positions(&keys, 10, 1), days(&of_days, 1, 60_000)];
    warehouse.load("loader", Load { steps: first }, &[]).await.expect("loads");
    warehouse.fold().await.expect("folds");
    let second = vec![positions(&keys[..50], 20, 2), days(&of_days[..10], 1, 30_000)];
    warehouse.load("loader", Load { steps: second }, &[]).await.expect("loads");
    warehouse
}

/// Asks and gathers all rows.
pub(crate) async fn ask(warehouse: &DuckWarehouse, sql: &str) -> Result<Vec<Vec<Cell>>, QueryError> {
    let query = Query { sql: sql.to_owned(), rows_max: 1_000_000, time_max: Duration::from_secs(240) };
    let mut answer = warehouse.query(query).await?;
    let mut rows = Vec::new();
    while let Some(chunk) = answer.rows.recv().await {
        rows.extend(chunk?);
    }
    Ok(rows)
}

/// The whole numbers of the only row.
pub(crate) async fn numbers(warehouse: &DuckWarehouse, sql: &str) -> Vec<i64> {
    let rows = ask(warehouse, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let number = |cell: &Cell| match cell {
        Cell::Int(number) => *number,
        other => panic!("{sql}: {other:?}"),
    };
    rows.first().expect("one row").iter().map(number).collect()
}

/// The step of the checkpoint of the only partition.
pub(crate) fn advance(from: u64, to: u64) -> Advance {
    let at = TopicPartition::new(&Topic::new("watch"), 0);
    Advance { at, log_id: "log-1".parse().expect("any text is a log's id"), from: Offset(from), to: Offset(to) }
}

/// Where the loader's checkpoint stands.
pub(crate) async fn standing(warehouse: &DuckWarehouse) -> u64 {
    let found = warehouse.checkpoints("loader", &[advance(0, 0).at]).await.expect("reads");
    found[0].as_ref().map_or(0, |checkpoint| checkpoint.next.0)
}

/// One batch of all tables, which leads from the checkpoint `from` to `from + count`. Each table tells from its rows alone how
/// many were loaded.
pub(crate) fn batch(from: u64, count: u64) -> Load {
    let keys: Vec<_> = (0..10).map(|key| (format!("u{key}"), format!("v{}", from % 7))).collect();
    let position = i64::try_from(from + count).expect("a small number");
    let plays = i64::try_from(count).expect("a small number");
    Load {
        steps: vec![
            events(from..from + count),
            positions(&keys, position, from + count),
            days(&[(format!("v{}", from % 7), 19_675)], plays, 0),
        ],
    }
}

/// Checks that the tables hold exactly what the checkpoint says.
pub(crate) async fn assert_whole(warehouse: &DuckWarehouse) -> u64 {
    let next = standing(warehouse).await;
    let signed = i64::try_from(next).expect("a small number");
    let sql = "SELECT count(*), count(DISTINCT number), coalesce(max(number) + 1, 0)::BIGINT FROM events";
    assert_eq!(numbers(warehouse, sql).await, [signed, signed, signed]);
    assert_eq!(numbers(warehouse, "SELECT coalesce(sum(plays), 0) FROM days").await, [signed]);
    assert_eq!(numbers(warehouse, "SELECT coalesce(max(position_ms), 0) FROM positions").await, [signed]);
    next
}
