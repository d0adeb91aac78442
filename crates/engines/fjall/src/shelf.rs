//! A database that is kept open: written by one at a time, opened again by itself after it broke.
//!
//! fjall takes no writes after any failed one, and that includes a full disk. So a write is refused before it is tried while
//! space is short; and if one failed all the same, the database is opened again before the next, once there is space. Until
//! then the broken one still serves reads.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fjall::{OwnedWriteBatch, Readable};
use parking_lot::{Mutex, MutexGuard, RwLock};
use playhead_ports::{Advance, Checkpoint, CommitError, TopicPartition};

use crate::checkpoint;
use crate::config::ShelfConfig;
use crate::error::{OpenError, Trouble};
use crate::opened::{Opened, sync_parent};

/// How long closing waits for readers. None reads for longer.
const CLOSE_WAIT: Duration = Duration::from_secs(10);

/// A database in a folder.
pub(crate) struct Shelf {
    dir: PathBuf,
    config: ShelfConfig,
    /// None only while it is being opened again. A reader clones what is here and holds no lock while it reads.
    opened: RwLock<Option<Arc<Opened>>>,
    /// Held from comparing a checkpoint to setting it, and by who closes and opens.
    writers: Mutex<()>,
}

impl Shelf {
    pub(crate) fn open(dir: &Path, config: ShelfConfig) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io { dir: dir.to_owned(), source };
        fs::create_dir_all(dir).map_err(io)?;
        let opened = Opened::open(dir, &config)?;
        remove_if_there(&cleared(dir)).map_err(io)?;
        Ok(Self { dir: dir.to_owned(), config, opened: RwLock::new(Some(Arc::new(opened))), writers: Mutex::new(()) })
    }

    /// The folder.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Holds writers off.
    pub(crate) fn hold(&self) -> MutexGuard<'_, ()> {
        self.writers.lock()
    }

    /// The database if it is open now. Never waits.
    pub(crate) fn now(&self) -> Option<Arc<Opened>> {
        self.opened.read().clone()
    }

    /// The database, for reading. Waits while it is being opened.
    pub(crate) fn reader(&self) -> Result<Arc<Opened>, Trouble> {
        if let Some(opened) = self.now() {
            return Ok(opened);
        }
        let _one = self.writers.lock();
        self.now().map_or_else(|| self.reopen(), Ok)
    }

    /// The database, for writing: opened again if it broke. The caller holds the lock of writers.
    pub(crate) fn writer(&self) -> Result<Arc<Opened>, Trouble> {
        // What is found broken must be let go before it is closed.
        if let Some(whole) = self.now().filter(|opened| !opened.is_broken()) {
            return Ok(whole);
        }
        tracing::warn!(dir = %self.dir.display(), "opening the store again after a failed write");
        self.reopen()
    }

    /// Closes it if it is open. The caller holds the lock of writers.
    pub(crate) fn close(&self) -> Result<(), Trouble> {
        let Some(mut opened) = self.opened.write().take() else {
            return Ok(());
        };
        let deadline = Instant::now() + CLOSE_WAIT;
        loop {
            match Arc::try_unwrap(opened) {
                Ok(last) => {
                    last.close();
                    return Ok(());
                }
                Err(shared) if Instant::now() > deadline => {
                    *self.opened.write() = Some(shared);
                    return Err(Trouble::Away("the store cannot be closed while it is read".into()));
                }
                Err(shared) => opened = shared,
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Closes and opens it. The caller holds the lock of writers.
    pub(crate) fn reopen(&self) -> Result<Arc<Opened>, Trouble> {
        self.close()?;
        let fresh = Arc::new(Opened::open(&self.dir, &self.config)?);
        *self.opened.write() = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// The space that is left on its disk.
    pub(crate) fn free_bytes(&self) -> Result<u64, Trouble> {
        let found = rustix::fs::statvfs(&self.dir).map_err(|errno| Trouble::Away(errno.to_string()))?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }

    /// Refuses while the disk has less free space than is reserved.
    fn check_space(&self) -> Result<(), Trouble> {
        let (free_bytes, reserve_bytes) = (self.free_bytes()?, self.config.reserve_bytes);
        if free_bytes < reserve_bytes {
            return Err(Trouble::Away(format!(
                "the disk of {} has {free_bytes} bytes free, {reserve_bytes} are kept in reserve (base.reserve_bytes): free \
                 some space",
                self.dir.display()
            )));
        }
        Ok(())
    }

    /// Commits what `fill` puts into a batch together with the advances, durably, or nothing.
    ///
    /// After a failed journal write the batch may have reached the disk all the same. It is not visible before the database
    /// is opened again; then it is there as a whole, and trying again answers [`CommitError::Moved`].
    pub(crate) fn write(
        &self,
        advances: &[Advance],
        fill: impl FnOnce(&Opened, &mut OwnedWriteBatch) -> Result<(), Trouble>,
    ) -> Result<(), CommitError> {
        let _one = self.writers.lock();
        self.check_space()?;
        let opened = self.writer()?;
        opened.keep_up()?;
        if !checkpoint::all_stand(&opened.data, advances)? {
            return Err(CommitError::Moved);
        }
        let mut batch = opened.batch();
        fill(&opened, &mut batch)?;
        checkpoint::put(&mut batch, &opened.data, advances);
        batch.commit().map_err(|error| CommitError::Transient(Trouble::from(error).to_string()))
    }

    /// The value of each key of the data, all of one moment.
    pub(crate) fn values(&self, keys: impl Iterator<Item = Vec<u8>>) -> Result<Vec<Option<Bytes>>, Trouble> {
        let opened = self.reader()?;
        let snapshot = opened.db.snapshot();
        let one = |key| Ok(snapshot.get(&opened.data, key)?.map(|value| Bytes::copy_from_slice(&value)));
        keys.map(one).collect()
    }

    /// Where each of the partitions stands.
    pub(crate) fn checkpoints(&self, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, Trouble> {
        let opened = self.reader()?;
        of.iter().map(|at| checkpoint::read(&opened.data, at)).collect()
    }

    /// Drops everything. The folder is renamed before it is removed, so that a kill leaves all of it or nothing.
    pub(crate) fn clear(&self) -> Result<(), Trouble> {
        let _one = self.writers.lock();
        self.close()?;
        let cleared = cleared(&self.dir);
        let away = |error: std::io::Error| Trouble::Away(error.to_string());
        remove_if_there(&cleared).map_err(away)?;
        fs::rename(&self.dir, &cleared).map_err(away)?;
        sync_parent(&self.dir).map_err(away)?;
        self.reopen()?;
        remove_if_there(&cleared).map_err(away)
    }

    /// The bytes of its files.
    pub(crate) fn size_bytes(&self) -> Result<u64, Trouble> {
        Ok(self.reader()?.db.disk_space()?)
    }
}

/// Where a cleared database goes before it is removed.
fn cleared(dir: &Path) -> PathBuf {
    dir.with_extension("cleared")
}

fn remove_if_there(dir: &Path) -> std::io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Runs what reads or writes files where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Trouble::Away("the program is stopping".into())),
        },
    }
}
