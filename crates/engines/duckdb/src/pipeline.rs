//! Loading a batch of a pipeline: its staged tables, its statements and its checkpoints in one transaction, by the one writer.

use std::time::Instant;

use duckdb::Connection;
use playhead_ports::{Advance, Checkpoint, CommitError};

use crate::checkpoint;
use crate::database::{Database, Writer};
use crate::failure::{Failed, Failure};
use crate::insist::insist;
use crate::staged::{self, TempTable};
use crate::upkeep::after_load;

/// What is loaded.
pub(crate) struct Batch {
    pub(crate) consumer: String,
    pub(crate) staged: Vec<TempTable>,
    pub(crate) statements: Vec<String>,
    pub(crate) advances: Vec<Advance>,
}

/// Loads it, or does nothing. Gives how many rows each statement changed. Blocks.
pub(crate) fn load(database: &Database, batch: &Batch) -> Result<Vec<u64>, CommitError> {
    let started = Instant::now();
    let mut writer = database.writer()?;
    // The counts of the attempt that was made, if the engine failed it in its commit.
    let mut counts = Vec::new();
    let moves = batch.advances.iter().any(|advance| advance.to != advance.from);
    let done = if moves {
        let mut is_first = true;
        let insisted = insist(database, &mut writer, |writer| {
            if !std::mem::take(&mut is_first) && is_in(writer, batch)? {
                return Ok(Ok(()));
            }
            attempt(writer, batch, &mut counts)
        });
        insisted.or_else(|failure| if is_in(&writer, batch)? { Ok(Ok(())) } else { Err(failure) })
    } else {
        // Nothing would tell whether an attempt that failed in its commit was made.
        attempt(&mut writer, batch, &mut counts)
    };
    done??;
    metrics::histogram!("playhead_warehouse_load_seconds").record(started.elapsed().as_secs_f64());
    after_load(database, &mut writer);
    Ok(counts)
}

/// Puts checkpoints where they are told, all or none. Blocks.
pub(crate) fn place(database: &Database, consumer: &str, to: &[Checkpoint]) -> Result<(), CommitError> {
    let mut writer = database.writer()?;
    let placed = insist(database, &mut writer, |writer| {
        let done = Database::transaction(writer.connection()?, |connection| {
            to.iter().try_for_each(|one| checkpoint::place(connection, consumer, one))?;
            Ok(())
        });
        match done {
            Ok(()) => Ok(Ok(())),
            Err(Failed::Refused(refused)) => Ok(Err(refused)),
            Err(Failed::Engine(failure)) => Err(failure),
        }
    });
    placed?
}

/// Whether it is in: the checkpoints that it moves stand where it moves them to.
fn is_in(writer: &Writer, batch: &Batch) -> Result<bool, Failure> {
    for advance in batch.advances.iter().filter(|advance| advance.to != advance.from) {
        if !checkpoint::stands_after(writer.connection()?, &batch.consumer, advance)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Tries once: within the failure is what the engine failed of, within the answer what was decided.
fn attempt(writer: &mut Writer, batch: &Batch, counts: &mut Vec<u64>) -> Result<Result<(), CommitError>, Failure> {
    counts.clear();
    let done = Database::transaction(writer.connection()?, |connection| {
        for advance in &batch.advances {
            checkpoint::advance(connection, &batch.consumer, advance)?;
        }
        staged::make(connection, &batch.staged)?;
        for sql in &batch.statements {
            counts.push(run(connection, sql)?);
        }
        staged::drop_all(connection, &batch.staged)?;
        Ok(())
    });
    match done {
        Ok(()) => Ok(Ok(())),
        Err(Failed::Refused(refused)) => Ok(Err(refused)),
        Err(Failed::Engine(failure)) => Err(failure),
    }
}

/// The engine plans by how large tables are now, in about a millisecond, so no statement is kept.
fn run(connection: &Connection, sql: &str) -> Result<u64, Failure> {
    Ok(connection.prepare(sql)?.execute([])? as u64)
}
