//! The calls that can fail at any moment. They are fields, so that a test can let them fail.

use std::fs::File;
use std::io::{self, IoSlice};
use std::path::Path;

use rustix::fs::FallocateFlags;

/// How bytes reach the disk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Disk {
    /// Writes at a position; may write less than was asked.
    pub(crate) write: fn(&File, &[IoSlice<'_>], u64) -> io::Result<usize>,
    /// Makes the file so long, with zeros where nothing was written.
    pub(crate) reserve: fn(&File, u64) -> io::Result<()>,
    /// Returns once the file's bytes survive a loss of power.
    pub(crate) sync: fn(&File) -> io::Result<()>,
    /// What follows a failed sync. The pages may be gone and a second sync would say that all is well, so nothing is known
    /// any more and the process ends; opening finds out what the disk has.
    pub(crate) sync_failed: fn(&Path, &io::Error),
}

impl Default for Disk {
    fn default() -> Self {
        Self {
            write: |file, slices, position| Ok(rustix::io::pwritev(file, slices, position)?),
            reserve: |file, bytes| Ok(rustix::fs::fallocate(file, FallocateFlags::empty(), 0, bytes)?),
            sync: File::sync_data,
            sync_failed: |path, error| {
                tracing::error!(path = %path.display(), %error, "a sync failed: it is not known what the disk has, so the process ends");
                std::process::abort();
            },
        }
    }
}

impl Disk {
    /// Writes both slices at the position, whole.
    pub(crate) fn write_all(&self, file: &File, head: &[u8], payload: &[u8], position: u64) -> io::Result<()> {
        let total = head.len() + payload.len();
        let mut done = 0;
        while done < total {
            let head = IoSlice::new(&head[done.min(head.len())..]);
            let payload = IoSlice::new(&payload[done.saturating_sub(total - payload.len())..]);
            match (self.write)(file, &[head, payload], position + done as u64) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => done += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Syncs the file; on failure the process ends, but in a test, which gets the error.
    pub(crate) fn sync(&self, file: &File, path: &Path) -> io::Result<()> {
        (self.sync)(file).inspect_err(|error| (self.sync_failed)(path, error))
    }

    /// Makes the names in a folder durable, with the same consequence.
    pub(crate) fn sync_names(&self, folder: &Path) -> io::Result<()> {
        sync_folder(folder).inspect_err(|error| (self.sync_failed)(folder, error))
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
