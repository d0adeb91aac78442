//! Loading a batch: its steps and its checkpoints in one transaction, by the one writer.

use std::time::{Duration, Instant};

use duckdb::Connection;
use duckdb::arrow::record_batch::RecordBatch;
use playhead_ports::{Advance, Column, CommitError, Load, Shape, Step, Table};

use crate::append::{numbered, record_batch};
use crate::checkpoint;
use crate::database::{Database, Writer};
use crate::delete::delete;
use crate::failure::{Failure, Kind};
use crate::gate::Stop;
use crate::schema;
use crate::upkeep::{after_load, mend};

/// How long a load that found no memory waits before each further attempt.
const MEMORY_WAITS: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(20),
    Duration::from_millis(60),
    Duration::from_millis(200),
    Duration::from_millis(600),
];

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
    let done = match attempt(&mut writer, consumer, changes, advances) {
        Err(Failed::Engine(failure)) => again(database, &mut writer, consumer, changes, advances, failure),
        done => done,
    };
    done.map_err(|failed| match failed {
        Failed::Commit(refused) => refused,
        Failed::Engine(failure) => failure.into(),
    })?;
    count(&mut writer, changes);
    metrics::histogram!("playhead_warehouse_load_seconds").record(started.elapsed().as_secs_f64());
    after_load(database, &mut writer);
    Ok(())
}

fn attempt(writer: &mut Writer, consumer: &str, changes: &[Change], advances: &[Advance]) -> Result<(), Failed> {
    let first = writer.load + 1;
    writer.load += i64::try_from(changes.len()).unwrap_or(0);
    Database::transaction(writer.connection()?, |connection| {
        advances.iter().try_for_each(|advance| checkpoint::advance(connection, consumer, advance))?;
        changes.iter().zip(first..).try_for_each(|(change, number)| apply(connection, change, number))?;
        Ok(())
    })
}

/// What becomes of a load that the engine has failed. It fails commits that it has made, too, when the checkpoint of its file
/// after the commit fails.
fn again(
    database: &Database,
    writer: &mut Writer,
    consumer: &str,
    changes: &[Change],
    advances: &[Advance],
    failure: Failure,
) -> Result<(), Failed> {
    if failure.kind != Kind::Memory {
        let failed = mend(database, writer, Err(failure));
        return if is_in(writer.connection()?, consumer, advances)? { Ok(()) } else { Ok(failed?) };
    }
    // Those who ask hold the memory; what was asked can be asked again.
    tracing::warn!("a load found no memory: the running queries are stopped");
    let _alone = database.gate.close(Duration::ZERO, Stop::TooLarge);
    let mut failed = failure;
    for wait in MEMORY_WAITS {
        // What the queries held is given back a little after they have ended.
        std::thread::sleep(wait);
        let done = match is_in(writer.connection()?, consumer, advances) {
            Ok(true) => return Ok(()),
            Ok(false) => attempt(writer, consumer, changes, advances),
            Err(failure) => Err(failure.into()),
        };
        match done {
            Err(Failed::Engine(failure)) if failure.kind == Kind::Memory => failed = failure,
            done => return done,
        }
    }
    if is_in(writer.connection()?, consumer, advances)? { Ok(()) } else { Err(failed.into()) }
}

/// Whether a load went in though its commit failed: the checkpoints that it moved stand where they were moved to.
fn is_in(connection: &Connection, consumer: &str, advances: &[Advance]) -> Result<bool, Failure> {
    let moves: Vec<_> = advances.iter().filter(|advance| advance.to != advance.from).collect();
    for advance in &moves {
        if !checkpoint::stands_after(connection, consumer, advance)? {
            return Ok(false);
        }
    }
    Ok(!moves.is_empty())
}

enum Failed {
    Commit(CommitError),
    Engine(Failure),
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self::Engine(failure)
    }
}

impl From<CommitError> for Failed {
    fn from(refused: CommitError) -> Self {
        Self::Commit(refused)
    }
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
