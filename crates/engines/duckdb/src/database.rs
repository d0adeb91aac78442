//! The open database: who holds its handles, how it is opened again when the engine has given it up, and who writes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use duckdb::Connection;
use parking_lot::{Mutex, MutexGuard, RwLock};
use playhead_ports::{Table, WarehouseError};

use crate::askable::Askable;
use crate::failure::{Failure, Kind};
use crate::gate::{Closed, Gate, Inside, Reading, Stop};
use crate::open::{Files, Lock, open_database};
use crate::watch::Growth;
use crate::{Config, schema};

/// The one writer. Nothing else changes the database.
pub(crate) struct Writer {
    /// None while the database is closed.
    connection: Option<Connection>,
    /// The number of the last load; a row of a tail is newer than another if its number is greater.
    pub(crate) load: i64,
    /// How many rows the tails have.
    pub(crate) tails: HashMap<&'static str, u64>,
}

impl Writer {
    /// The connection, if the database is open.
    pub(crate) fn connection(&self) -> Result<&Connection, Failure> {
        self.connection.as_ref().ok_or_else(Failure::away)
    }

    /// How many rows the tail of that table has.
    pub(crate) fn tail(&self, table: &Table) -> u64 {
        self.tails.get(table.name).copied().unwrap_or(0)
    }
}

/// The database.
pub(crate) struct Database {
    pub(crate) files: Files,
    pub(crate) config: Config,
    pub(crate) gate: Arc<Gate>,
    /// How much memory the running queries took.
    pub(crate) growth: Growth,
    /// Held while a backup is made. Meanwhile the write-ahead log may grow to a multiple of its limit: a backup that is stopped
    /// for each checkpoint would never end.
    pub(crate) backup: Mutex<()>,
    /// What was declared, by name.
    pub(crate) declared: RwLock<BTreeMap<&'static str, &'static Table>>,
    /// What pipelines show to analysts besides, by schema and name in lower case.
    pub(crate) shown: RwLock<BTreeSet<(String, String)>>,
    /// Held for the whole of a load, a fold or a declaration, so that they follow one another.
    writer: Mutex<Writer>,
    /// The handle that readers' connections are cloned from; held for the moment of cloning. Always taken after the gate.
    root: Mutex<Option<Connection>>,
    /// Kept open, because closing it gives the lock away.
    _lock: Lock,
}

impl Database {
    /// Opens what is in `dir`, which is made if it is not there.
    pub(crate) fn open(dir: &Path, config: Config) -> Result<Self, WarehouseError> {
        let unavailable = |error: std::io::Error| WarehouseError::Unavailable(format!("{}: {error}", dir.display()));
        Self::open_files(Files::in_dir(dir).map_err(unavailable)?, config)
    }

    /// Opens a database that is one file, which is made if it is not there.
    pub(crate) fn open_file(file: &Path, config: Config) -> Result<Self, WarehouseError> {
        let unavailable = |error: std::io::Error| WarehouseError::Unavailable(format!("{}: {error}", file.display()));
        Self::open_files(Files::of_file(file).map_err(unavailable)?, config)
    }

    fn open_files(files: Files, config: Config) -> Result<Self, WarehouseError> {
        let unavailable =
            |error: std::io::Error| WarehouseError::Unavailable(format!("{}: {error}", files.database().display()));
        let lock = files.lock()?;
        files.clear_leftovers().map_err(unavailable)?;
        let writer = Writer { connection: None, load: 0, tails: HashMap::new() };
        let database = Self {
            files,
            config,
            gate: Arc::default(),
            growth: Growth::default(),
            backup: Mutex::default(),
            declared: RwLock::default(),
            shown: RwLock::default(),
            writer: Mutex::new(writer),
            root: Mutex::new(None),
            _lock: lock,
        };
        database.attach(&mut database.writer.lock()).map_err(|failure| match failure.kind {
            Kind::Statement | Kind::Invalidated | Kind::Broken => WarehouseError::Broken(format!(
                "{} cannot be read ({}): move it away, and restore a backup or load it anew from what it was loaded from",
                database.files.database().display(),
                failure.message
            )),
            _ => failure.into(),
        })?;
        Ok(database)
    }

