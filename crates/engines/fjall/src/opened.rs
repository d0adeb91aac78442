//! One open fjall database with one keyspace: everything that depends on how fjall behaves is here.

use std::fs::{self, File};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use fjall::{AbstractTree, Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};

use crate::config::ShelfConfig;
use crate::error::{OpenError, Trouble};

/// How long a write may wait for memtables to be written out.
const KEEP_UP_WAIT: Duration = Duration::from_secs(10);
/// fjall makes a writer wait without end at 4 sealed memtables or 30 runs, even when the threads that would end that are
/// gone. One commit adds at most one of either, so who stays below these never gets there.
const SEALED_MAX: usize = 2;
const RUNS_MAX: usize = 20;
/// With more than one, fjall 3.1 keeps a thread for writing memtables out, and that thread hands itself the same message
/// again and again for as long as the others compact. Two took a fifth more CPU time in `fold_bench` than one, and neither
/// folds nor reads were quicker beyond noise.
const WORKER_THREADS: usize = 1;
const JOURNALS_BYTES_MAX: u64 = 128 << 20;

/// An open database.
pub(crate) struct Opened {
    pub(crate) data: Keyspace,
    pub(crate) db: Database,
}

impl Opened {
    pub(crate) fn open(dir: &Path, config: &ShelfConfig) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io { dir: dir.to_owned(), source };
        let is_new = !dir.join("version").try_exists().map_err(io)?;
        drop_unfinished(dir).map_err(io)?;
        let opened = Self::open_fjall(dir, config).map_err(|error| OpenError::of(dir, error))?;
        if is_new {
            // fjall syncs what is in the folder, not the folder's own name.
            sync_parent(dir).map_err(io)?;
        }
        Ok(opened)
    }

    fn open_fjall(dir: &Path, config: &ShelfConfig) -> fjall::Result<Self> {
        let db = Database::builder(dir)
            .cache_size(config.cache_bytes)
            .worker_threads(WORKER_THREADS)
            .max_journaling_size(JOURNALS_BYTES_MAX)
            .open()?;
        let options = || KeyspaceCreateOptions::default().max_memtable_size(config.memtable_bytes);
        let data = db.keyspace("data", options)?;
        Ok(Self { data, db })
    }

    /// Whether fjall takes no more writes: a journal write, a flush or a compaction has failed. Reads go on. fjall itself
    /// recovers only by being opened again.
    pub(crate) fn is_broken(&self) -> bool {
        self.db.persist(PersistMode::Buffer).is_err()
    }

    /// A batch that is durable once it is committed.
    pub(crate) fn batch(&self) -> OwnedWriteBatch {
        self.db.batch().durability(Some(PersistMode::SyncData))
    }

    /// Waits until a commit cannot be held up by fjall.
    pub(crate) fn keep_up(&self) -> Result<(), Trouble> {
        let is_behind = || self.data.sealed_memtable_count() >= SEALED_MAX || self.data.tree.l0_run_count() >= RUNS_MAX;
        self.wait_while(is_behind)
    }

    /// Writes all memtables out. The caller holds writers off, or does not mind what comes later.
    pub(crate) fn flush(&self) -> Result<(), Trouble> {
        self.keep_up()?;
        self.data.rotate_memtable()?;
        self.wait_while(|| self.data.sealed_memtable_count() > 0)
    }

    /// Whether everything is in tables, and nothing in the journal alone.
    pub(crate) fn is_flushed(&self) -> bool {
        self.data.tree.active_memtable().is_empty() && self.data.sealed_memtable_count() == 0
    }

    fn wait_while(&self, is_behind: impl Fn() -> bool) -> Result<(), Trouble> {
        let deadline = Instant::now() + KEEP_UP_WAIT;
        while is_behind() {
            if self.is_broken() {
                return Err(Trouble::Away("the store failed to write its memtables out".into()));
            }
            if Instant::now() > deadline {
                return Err(Trouble::Away("the store cannot write its memtables out quickly enough".into()));
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Ends the background threads and gives the folder's lock back.
    pub(crate) fn close(self) {
        let was_broken = self.is_broken();
        drop(self);
        if was_broken {
            // The last of fjall's threads may still be letting go of the journal, with a torn batch in its buffer that it
            // tries to write once more. fjall tells no one when it is done.
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Whether the journals' file name says so.
pub(crate) fn is_journal(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jnl")
}

/// A kill within the first moments of a database leaves files that fjall refuses: nothing was ever stored in it then, for
/// its version file is written last.
fn drop_unfinished(dir: &Path) -> std::io::Result<()> {
    let version = dir.join("version");
    match fs::metadata(&version) {
        Ok(found) if found.len() > 0 => return Ok(()),
        Ok(_) => fs::remove_file(&version)?,
        Err(_) => {}
    }
    match fs::remove_file(dir.join("0.jnl")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes the names in the folder above durable.
pub(crate) fn sync_parent(dir: &Path) -> std::io::Result<()> {
    dir.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}
