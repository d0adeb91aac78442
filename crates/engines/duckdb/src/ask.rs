//! One SELECT of a pipeline, over staged tables and what is stored. It comes from the program itself, so it may name any table
//! and any function; it runs on a connection of its own.

use duckdb::Connection;
use duckdb::arrow::array::{Array, StructArray};
use duckdb::arrow::datatypes::DataType;
use playhead_ports::{Cell, TargetError};

use crate::cell::{cell, exact_time};
use crate::database::Database;
use crate::failure::{Failure, Kind};
use crate::guard;
use crate::staged::{self, TempTable};

/// How often it is asked again after a checkpoint of the file has stopped it.
const TRIES_MAX: u32 = 10;

/// Its rows, at most so many. Blocks.
pub(crate) fn ask(
    database: &Database,
    staged: &[TempTable],
    sql: &str,
    rows_max: usize,
) -> Result<Vec<Vec<Cell>>, TargetError> {
    let mut tries = 1;
    loop {
        match attempt(database, staged, sql, rows_max) {
            Err(Unanswered::Failed(failure)) if failure.kind == Kind::Interrupt && tries < TRIES_MAX => tries += 1,
            Err(Unanswered::Failed(failure)) => return Err(failure.into()),
            Err(Unanswered::Refused(why)) => return Err(TargetError::Refused(why)),
            Ok(rows) => return Ok(rows),
        }
    }
}

enum Unanswered {
    Failed(Failure),
    Refused(String),
}

impl<E: Into<Failure>> From<E> for Unanswered {
    fn from(failure: E) -> Self {
        Self::Failed(failure.into())
    }
}

fn attempt(
    database: &Database,
    staged: &[TempTable],
    sql: &str,
    rows_max: usize,
) -> Result<Vec<Vec<Cell>>, Unanswered> {
    let (_inside, connection) = database.handle()?;
    guard::tree_of_select(&connection, sql).map_err(|error| Unanswered::Refused(error.to_string()))?;
    staged::make(&connection, staged)?;
    connection.execute_batch("BEGIN TRANSACTION READ ONLY")?;
    rows_of(&connection, sql, rows_max)
}

fn rows_of(connection: &Connection, sql: &str, rows_max: usize) -> Result<Vec<Vec<Cell>>, Unanswered> {
    let mut statement = connection.prepare(sql)?;
    drop(statement.stream_arrow([])?);
    let mut rows = Vec::new();
    while let Some(batch) = statement.step()? {
        if rows.len() + batch.len() > rows_max {
            return Err(Unanswered::Refused(format!("the answer has more than {rows_max} rows")));
        }
        for row in 0..batch.len() {
            rows.push(cells_of(&batch, row).map_err(Unanswered::Refused)?);
        }
    }
    Ok(rows)
}

fn cells_of(batch: &StructArray, row: usize) -> Result<Vec<Cell>, String> {
    let of_column = |array: &dyn Array| match array.data_type() {
        DataType::Timestamp(unit, _) if array.is_valid(row) => Ok(exact_time(*unit, array, row)),
        _ => cell(array, row),
    };
    batch.columns().iter().map(|column| of_column(column)).collect()
}
