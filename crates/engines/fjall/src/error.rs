//! What can go wrong, from fjall's errors to the ports'.

use std::path::PathBuf;

use playhead_ports::{BaseError, CommitError, DictionaryError, SinkError, WorkingError};

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("{} is in use by another process: stop that one, or give this one another folder", .0.display())]
    InUse(PathBuf),
    /// Its files are broken.
    #[error("{} is broken ({reason}): move it away and start again, it is built anew from the log and the warehouse", dir.display())]
    Broken {
        /// Which folder.
        dir: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The folder cannot be read or written.
    #[error("{} cannot be opened: {source}", dir.display())]
    Io {
        /// Which folder.
        dir: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl OpenError {
    pub(crate) fn of(dir: &std::path::Path, error: fjall::Error) -> Self {
        let dir = dir.to_owned();
        match error {
            fjall::Error::Locked => Self::InUse(dir),
            fjall::Error::Io(source) | fjall::Error::Storage(fjall::LsmError::Io(source)) => Self::Io { dir, source },
            other => Self::Broken { dir, reason: other.to_string() },
        }
    }
}

/// What a caller can do about a failure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Try again.
    #[error("{0}")]
    Away(String),
    /// Call a person: a value cannot be read.
    #[error("{0}")]
    Broken(String),
    /// Call a person: the files cannot be read, whatever is asked.
    #[error("{0}")]
    Damaged(String),
}

impl From<fjall::Error> for Trouble {
    fn from(error: fjall::Error) -> Self {
        match error {
            fjall::Error::Io(source) | fjall::Error::Storage(fjall::LsmError::Io(source)) => {
                Self::Away(source.to_string())
            }
            fjall::Error::Storage(_) => Self::Damaged(format!("stored positions are broken ({error}): rebuild them")),
            other => Self::Away(other.to_string()),
        }
    }
}

impl From<OpenError> for Trouble {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Broken { .. } => Self::Damaged(error.to_string()),
            OpenError::InUse(_) | OpenError::Io { .. } => Self::Away(error.to_string()),
        }
    }
}

impl From<Trouble> for BaseError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Away(why) => Self::Unavailable(why),
            Trouble::Broken(why) | Trouble::Damaged(why) => Self::Broken(why),
        }
    }
}

impl From<Trouble> for WorkingError {
    fn from(trouble: Trouble) -> Self {
        Self::Unavailable(trouble.to_string())
    }
}

impl From<Trouble> for DictionaryError {
    fn from(trouble: Trouble) -> Self {
        Self::Unavailable(trouble.to_string())
    }
}

impl From<Trouble> for SinkError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Away(why) => Self::Transient(why),
            Trouble::Broken(why) | Trouble::Damaged(why) => Self::Permanent(why),
        }
    }
}

impl From<Trouble> for CommitError {
    /// Damaged files are no record's fault: the batch waits for a person rather than become dead letters.
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Away(why) | Trouble::Damaged(why) => Self::Transient(why),
            Trouble::Broken(why) => Self::Permanent(why),
        }
    }
}
