//! Space on the disk, for what writes whole files at once: a copy that fills the disk would stop the writes of everybody.

use std::io;
use std::path::Path;

use playhead_edge::OperationError;

/// What engines write in the words of the system, where they keep no error of it.
const NO_SPACE: &str = "No space left on device";

/// Refuses `what` if the disk has less space than it needs. A disk that does not tell is taken to have it.
pub(crate) fn require(folder: &Path, needed_bytes: u64, what: &str) -> Result<(), OperationError> {
    let Ok(disk) = rustix::fs::statvfs(folder) else { return Ok(()) };
    let free_bytes = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free_bytes >= needed_bytes {
        return Ok(());
    }
    Err(OperationError::Full(format!("{what} needs {needed_bytes} bytes, the disk has {free_bytes}")))
}

/// The failure of an operation; one for want of space is told from others.
pub(crate) fn failure(error: &anyhow::Error) -> OperationError {
    let text = format!("{error:#}");
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    if causes.any(|cause| cause.kind() == io::ErrorKind::StorageFull) || text.contains(NO_SPACE) {
        return OperationError::Full(text);
    }
    OperationError::Failed(text)
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn want_of_space_is_told_from_other_failures() {
        let is_full = |error: anyhow::Error| matches!(failure(&error), OperationError::Full(_));
        assert!(is_full(anyhow::Error::from(io::Error::from(io::ErrorKind::StorageFull)).context("a file")));
        assert!(is_full(anyhow!("could not write: No space left on device").context("the warehouse")));
        assert!(!is_full(anyhow!("the warehouse is closed")));
    }

    #[test]
    fn more_than_the_disk_has_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(require(folder.path(), 0, "nothing").is_ok());
        let refused = require(folder.path(), u64::MAX, "everything").expect_err("no disk has so much");
        assert!(refused.to_string().contains("everything needs"), "{refused}");
    }
}
