//! What keeps the database quick: folding tails, pruning checkpoints, and a checkpoint before the write-ahead log is large.

use std::sync::{Arc, Weak, mpsc};
use std::time::{Duration, Instant};

use playhead_ports::Table;

use crate::checkpoint;
use crate::database::{Database, Writer};
use crate::failure::{Failure, Kind};
use crate::gate::Stop;
use crate::insist::insist;
use crate::schema;

/// How many times as large the write-ahead log may become while a backup is made.
pub(crate) const BACKUP_WAL_FACTOR: u64 = 16;

/// Tells the upkeep's thread to end, when dropped.
pub(crate) struct Upkeep(#[expect(dead_code, reason = "dropping it is what it is for")] mpsc::Sender<()>);

/// Folds each table now and then, one after the other with time between them, until the database is gone.
pub(crate) fn spawn(database: &Arc<Database>) -> std::io::Result<Upkeep> {
    let (stop, stopped) = mpsc::channel();
    let every = Duration::from_millis(database.config.fold_every_ms.max(10));
    let database: Weak<Database> = Arc::downgrade(database);
    std::thread::Builder::new().name("warehouse-upkeep".to_owned()).spawn(move || {
        let mut turn = 0;
        let mut wait = every;
        while stopped.recv_timeout(wait) == Err(mpsc::RecvTimeoutError::Timeout) {
            let Some(database) = database.upgrade() else { return };
            let tables = foldable(&database);
            wait = every / u32::try_from(tables.len().max(1)).unwrap_or(1);
            turn += 1;
            let table = tables.get(turn % tables.len().max(1)).copied();
            let done = database.writer().and_then(|mut writer| fold(&database, &mut writer, table.as_slice()));
            if let Err(failure) = done {
                tracing::warn!(error = failure.message, "a tail was not folded");
            }
        }
    })?;
    Ok(Upkeep(stop))
}

/// The declared tables that have a tail.
pub(crate) fn foldable(database: &Database) -> Vec<&'static Table> {
    database.declared.read().values().copied().filter(|table| schema::main(table).is_some()).collect()
}

/// What a load leaves to do. It is in already, so nothing that fails here fails the load.
pub(crate) fn after_load(database: &Database, writer: &mut Writer) {
    // One at a time, so that the next load does not wait for all of them.
    let longest = foldable(database).into_iter().max_by_key(|table| writer.tail(table));
    let done = match longest.filter(|table| writer.tail(table) >= database.config.fold_rows) {
        Some(table) => fold(database, writer, &[table]),
        None => keep_wal_small(database, writer),
    };
    if let Err(failure) = done {
        tracing::warn!(error = failure.message, "the upkeep after a load failed");
    }
}

/// Folds the tails of these tables into their main tables, each in a transaction of its own, and prunes checkpoints.
pub(crate) fn fold(database: &Database, writer: &mut Writer, tables: &[&'static Table]) -> Result<(), Failure> {
    tables.iter().try_for_each(|table| fold_one(database, writer, table))?;
    insist(database, writer, |writer| Ok(writer.connection()?.execute_batch(checkpoint::PRUNE)?))?;
    keep_wal_small(database, writer)
}

fn fold_one(database: &Database, writer: &mut Writer, table: &'static Table) -> Result<(), Failure> {
    let Some(sql) = schema::fold(table).filter(|_| writer.tail(table) > 0) else { return Ok(()) };
    let started = Instant::now();
    // Doing it twice changes nothing, so it need not know whether a commit that failed was made.
    insist(database, writer, |writer| {
        Database::transaction(writer.connection()?, |connection| Ok(connection.execute_batch(&sql)?))
    })?;
    writer.tails.insert(table.name, 0);
    metrics::histogram!("playhead_warehouse_fold_seconds").record(started.elapsed().as_secs_f64());
    Ok(())
}

/// Makes a checkpoint if the write-ahead log has grown beyond its limit: the engine's own ones wait for readers.
fn keep_wal_small(database: &Database, writer: &mut Writer) -> Result<(), Failure> {
    let wal = database.wal_bytes();
    metrics::gauge!("playhead_warehouse_wal_bytes").set(wal as f64);
    metrics::gauge!("playhead_warehouse_file_bytes").set(database.file_bytes() as f64);
    if wal < wal_max_bytes(database) { Ok(()) } else { checkpoint_file(database, writer) }
}

/// How large the write-ahead log may be now. A checkpoint stops a backup, which then begins again: while one is made it is worth
/// disk to wait, but not without end.
fn wal_max_bytes(database: &Database) -> u64 {
    let most = database.config.wal_max_bytes;
    if database.backup.is_locked() { most.saturating_mul(BACKUP_WAL_FACTOR) } else { most }
}

/// Writes the write-ahead log into the file, with the readers kept out.
pub(crate) fn checkpoint_file(database: &Database, writer: &mut Writer) -> Result<(), Failure> {
    let started = Instant::now();
    let done = {
        let _alone = database.gate.close(Duration::from_millis(database.config.checkpoint_wait_ms), Stop::Evicted);
        writer.connection()?.execute_batch("CHECKPOINT").map_err(Failure::from)
    };
    metrics::histogram!("playhead_warehouse_checkpoint_seconds").record(started.elapsed().as_secs_f64());
    metrics::gauge!("playhead_warehouse_wal_bytes").set(database.wal_bytes() as f64);
    mend(database, writer, done)
}

/// Opens the database again if the engine has given it up.
pub(crate) fn mend<T>(database: &Database, writer: &mut Writer, done: Result<T, Failure>) -> Result<T, Failure> {
    match done {
        Err(failure) if failure.kind == Kind::Invalidated => {
            tracing::error!(error = failure.message, "the engine has given the database up: it is opened again");
            database.reopen(writer, Duration::ZERO, || Ok(()))?;
            Err(failure)
        }
        done => done,
    }
}

#[cfg(test)]
#[path = "upkeep_tests.rs"]
mod tests;
