//! Declaring tables: makes what is missing, adds columns at the end, refuses everything else.

use duckdb::{Connection, OptionalExt, params};
use playhead_ports::{ColumnType, Shape, Table, WarehouseError};

use crate::database::Database;
use crate::failure::Failure;
use crate::schema::{self, Stored};

/// Makes the tables as they are declared, all or none of them.
pub(crate) fn declare(database: &Database, tables: &'static [Table]) -> Result<(), WarehouseError> {
    tables.iter().try_for_each(check)?;
    let mut writer = database.writer()?;
    Database::transaction(writer.connection()?, |connection| {
        tables.iter().try_for_each(|table| declare_one(connection, table))
    })
    .map_err(|refused| match refused {
        Refused::Mismatch(why) => WarehouseError::Mismatch(why),
        Refused::Failed(failure) => failure.into(),
    })?;
    let references: Vec<_> = tables.iter().collect();
    database.count_tails(&mut writer, &references)?;
    database.declared.write().extend(tables.iter().map(|table| (table.name, table)));
    Ok(())
}

enum Refused {
    Mismatch(String),
    Failed(Failure),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<duckdb::Error> for Refused {
    fn from(error: duckdb::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// What a declaration must keep to, whatever is stored.
fn check(table: &Table) -> Result<(), WarehouseError> {
    let wrong = |why: String| Err(WarehouseError::Mismatch(format!("table {}: {why}", table.name)));
    let (Shape::Newest { key } | Shape::Totals { key }) = table.shape else { return Ok(()) };
    if key == 0 || key > table.columns.len() {
        return wrong(format!("a key of {key} columns among {}", table.columns.len()));
    }
    let (key, values) = table.columns.split_at(key);
    if let Some(column) = key.iter().find(|column| column.of == ColumnType::Texts) {
        return wrong(format!("column {} cannot be in a key, because it is a list", column.name));
    }
    let sums = matches!(table.shape, Shape::Totals { .. });
    match values.iter().find(|column| sums && column.of != ColumnType::Int) {
        Some(column) => wrong(format!("column {} cannot be summed, because it is no Int", column.name)),
        None if sums && values.is_empty() => wrong("there is nothing to sum".to_owned()),
        None => Ok(()),
    }
}

fn declare_one(connection: &Connection, table: &Table) -> Result<(), Refused> {
    check_shape(connection, table)?;
    for stored in schema::stored(table) {
        let present = columns_of(connection, &stored)?;
        if present.is_empty() {
            connection.execute_batch(&schema::create(table, &stored))?;
        } else {
            let skipped = usize::from(stored.numbered);
            extend(connection, table, &stored, &present[skipped..])?;
        }
    }
    connection.execute_batch(&schema::present(table))?;
    Ok(())
}

fn check_shape(connection: &Connection, table: &Table) -> Result<(), Refused> {
    let shape = schema::shape_name(table);
    let sql = "SELECT shape FROM store.shapes WHERE name = ?";
    let present: Option<String> = connection.query_row(sql, [table.name], |row| row.get(0)).optional()?;
    match present {
        None => {
            connection.execute("INSERT INTO store.shapes VALUES (?, ?)", [table.name, &shape])?;
            Ok(())
        }
        Some(present) if present == shape => Ok(()),
        Some(present) => Err(Refused::Mismatch(format!(
            "table {} is stored as {present}, but declared as {shape}: rebuild it under another name",
            table.name
        ))),
    }
}

/// Names and types of the columns that a stored table has; none if it is not there.
fn columns_of(connection: &Connection, stored: &Stored) -> Result<Vec<(String, String)>, Failure> {
    let sql = "SELECT column_name, data_type FROM duckdb_columns() \
               WHERE database_name = current_database() AND schema_name = ? AND table_name = ? ORDER BY column_index";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map(params![stored.schema, stored.name], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn extend(
    connection: &Connection,
    table: &Table,
    stored: &Stored,
    present: &[(String, String)],
) -> Result<(), Refused> {
    let wrong = |why: String| Err(Refused::Mismatch(format!("table {}: {why}", table.name)));
    for (at, (name, of)) in present.iter().enumerate() {
        match table.columns.get(at) {
            None => return wrong(format!("the stored column {name} is not declared; columns are never taken away")),
            Some(column) if column.name != name => {
                return wrong(format!(
                    "column {} is declared where {name} is stored; new ones go to the end",
                    column.name
                ));
            }
            Some(column) if schema::type_name(column.of) != of => {
                return wrong(format!(
                    "column {name} is stored as {of}, but declared as {}",
                    schema::type_name(column.of)
                ));
            }
            Some(_) => {}
        }
    }
    for column in &table.columns[present.len()..] {
        connection.execute_batch(&schema::add_column(table, stored, column))?;
    }
    Ok(())
}
