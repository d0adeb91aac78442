//! What an operator does: backups while it runs, compaction, checkpoints, sizes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use playhead_ports::WarehouseError;

use crate::database::Database;
use crate::failure::{Failure, Kind};
use crate::open::{ident, literal};
use crate::upkeep;
use crate::warehouse::DuckWarehouse;

/// How long readers may end before a compaction swaps the file.
const SWAP_WAIT: Duration = Duration::from_secs(5);

/// How often a backup that is stopped is begun.
const COPIES_MAX: u32 = 10;

impl DuckWarehouse {
    /// Writes a consistent copy of the database to the file `to`, which must not be there, while loads and queries go on.
    pub async fn backup(&self, to: &Path) -> Result<(), WarehouseError> {
        let to = to.to_owned();
        self.blocking(move |database| {
            let taken = || WarehouseError::Unavailable(format!("{} is there already", to.display()));
            if to.exists() {
                return Err(taken());
            }
            let _alone = database.backup.lock();
            let copy = Copy::named(database, "backup");
            copy.fill_from_inside(database)?;
            copy.move_to(&to).map_err(|error| WarehouseError::Unavailable(format!("{}: {error}", to.display())))
        })
        .await
    }

    /// Writes the database anew, so that the bytes of deleted rows are gone from its files. Loads wait for all of it, readers
    /// for the moment of the swap.
    pub async fn compact(&self) -> Result<(), WarehouseError> {
        self.blocking(|database| Ok(compact(database)?)).await
    }

    /// Folds the tails and writes the write-ahead log into the file. Readers wait a moment.
    pub async fn checkpoint_file(&self) -> Result<(), WarehouseError> {
        self.blocking(|database| {
            let mut writer = database.writer()?;
            upkeep::fold(database, &mut writer, &upkeep::foldable(database))?;
            Ok(upkeep::checkpoint_file(database, &mut writer)?)
        })
        .await
    }

    /// Folds the tails into the main tables now.
    pub async fn fold(&self) -> Result<(), WarehouseError> {
        self.blocking(|database| {
            let mut writer = database.writer()?;
            Ok(upkeep::fold(database, &mut writer, &upkeep::foldable(database))?)
        })
        .await
    }

    /// The bytes of the file and of the write-ahead log.
    pub fn size_bytes(&self) -> u64 {
        self.database.file_bytes() + self.wal_bytes()
    }

    /// The bytes of the write-ahead log.
    pub fn wal_bytes(&self) -> u64 {
        self.database.wal_bytes()
    }
}

/// A copy of the database that is being made; removed unless it is moved away.
struct Copy {
    path: PathBuf,
    name: String,
}

impl Copy {
    fn named(database: &Database, name: &str) -> Self {
        let copy = Self { path: database.files.exports().join(format!("{name}.duckdb")), name: name.to_owned() };
        copy.remove();
        copy
    }

    /// Copies everything that a transaction sees now.
    fn fill(&self, connection: &duckdb::Connection) -> Result<(), Failure> {
        let name = ident(&self.name);
        // One that was stopped may have been stopped here, too.
        connection.execute_batch(&format!("DETACH DATABASE IF EXISTS {name}"))?;
        connection.execute_batch(&format!("ATTACH {} AS {name}", literal(&self.path.to_string_lossy())))?;
        let copied = connection.execute_batch(&format!("COPY FROM DATABASE warehouse TO {name}; CHECKPOINT {name}"));
        let detached = connection.execute_batch(&format!("DETACH {name}"));
        Ok(copied.and(detached)?)
    }

    /// The same as a reader, a few times if it is stopped: for a checkpoint that had begun, or for memory.
    fn fill_from_inside(&self, database: &Database) -> Result<(), Failure> {
        for _ in 1..COPIES_MAX {
            let (inside, connection) = database.handle()?;
            let copied = self.fill(&connection);
            if copied.is_ok() || inside.reader.why().is_none() {
                return copied;
            }
            self.remove();
        }
        let (_inside, connection) = database.handle()?;
        self.fill(&connection)
    }

    fn move_to(&self, to: &Path) -> std::io::Result<()> {
        File::open(&self.path)?.sync_all()?;
        // A rename is not possible between file systems.
        if fs::rename(&self.path, to).is_err() {
            fs::copy(&self.path, to)?;
            File::open(to)?.sync_all()?;
        }
        match to.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => File::open(parent)?.sync_all(),
            None => Ok(()),
        }
    }

    fn remove(&self) {
        for path in [self.path.clone(), self.path.with_extension("duckdb.wal")] {
            // It is not there unless something failed; then the next start removes it.
            let _ = fs::remove_file(path);
        }
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        self.remove();
    }
}

fn compact(database: &Database) -> Result<(), Failure> {
    let mut writer = database.writer()?;
    upkeep::fold(database, &mut writer, &upkeep::foldable(database))?;
    let copy = Copy::named(database, "compact");
    copy.fill(writer.connection()?)?;
    // An empty write-ahead log, because the old one must not be played into the new file.
    upkeep::checkpoint_file(database, &mut writer)?;
    let io = |error: std::io::Error| Failure { kind: Kind::Io, message: error.to_string() };
    database.reopen(&mut writer, SWAP_WAIT, || {
        if database.wal_bytes() > 0 {
            return Err(Failure { kind: Kind::Io, message: "the write-ahead log is not empty".to_owned() });
        }
        copy.move_to(&database.files.database()).map_err(io)
    })
}
