//! Loading a batch: its steps and its checkpoints in one transaction, by the one writer.

use std::time::Instant;

use duckdb::Connection;
use duckdb::arrow::record_batch::RecordBatch;
use playhead_ports::{Advance, Column, CommitError, Load, Shape, Step, Table};

use crate::append::{numbered, record_batch};
use crate::checkpoint;
use crate::database::{Database, Writer};
use crate::delete::delete;
use crate::failure::{Failed, Failure};
use crate::insist::insist;
use crate::schema;
use crate::upkeep::after_load;

/// A step whose rows are in the engine's form.
pub(crate) enum Change {
    /// Rows for the tail of a table, or for its only part.
    Append { table: &'static Table, rows: RecordBatch },
    /// Rows to be gone.
    Delete { table: &'static Table, by: Vec<Column>, rows: RecordBatch, below: Option<(&'static str, u64)> },
}

/// Makes the engine's form of the steps, without holding anybody up.
pub(crate) fn prepare(database: &Database, load: Load) -> Result<Vec<Change>, Failure> {
    load.steps.into_iter().map(|step| prepare_step(database, step)).collect()
}

fn prepare_step(database: &Database, step: Step) -> Result<Change, Failure> {
    let find = |name: &str| {
        database.table(name).ok_or_else(|| Failure::of_rows(format!("table {name} has not been declared")))
    };
    let (name, rows, fits): (_, _, fn(Shape) -> bool) = match step {
        Step::Append { table, rows } => (table, rows, |shape| shape == Shape::Facts),
        Step::Replace { table, rows } => (table, rows, |shape| matches!(shape, Shape::Newest { .. })),
        Step::Add { table, rows } => (table, rows, |shape| matches!(shape, Shape::Totals { .. })),
        Step::Delete { table, by, matching, below } => {
            let table = find(table)?;
            let by = columns_of(table, by)?;
            if matches!(table.shape, Shape::Totals { .. }) {
                return Err(Failure::of_rows(format!("table {} has totals: add differences instead", table.name)));
            }
            return Ok(Change::Delete { table, rows: record_batch(&by, matching)?, by, below });
        }
    };
    let table = find(name)?;
    if !fits(table.shape) {
        return Err(Failure::of_rows(format!("table {name} is not loaded that way: it holds {:?}", table.shape)));
    }
    Ok(Change::Append { table, rows: record_batch(table.columns, rows)? })
}

fn columns_of(table: &Table, names: &[&'static str]) -> Result<Vec<Column>, Failure> {
    let find = |name: &&'static str| table.columns.iter().find(|column| column.name == *name).copied();
    names
        .iter()
        .map(|name| find(name).ok_or_else(|| Failure::of_rows(format!("table {} has no column {name}", table.name))))
        .collect()
}

/// Loads the changes and takes the steps of the checkpoints, or does nothing. Blocks.
pub(crate) fn load(
    database: &Database,
    consumer: &str,
    changes: &[Change],
    advances: &[Advance],
) -> Result<(), CommitError> {
    let started = Instant::now();
    let mut writer = database.writer()?;
    let done = match advances.iter().any(moves) {
        true => insist_on(database, &mut writer, consumer, changes, advances),
        // Nothing would tell whether an attempt that failed in its commit was made.
        false => attempt(&mut writer, consumer, changes, advances),
    };
    done??;
    count(&mut writer, changes);
    metrics::histogram!("playhead_warehouse_load_seconds").record(started.elapsed().as_secs_f64());
    after_load(database, &mut writer);
    Ok(())
}

fn insist_on(
    database: &Database,
    writer: &mut Writer,
    consumer: &str,
    changes: &[Change],
    advances: &[Advance],
) -> Result<Result<(), CommitError>, Failure> {
    let mut is_first = true;
    let done = insist(database, writer, |writer| {
        let is_in = !std::mem::take(&mut is_first) && is_in(writer.connection()?, consumer, advances)?;
        if is_in { Ok(Ok(())) } else { attempt(writer, consumer, changes, advances) }
    });
    done.or_else(|failure| match is_in(writer.connection()?, consumer, advances)? {
        true => Ok(Ok(())),
        false => Err(failure),
    })
}

/// Tries once: within the failure is what the engine failed of, within the answer what was decided.
fn attempt(
    writer: &mut Writer,
    consumer: &str,
    changes: &[Change],
    advances: &[Advance],
) -> Result<Result<(), CommitError>, Failure> {
    let first = writer.load + 1;
    writer.load += i64::try_from(changes.len()).unwrap_or(0);
    let done = Database::transaction(writer.connection()?, |connection| {
        advances.iter().try_for_each(|advance| checkpoint::advance(connection, consumer, advance))?;
        changes.iter().zip(first..).try_for_each(|(change, number)| apply(connection, change, number))?;
        Ok(())
    });
    match done {
        Ok(()) => Ok(Ok(())),
        Err(Failed::Refused(refused)) => Ok(Err(refused)),
        Err(Failed::Engine(failure)) => Err(failure),
    }
}

/// Whether a load went in: the checkpoints that it moved stand where they were moved to. The engine fails commits that it has
/// made, too, when the checkpoint of its file after the commit fails.
fn is_in(connection: &Connection, consumer: &str, advances: &[Advance]) -> Result<bool, Failure> {
    for advance in advances.iter().filter(|advance| moves(advance)) {
        if !checkpoint::stands_after(connection, consumer, advance)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn moves(advance: &Advance) -> bool {
    advance.to != advance.from
}

fn apply(connection: &Connection, change: &Change, number: i64) -> Result<(), Failure> {
    match change {
        Change::Append { rows, .. } if rows.num_rows() == 0 => Ok(()),
        Change::Append { table, rows } => {
            let tail = schema::tail(table);
            let rows = if tail.numbered { numbered(rows, number)? } else { rows.clone() };
            let mut appender = connection.appender_to_db(&tail.name, tail.schema)?;
            appender.append_record_batch(rows)?;
            appender.flush()?;
            Ok(())
        }
        Change::Delete { table, by, rows, below } => delete(connection, table, by, rows, *below),
    }
}

fn count(writer: &mut Writer, changes: &[Change]) {
    for change in changes {
        if let Change::Append { table, rows } = change {
            let rows = rows.num_rows() as u64;
            metrics::counter!("playhead_warehouse_rows_loaded_total", "table" => table.name).increment(rows);
            if schema::main(table).is_some() {
                *writer.tails.entry(table.name).or_default() += rows;
            }
        }
    }
}
