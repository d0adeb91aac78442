//! Opening the database file and locking its settings, so that no statement reaches anything outside of it.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use duckdb::Connection;
use playhead_ports::WarehouseError;

use crate::Config;
use crate::failure::Failure;

/// How long an opener waits for one that is just leaving.
const LOCK_WAIT: Duration = Duration::from_secs(1);
const LOCK_LOOK_EVERY: Duration = Duration::from_millis(10);

/// The files of a warehouse.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    dir: PathBuf,
}

impl Files {
    /// Those inside of `dir`, which is made.
    pub(crate) fn in_dir(dir: &Path) -> std::io::Result<Self> {
        fs::create_dir_all(dir.join("exports"))?;
        // Absolute, because the engine compares paths with its list of allowed folders.
        Ok(Self { dir: dir.canonicalize()? })
    }

    /// The database.
    pub(crate) fn database(&self) -> PathBuf {
        self.dir.join("warehouse.duckdb")
    }

    /// Its write-ahead log.
    pub(crate) fn wal(&self) -> PathBuf {
        self.dir.join("warehouse.duckdb.wal")
    }

    /// The only folder that statements may write to.
    pub(crate) fn exports(&self) -> PathBuf {
        self.dir.join("exports")
    }

    fn temp(&self) -> PathBuf {
        self.dir.join("tmp")
    }

    /// Refuses a second opener. The engine's own lock does not notice a second one in the same process.
    pub(crate) fn lock(&self) -> Result<File, WarehouseError> {
        let path = self.dir.join("warehouse.lock");
        let at = |error: std::io::Error| WarehouseError::Unavailable(format!("{}: {error}", path.display()));
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(at)?;
        let patient_until = Instant::now() + LOCK_WAIT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < patient_until => std::thread::sleep(LOCK_LOOK_EVERY),
                Err(TryLockError::WouldBlock) => {
                    let dir = self.dir.display();
                    let why = format!("{dir} is open already: an embedded warehouse belongs to one process");
                    return Err(WarehouseError::Unavailable(why));
                }
                Err(TryLockError::Error(error)) => return Err(at(error)),
            }
        }
    }

    /// Removes what an export, a backup or a compaction left behind when its process died.
    pub(crate) fn clear_leftovers(&self) -> std::io::Result<()> {
        for entry in fs::read_dir(self.exports())? {
            fs::remove_file(entry?.path())?;
        }
        match fs::remove_dir_all(self.temp()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Opens the database with its settings, locked.
pub(crate) fn open_database(files: &Files, config: &Config) -> Result<Connection, Failure> {
    let flags = duckdb::Config::default()
        .enable_autoload_extension(false)?
        .max_memory(&format!("{}B", config.memory_max_bytes))?
        .threads(i64::try_from(config.threads_used()).unwrap_or(i64::MAX))?;
    let connection = Connection::open_with_flags(files.database(), flags)?;
    connection.execute_batch(&settings(files, config))?;
    Ok(connection)
}

/// External access goes last but one, because it forbids the settings of folders; the lock forbids all others.
fn settings(files: &Files, config: &Config) -> String {
    format!(
        "SET GLOBAL TimeZone = 'UTC'; SET temp_directory = {temp}; SET max_temp_directory_size = '{temp_max}B'; \
         SET allow_community_extensions = false; SET allowed_directories = [{exports}]; \
         SET enable_external_access = false; SET lock_configuration = true;",
        temp = literal(&files.temp().to_string_lossy()),
        temp_max = config.temp_max_bytes,
        exports = literal(&files.exports().to_string_lossy()),
    )
}

/// The text as a literal.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The name as a quoted identifier.
pub(crate) fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
