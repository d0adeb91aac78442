//! A small file system in memory, for tests that fill a disk.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

const FILL_TRIES_MAX: u32 = 1_000;

/// A tmpfs of a set size, mounted on a temporary folder until it is dropped.
#[derive(Debug)]
pub struct Tmpfs {
    on: TempDir,
}

impl Tmpfs {
    /// Mounts one. Only root may; anyone else gets [`io::ErrorKind::PermissionDenied`].
    pub fn mount(size_bytes: u64) -> io::Result<Self> {
        let on = tempfile::tempdir()?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size_bytes},mode=0700"), "tmpfs"]).arg(on.path());
        let done = mount.output()?;
        if done.status.success() {
            return Ok(Self { on });
        }
        let kind =
            if rustix::process::geteuid().is_root() { io::ErrorKind::Other } else { io::ErrorKind::PermissionDenied };
        Err(io::Error::new(kind, String::from_utf8_lossy(&done.stderr).into_owned()))
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.on.path()
    }

    /// Takes all space but `leave_bytes` by a file, which gives it back when it is dropped. Others may write meanwhile: what
    /// they take is not there to be taken.
    pub fn fill(&self, leave_bytes: u64) -> io::Result<Ballast> {
        let path = self.path().join("ballast");
        let mut ballast = Ballast { file: std::fs::File::create(&path)?, path, size_bytes: 0 };
        ballast.grow(leave_bytes)?;
        Ok(ballast)
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // Lazily, because a program that still has files open there is about to be ended.
        let done = Command::new("umount").arg("-l").arg(self.on.path()).status();
        if !done.is_ok_and(|status| status.success()) {
            eprintln!("{} could not be unmounted", self.on.path().display());
        }
    }
}

/// A file that takes up space.
#[derive(Debug)]
pub struct Ballast {
    file: std::fs::File,
    path: PathBuf,
    size_bytes: u64,
}

impl Ballast {
    /// Takes what others have given back since, but `leave_bytes`.
    pub fn grow(&mut self, leave_bytes: u64) -> io::Result<()> {
        let mut failed = 0;
        loop {
            let room = rustix::fs::fstatvfs(&self.file)?;
            let missing_bytes = (room.f_bavail * room.f_frsize).saturating_sub(leave_bytes);
            if missing_bytes == 0 && self.size_bytes > 0 {
                return Ok(());
            }
            let flags = rustix::fs::FallocateFlags::empty();
            match rustix::fs::fallocate(&self.file, flags, self.size_bytes, missing_bytes.max(1)) {
                Ok(()) => self.size_bytes += missing_bytes.max(1),
                // Somebody was faster.
                Err(rustix::io::Errno::NOSPC) if failed < FILL_TRIES_MAX => failed += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        if let Err(e) = std::fs::remove_file(&self.path) {
            eprintln!("{}: {e}", self.path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filled_disk_takes_nothing_until_the_ballast_goes() {
        let tmpfs = match Tmpfs::mount(4 << 20) {
            Ok(tmpfs) => tmpfs,
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => return,
            Err(e) => panic!("{e}"),
        };
        let file = tmpfs.path().join("file");
        let ballast = tmpfs.fill(64 << 10).unwrap();
        let refused = std::fs::write(&file, vec![1; 1 << 20]).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::StorageFull);
        drop(ballast);
        std::fs::write(&file, vec![1; 1 << 20]).unwrap();
        let folder = tmpfs.path().to_owned();
        drop(tmpfs);
        assert!(!folder.exists());
    }
}
