//! Tables and rows for the suite of warehouses.

use playhead_ports::{Cell, Column, ColumnType, Columns, Shape, Step, Table, Values};

const fn column(name: &'static str, of: ColumnType) -> Column {
    Column { name, of, comment: "what it's for" }
}

const EVENT_COLUMNS: [Column; 8] = [
    column("user_id", ColumnType::Text),
    column("number", ColumnType::UInt),
    column("at_time", ColumnType::Time),
    column("on_day", ColumnType::Date),
    column("ok", ColumnType::Bool),
    column("amount", ColumnType::Int),
    column("genres", ColumnType::Texts),
    column("device", ColumnType::Text),
];

const POSITION_COLUMNS: [Column; 5] = [
    column("user_id", ColumnType::Text),
    column("video_id", ColumnType::Text),
    column("position_ms", ColumnType::Int),
    column("number", ColumnType::UInt),
    column("device", ColumnType::Text),
];

const DAY_COLUMNS: [Column; 5] = [
    column("video_id", ColumnType::Text),
    column("on_day", ColumnType::Date),
    column("plays", ColumnType::Int),
    column("watched_ms", ColumnType::Int),
    column("views", ColumnType::Int),
];

const fn table(name: &'static str, columns: &'static [Column], shape: Shape) -> Table {
    Table { name, columns, shape, comment: "a table's rows" }
}

/// Facts.
pub(crate) const EVENTS: Table = table("events", EVENT_COLUMNS.split_at(7).0, Shape::Facts);
/// Newest rows.
pub(crate) const POSITIONS: Table = table("positions", POSITION_COLUMNS.split_at(4).0, Shape::Newest { key: 2 });
/// Totals.
pub(crate) const DAYS: Table = table("days", DAY_COLUMNS.split_at(4).0, Shape::Totals { key: 2 });

/// All tables of the suite.
pub(crate) static TABLES: [Table; 3] = [EVENTS, POSITIONS, DAYS];
/// The same with a column more each.
pub(crate) static WIDER: [Table; 3] = [
    table("events", &EVENT_COLUMNS, Shape::Facts),
    table("positions", &POSITION_COLUMNS, Shape::Newest { key: 2 }),
    table("days", &DAY_COLUMNS, Shape::Totals { key: 2 }),
];
/// Only the first with a column more.
pub(crate) static EVENTS_WIDER: [Table; 1] = [table("events", &EVENT_COLUMNS, Shape::Facts)];
/// A column has another name.
pub(crate) static EVENTS_RENAMED: [Table; 1] =
    [table("events", &[column("viewer_id", ColumnType::Text), column("number", ColumnType::UInt)], Shape::Facts)];
/// A column has another type.
pub(crate) static EVENTS_RETYPED: [Table; 1] =
    [table("events", &[column("user_id", ColumnType::Text), column("number", ColumnType::Int)], Shape::Facts)];
/// A column is missing.
pub(crate) static EVENTS_NARROWER: [Table; 1] = [table("events", EVENT_COLUMNS.split_at(7).0, Shape::Facts)];
/// The key is another.
pub(crate) static OTHER_KEY: [Table; 1] =
    [table("positions", POSITION_COLUMNS.split_at(4).0, Shape::Newest { key: 1 })];

/// Texts of a column.
pub(crate) fn texts(values: &[&str]) -> Values {
    Values::Text(values.iter().map(|value| Some((*value).into())).collect())
}

/// Numbers of a column.
pub(crate) fn ints(values: &[i64]) -> Values {
    Values::Int(values.iter().copied().map(Some).collect())
}

/// One row of `events`.
pub(crate) fn event(user: &str, number: u64) -> Columns {
    let mut rows = events(&[number]);
    rows.0[0] = texts(&[user]);
    rows
}

/// Rows of `events`, one a number.
pub(crate) fn events(numbers: &[u64]) -> Columns {
    let count = numbers.len();
    Columns(vec![
        texts(&vec!["u"; count]),
        Values::UInt(numbers.iter().copied().map(Some).collect()),
        ints(&vec![1_700_000_000_000; count]),
        ints(&vec![19_675; count]),
        Values::Bool(vec![Some(true); count]),
        ints(&vec![7; count]),
        Values::Texts(vec![vec!["drama".into()]; count]),
    ])
}

/// One row of `positions`.
pub(crate) fn position(user: &str, video: &str, position_ms: i64, number: u64) -> Columns {
    Columns(vec![texts(&[user]), texts(&[video]), ints(&[position_ms]), Values::UInt(vec![Some(number)])])
}

/// One row of `days`.
pub(crate) fn day(video: &str, day: i64, plays: i64, watched_ms: i64) -> Columns {
    Columns(vec![texts(&[video]), ints(&[day]), ints(&[plays]), ints(&[watched_ms])])
}

/// The step that deletes what equals these values.
pub(crate) fn matching(
    table: &Table,
    by: &'static [&'static str],
    values: Vec<Values>,
    below: Option<(&'static str, u64)>,
) -> Step {
    Step::Delete { table: table.name, by, matching: Columns(values), below }
}

/// The values from the last to the first.
pub(crate) fn reversed(values: &Values) -> Values {
    match values {
        Values::Text(values) => Values::Text(values.iter().rev().cloned().collect()),
        Values::Int(values) => Values::Int(values.iter().rev().copied().collect()),
        Values::UInt(values) => Values::UInt(values.iter().rev().copied().collect()),
        Values::Bool(values) => Values::Bool(values.iter().rev().copied().collect()),
        Values::Texts(values) => Values::Texts(values.iter().rev().cloned().collect()),
    }
}

/// The unsigned numbers of a column.
pub(crate) fn uint(values: &Values) -> Vec<u64> {
    match values {
        Values::UInt(values) => values.iter().flatten().copied().collect(),
        other => panic!("{other:?}"),
    }
}

/// A cell of text.
pub(crate) fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// The only number of an answer.
pub(crate) fn int(rows: &[Vec<Cell>]) -> i64 {
    match rows {
        [row] => match row[..] {
            [Cell::Int(number)] => number,
            _ => panic!("{row:?}"),
        },
        _ => panic!("{rows:?}"),
    }
}
