//! Loads batches into a target, and reads its tables as texts.

use std::collections::BTreeMap;

use playhead_ports::{Cell, Dialect, FieldType, Staged, Target};
use playhead_warehouse::plan::{Kind, Plan, TablePlan};
use playhead_warehouse::spec::Spec;
use playhead_warehouse::sql;

use crate::shop::{Order, Text, stage};

const ROWS_MAX: usize = 100_000;

pub(crate) async fn make(target: &dyn Target, plan: &Plan) {
    let changes = sql::migrate(target.dialect(), &[], plan).expect("there is nothing to refuse");
    target.migrate(&changes).await.unwrap_or_else(|error| panic!("{error}\n{changes:#?}"));
}

pub(crate) async fn clear(target: &dyn Target, plan: &Plan) {
    let deletes: Vec<String> = plan.tables.iter().map(|table| format!("DELETE FROM {}", path(table))).collect();
    target.migrate(&deletes).await.expect("tables can be emptied");
}

pub(crate) async fn load(target: &dyn Target, spec: &Spec, plan: &Plan, orders: &[Order]) -> Result<(), String> {
    let staged: Vec<Staged> = stage(spec, plan, orders);
    let names: Vec<&str> = plan.stages.iter().map(|stage| stage.name.as_str()).collect();
    let brought: Vec<&str> =
        names.into_iter().filter(|name| staged.iter().any(|staged| staged.name == *name)).collect();
    let statements = sql::loads(target.dialect(), spec, plan, &brought);
    let texts: Vec<String> = statements.into_iter().map(|statement| statement.sql).collect();
    target
        .load("streams", &staged, &texts, &[])
        .await
        .map(drop)
        .map_err(|error| format!("{error}\n{}", texts.join("\n\n")))
}

pub(crate) async fn tables(target: &dyn Target, plan: &Plan) -> BTreeMap<String, Vec<Vec<Text>>> {
    let mut tables = BTreeMap::new();
    for table in &plan.tables {
        let mut rows = rows(target, table).await;
        rows.sort();
        tables.insert(format!("{}.{}", table.schema, table.name), rows);
    }
    tables
}

async fn rows(target: &dyn Target, table: &TablePlan) -> Vec<Vec<Text>> {
    let shown = |name: &str| match table.kind {
        Kind::Rows => ["_message", "_version", "_content", "_place", "_is_newest"].contains(&name),
        Kind::Messages | Kind::History => ["id", "_message", "_version", "_content", "_event_time"].contains(&name),
        _ => true,
    };
    let columns = table.columns.iter().filter(|column| shown(&column.name));
    let values: Vec<String> = columns.map(|column| as_text(target.dialect(), &column.name, column.of)).collect();
    let sql = format!("SELECT {} FROM {}", values.join(", "), path(table));
    let rows = target.select(&[], &sql, ROWS_MAX).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let text = |cell: Cell| match cell {
        Cell::Null => None,
        Cell::Text(text) => Some(text.to_string()),
        other => panic!("{other:?} is no text"),
    };
    rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect()
}

fn as_text(dialect: Dialect, column: &str, of: FieldType) -> String {
    match (of, dialect) {
        (FieldType::Bytes, Dialect::DuckDb) => format!("LOWER(HEX(\"{column}\"))"),
        (FieldType::Bytes, _) => format!("ENCODE(\"{column}\", 'hex')"),
        (FieldType::Time, Dialect::DuckDb) => format!("CAST(CAST(EPOCH(\"{column}\") AS BIGINT) AS VARCHAR)"),
        (FieldType::Time, _) => format!("CAST(CAST(EXTRACT(EPOCH FROM \"{column}\") AS bigint) AS text)"),
        (_, Dialect::DuckDb) => format!("CAST(\"{column}\" AS VARCHAR)"),
        _ => format!("CAST(\"{column}\" AS text)"),
    }
}

fn path(table: &TablePlan) -> String {
    format!("\"{}\".\"{}\"", table.schema, table.name)
}
