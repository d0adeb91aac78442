//! Deleting the rows that equal given values, by a join with a temporary table of these values.

use duckdb::Connection;
use duckdb::arrow::record_batch::RecordBatch;
use playhead_ports::{Column, Table};

use crate::failure::Failure;
use crate::open::ident;
use crate::schema::{self, list};

/// Deletes them, within the transaction of the load.
pub(crate) fn delete(
    connection: &Connection,
    table: &Table,
    by: &[Column],
    rows: &RecordBatch,
    below: Option<(&str, u64)>,
) -> Result<(), Failure> {
    if rows.num_rows() == 0 || by.is_empty() {
        return Ok(());
    }
    let names = list(by, str::to_owned);
    let seen = format!("main.{}", ident(table.name));
    connection
        .execute_batch(&format!("CREATE OR REPLACE TEMP TABLE matching AS SELECT {names} FROM {seen} LIMIT 0"))?;
    let mut appender = connection.appender_to_catalog_and_db("matching", "temp", "main")?;
    appender.append_record_batch(rows.clone())?;
    appender.flush()?;
    drop(appender);
    if schema::main(table).is_some() {
        // A row may match while an older one of its key, which must not come to light again, does not.
        let keys = list(table.key(), str::to_owned);
        connection.execute_batch(&format!(
            "CREATE OR REPLACE TEMP TABLE gone AS SELECT {keys} FROM {seen} AS m SEMI JOIN temp.matching USING ({names}){}",
            below_clause(below, " WHERE ")
        ))?;
        for stored in schema::stored(table) {
            connection.execute_batch(&delete_from(&stored.path(), "gone", table.key(), None))?;
        }
    }
    for stored in schema::stored(table) {
        connection.execute_batch(&delete_from(&stored.path(), "matching", by, below))?;
    }
    connection.execute_batch("DROP TABLE temp.matching; DROP TABLE IF EXISTS temp.gone")?;
    Ok(())
}

fn delete_from(path: &str, matching: &str, by: &[Column], below: Option<(&str, u64)>) -> String {
    let equal: Vec<_> = by.iter().map(|column| format!("m.{0} = t.{0}", ident(column.name))).collect();
    format!(
        "DELETE FROM {path} AS m USING (SELECT DISTINCT {} FROM temp.{matching}) AS t WHERE {}{}",
        list(by, str::to_owned),
        equal.join(" AND "),
        below_clause(below, " AND ")
    )
}

fn below_clause(below: Option<(&str, u64)>, before: &str) -> String {
    below.map(|(column, limit)| format!("{before}m.{} < {limit}", ident(column))).unwrap_or_default()
}
