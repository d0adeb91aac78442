//! Opening the database file and locking its settings, so that no statement reaches anything outside of it.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use duckdb::Connection;
use parking_lot::Mutex;
use playhead_ports::WarehouseError;

use crate::Config;
use crate::failure::Failure;

/// How long an opener waits for one that is just leaving.
const LOCK_WAIT: Duration = Duration::from_secs(1);
const LOCK_LOOK_EVERY: Duration = Duration::from_millis(10);

/// The files of a database.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    database: PathBuf,
    /// None where the engine's own lock must do.
    lock: Option<PathBuf>,
    exports: PathBuf,
    temp: PathBuf,
}

impl Files {
    /// Those of a warehouse inside of `dir`, which is made.
    pub(crate) fn in_dir(dir: &Path) -> std::io::Result<Self> {
        fs::create_dir_all(dir.join("exports"))?;
        // Absolute, because the engine compares paths with its list of allowed folders.
        let dir = dir.canonicalize()?;
        Ok(Self {
            database: dir.join("warehouse.duckdb"),
            lock: Some(dir.join("warehouse.lock")),
            exports: dir.join("exports"),
            temp: dir.join("tmp"),
        })
    }

    /// Those of a database that is one file, in a folder that is there. Nobody exports from it.
    pub(crate) fn of_file(file: &Path) -> std::io::Result<Self> {
        let wrong = || std::io::Error::new(std::io::ErrorKind::InvalidInput, "this names no file");
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let database = folder.canonicalize()?.join(file.file_name().ok_or_else(wrong)?);
        let beside = |end: &str| {
            let mut path = database.clone().into_os_string();
            path.push(end);
            PathBuf::from(path)
        };
        Ok(Self { lock: None, exports: beside(".exports"), temp: beside(".tmp"), database })
    }

    /// The database.
    pub(crate) fn database(&self) -> PathBuf {
        self.database.clone()
    }

    /// Its write-ahead log.
    pub(crate) fn wal(&self) -> PathBuf {
        let mut path = self.database.clone().into_os_string();
        path.push(".wal");
        path.into()
    }

    /// The only folder that statements may write to.
    pub(crate) fn exports(&self) -> PathBuf {
        self.exports.clone()
    }

    /// Refuses a second opener. The engine's own lock does not notice a second one in the same process.
    pub(crate) fn lock(&self) -> Result<Lock, WarehouseError> {
        let Some(path) = &self.lock else { return Ok(Lock::Own(OwnLock::take(&self.database)?)) };
        let at = |error: std::io::Error| WarehouseError::Unavailable(format!("{}: {error}", path.display()));
        let file = File::options().create(true).truncate(false).write(true).open(path).map_err(at)?;
        let patient_until = Instant::now() + LOCK_WAIT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock::File(file)),
                Err(TryLockError::WouldBlock) if Instant::now() < patient_until => std::thread::sleep(LOCK_LOOK_EVERY),
                Err(TryLockError::WouldBlock) => {
                    return Err(is_open(&self.database));
                }
                Err(TryLockError::Error(error)) => return Err(at(error)),
            }
        }
    }

    /// Removes what an export, a backup or a compaction left behind when its process died.
    pub(crate) fn clear_leftovers(&self) -> std::io::Result<()> {
        let unless_missing = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        };
        let remove_all =
            |entries: fs::ReadDir| entries.into_iter().try_for_each(|entry| fs::remove_file(entry?.path()));
        fs::read_dir(&self.exports).and_then(remove_all).or_else(unless_missing)?;
        fs::remove_dir_all(&self.temp).or_else(unless_missing)
    }
}

/// Keeps others away while it lives.
#[expect(dead_code, reason = "holding them is what they are for")]
pub(crate) enum Lock {
    /// By a file, which every process sees.
    File(File),
    /// Within this process; the engine's own lock keeps other processes away.
    Own(OwnLock),
}

/// The databases of one file each that this process has open.
static OPEN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// One of them.
pub(crate) struct OwnLock(PathBuf);

impl OwnLock {
    fn take(database: &Path) -> Result<Self, WarehouseError> {
        let is_new = OPEN.lock().insert(database.to_owned());
        if is_new { Ok(Self(database.to_owned())) } else { Err(is_open(database)) }
    }
}

impl Drop for OwnLock {
    fn drop(&mut self) {
        OPEN.lock().remove(&self.0);
    }
}

fn is_open(database: &Path) -> WarehouseError {
    let at = database.display();
    WarehouseError::Unavailable(format!("{at} is open already: an embedded warehouse belongs to one process"))
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
        temp = literal(&files.temp.to_string_lossy()),
        temp_max = config.temp_max_bytes,
        exports = literal(&files.exports.to_string_lossy()),
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
