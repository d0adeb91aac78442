//! All that a pipeline has made of a database: every row of every table, as text.

use std::collections::BTreeMap;
use std::path::Path;

use playhead_duckdb::DuckTarget;
use playhead_ports::{Cell, Target};
use playhead_testkit::Postgres;

/// Rows by table, in the order of their texts.
pub(crate) type Tables = BTreeMap<String, Vec<String>>;

const LAYERS: &str = "SELECT table_schema || '.' || table_name FROM information_schema.tables \
     WHERE table_schema IN ('stg', 'dds', 'cdm') ORDER BY 1";
const ROWS_MAX: usize = 1_000_000;

/// A schema and a name, quoted.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replacen('.', "\".\"", 1))
}

/// The tables of a database of that cluster. How long a message may wait is left out: it counts from when it came.
#[track_caller]
pub(crate) fn of_postgres(postgres: &Postgres, database: &str) -> Tables {
    let tables = postgres.sql(database, LAYERS);
    let rows = |name: &String| {
        let sql =
            format!("SELECT (to_jsonb(t) - 'deadline')::text COLLATE \"C\" FROM {} AS t ORDER BY 1", quoted(name));
        postgres.sql(database, &sql).into_iter().flatten().collect()
    };
    tables.iter().flatten().map(|name| (name.clone(), rows(name))).collect()
}

/// The tables of a DuckDB file that nobody has open.
#[track_caller]
pub(crate) fn of_duckdb(url: &str) -> Tables {
    let file = url.strip_prefix("duckdb:").expect("a file");
    let target = DuckTarget::open(Path::new(file), playhead_duckdb::Config::default()).expect("it opens");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let ask = |sql: &str| -> Vec<String> {
        let rows = runtime.block_on(target.select(&[], sql, ROWS_MAX)).expect("it answers");
        let text = |row: Vec<Cell>| match row.into_iter().next() {
            Some(Cell::Text(text)) => text,
            other => panic!("{other:?} is no text"),
        };
        rows.into_iter().map(text).collect()
    };
    let rows = |name: &String| {
        let without = if name.ends_with("_waiting") { " EXCLUDE (deadline)" } else { "" };
        ask(&format!("SELECT CAST(t AS VARCHAR) FROM (SELECT *{without} FROM {}) AS t ORDER BY 1", quoted(name)))
    };
    ask(LAYERS).iter().map(|name| (name.clone(), rows(name))).collect()
}

/// Panics with what is different, if anything is.
#[track_caller]
pub(crate) fn assert_same(found: &Tables, expected: &Tables) {
    let names = |tables: &Tables| tables.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(found), names(expected));
    for (name, expected) in expected {
        let (found, mut missing) = (&found[name], expected.clone());
        let mut more = Vec::new();
        for row in found {
            match missing.iter().position(|other| other == row) {
                Some(at) => drop(missing.swap_remove(at)),
                None => more.push(row),
            }
        }
        let (missing_rows, more_rows) = (missing.len(), more.len());
        missing.truncate(3);
        more.truncate(3);
        assert!(
            missing_rows == 0 && more_rows == 0,
            "{name}: {missing_rows} rows are missing, such as {missing:#?}; {more_rows} should not be there, such as {more:#?}"
        );
    }
}

/// How many rows a table has.
#[track_caller]
pub(crate) fn count(tables: &Tables, name: &str) -> usize {
    tables.get(name).unwrap_or_else(|| panic!("there is no table {name}")).len()
}

/// Panics unless the stream of orders has reached every layer, and every kind of message was among it.
#[track_caller]
pub(crate) fn assert_worth_comparing(tables: &Tables) {
    for name in ["dds.h_order", "dds.s_order_status", "cdm.user_product_counters", "cdm.user_tags"] {
        assert!(count(tables, name) > 0, "{name} is empty");
    }
    for name in ["stg.orders_waiting", "stg.orders_rejects", "stg.orders_pins"] {
        assert!(count(tables, name) > 0, "{name} is empty");
    }
    assert!(count(tables, "stg.order_events_history") > count(tables, "stg.order_events"), "no order has two versions");
}
