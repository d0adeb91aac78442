//! Whether a process has a data folder open, told before any engine is: in one sentence, rather than by the engine that comes
//! upon its lock first. The engines' own locks hold whatever is said here.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use anyhow::{Context, Result, bail};
use playhead_ports::LogError;

/// Whether a process has the log's lock; none if there is no log yet. A shared lock taken for a moment tells, without being
/// in anybody's way.
pub(crate) fn is_held(data: &Path) -> io::Result<Option<bool>> {
    let lock = match File::open(data.join("log").join("lock")) {
        Ok(file) => file.try_lock_shared(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match lock {
        Ok(()) => Ok(Some(false)),
        Err(TryLockError::WouldBlock) => Ok(Some(true)),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Refuses a folder that another process has open.
pub(crate) fn refuse_if_held(data: &Path) -> Result<()> {
    if is_held(data).with_context(|| format!("{}", data.display()))? == Some(true) {
        bail!(held_words(data));
    }
    Ok(())
}

/// The log of a folder, whose lock is the folder's: the same sentence for who began at the same moment and came second.
pub(crate) fn take<T>(data: &Path, open: impl FnOnce() -> Result<T, LogError>) -> Result<T> {
    open().map_err(|error| match is_held(data) {
        Ok(Some(true)) => anyhow::anyhow!(held_words(data)),
        _ => anyhow::Error::from(error).context("the log"),
    })
}

fn held_words(data: &Path) -> String {
    let place = data.display();
    format!("another playhead has {place} open: stop that one first, or name another folder with --data")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_use_is_told_from_a_free_one_and_from_one_without_a_log() {
        let data = tempfile::tempdir().expect("a folder");
        assert_eq!(is_held(data.path()).expect("looked"), None);
        std::fs::create_dir(data.path().join("log")).expect("made");
        let lock = File::create(data.path().join("log").join("lock")).expect("made");
        assert_eq!(is_held(data.path()).expect("looked"), Some(false));
        lock.try_lock().expect("free");
        let refused = refuse_if_held(data.path()).expect_err("it is in use").to_string();
        assert!(refused.starts_with("another playhead has ") && refused.contains("--data"), "{refused}");
    }

    #[test]
    fn who_comes_second_to_the_lock_is_told_the_same_as_who_comes_later() {
        let data = tempfile::tempdir().expect("a folder");
        let open = || -> Result<(), LogError> { Err(LogError::Unavailable("no".to_owned())) };
        let other = format!("{:#}", take(data.path(), open).expect_err("it fails"));
        assert!(other.starts_with("the log: ") && other.contains("no"), "{other}");
        std::fs::create_dir(data.path().join("log")).expect("made");
        let lock = File::create(data.path().join("log").join("lock")).expect("made");
        lock.try_lock().expect("free");
        let second = take(data.path(), open).expect_err("it fails").to_string();
        assert_eq!(second, refuse_if_held(data.path()).expect_err("it is in use").to_string());
    }
}