    /// Opens the file. The gate is closed, or nobody knows the database yet.
    fn attach(&self, writer: &mut Writer) -> Result<(), Failure> {
        let root = open_database(&self.files, &self.config)?;
        root.execute_batch(schema::BASICS)?;
        writer.connection = Some(root.try_clone()?);
        *self.root.lock() = Some(root);
        let tables: Vec<_> = self.declared.read().values().copied().collect();
        self.count_tails(writer, &tables)
    }

    /// Learns how long the tails are and which load was the last one.
    pub(crate) fn count_tails(&self, writer: &mut Writer, tables: &[&'static Table]) -> Result<(), Failure> {
        for table in tables.iter().filter(|table| schema::main(table).is_some()) {
            let tail = schema::tail(table);
            let last = if tail.numbered { "max(_load)" } else { "NULL" };
            let sql = format!("SELECT count(*), coalesce({last}, 0)::BIGINT FROM {}", tail.path());
            let (rows, load): (u64, i64) =
                writer.connection()?.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
            writer.tails.insert(table.name, rows);
            writer.load = writer.load.max(load);
        }
        Ok(())
    }

    /// Waits for the writer's turn and gives it an open database. Blocks.
    pub(crate) fn writer(&self) -> Result<MutexGuard<'_, Writer>, Failure> {
        let mut writer = self.writer.lock();
        if writer.connection.is_none() {
            let _alone = self.gate.close(Duration::ZERO, Stop::Evicted);
            self.attach(&mut writer)?;
            tracing::info!("the warehouse is open again");
        }
        Ok(writer)
    }

    /// Closes every handle and does something with the files while nobody has them open; then opens them again.
    pub(crate) fn reopen<T>(
        &self,
        writer: &mut Writer,
        patience: Duration,
        between: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let alone = self.gate.close(patience, Stop::Evicted);
        self.reopen_alone(writer, &alone, between)
    }

    /// The same for whoever has closed the gate already.
    pub(crate) fn reopen_alone<T>(
        &self,
        writer: &mut Writer,
        _alone: &Closed,
        between: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        writer.connection = None;
        *self.root.lock() = None;
        let done = between();
        self.attach(writer)?;
        done
    }

    /// A connection for a reader, with its place inside the gate. Blocks while the gate is closed.
    pub(crate) fn handle(&self) -> Result<(Inside, Reading), Failure> {
        self.gate.enter(|| {
            let root = self.root.lock();
            Ok(root.as_ref().ok_or_else(Failure::away)?.try_clone()?)
        })
    }

    /// The same within a transaction that changes nothing and sees one state. Without it the engine plans a statement in one
    /// transaction and runs it in the next, and a count that it took from the plan may be older than the rows beside it.
    pub(crate) fn reader(&self) -> Result<(Inside, Reading), Failure> {
        let (inside, connection) = self.handle()?;
        connection.execute_batch("BEGIN TRANSACTION READ ONLY")?;
        Ok((inside, connection))
    }

    /// Does something with the writer's connection that is visible wholly or not at all. Whatever fails, the transaction is
    /// rolled back: after a failed statement the engine may say yes to a COMMIT that writes nothing.
    pub(crate) fn transaction<T, E: From<Failure>>(
        connection: &Connection,
        change: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        connection.execute_batch("BEGIN TRANSACTION").map_err(Failure::from)?;
        let changed = change(connection).and_then(|value| {
            connection.execute_batch("COMMIT").map_err(Failure::from)?;
            Ok(value)
        });
        if changed.is_err() {
            // It says that no transaction is active when the failure has ended it.
            let _ = connection.execute_batch("ROLLBACK");
        }
        changed
    }

    /// The declared table of that name.
    pub(crate) fn table(&self, name: &str) -> Option<&'static Table> {
        self.declared.read().get(name).copied()
    }

    /// The tables that analysts may ask.
    pub(crate) fn askable(&self) -> Askable {
        let declared = self.declared.read().keys().copied().collect();
        Askable { declared, shown: self.shown.read().clone() }
    }

    /// The bytes of the write-ahead log.
    pub(crate) fn wal_bytes(&self) -> u64 {
        std::fs::metadata(self.files.wal()).map_or(0, |of| of.len())
    }

    /// The bytes of the database's file.
    pub(crate) fn file_bytes(&self) -> u64 {
        std::fs::metadata(self.files.database()).map_or(0, |of| of.len())
    }
}
