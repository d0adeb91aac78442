//! What the engine's errors mean. The engine tells its kinds apart by the first words of the message only.

use playhead_ports::{CommitError, SinkError, TargetError, WarehouseError};

/// A kind of failure that somebody acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Out of memory.
    Memory,
    /// Interrupted.
    Interrupt,
    /// The database, or the connection, refuses everything until it is opened again.
    Invalidated,
    /// The files cannot be read or written now.
    Io,
    /// What is stored cannot be read.
    Broken,
    /// Another transaction was in the way.
    Conflict,
    /// The statement or its data.
    Statement,
}

/// A failure of the engine.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// Its kind.
    pub(crate) kind: Kind,
    /// What the engine said.
    pub(crate) message: String,
}

impl Failure {
    /// A failure that is not the engine's: the caller's rows do not fit.
    pub(crate) fn of_rows(message: String) -> Self {
        Self { kind: Kind::Statement, message }
    }

    /// A reader was stopped for somebody else's sake.
    pub(crate) fn stopped(why: &str) -> Self {
        Self { kind: Kind::Interrupt, message: format!("the read was stopped, because {why}") }
    }

    /// Whether memory was missing; a database may also have been given up for that.
    pub(crate) fn is_of_memory(&self) -> bool {
        self.kind == Kind::Memory || lacks_memory(&self.message)
    }

    /// The database is not open.
    pub(crate) fn away() -> Self {
        Self { kind: Kind::Io, message: "the warehouse is being opened".to_owned() }
    }
}

impl From<duckdb::Error> for Failure {
    fn from(error: duckdb::Error) -> Self {
        let message = match error {
            duckdb::Error::DuckDBFailure(_, Some(message)) => message,
            other => other.to_string(),
        };
        Self { kind: kind_of(&message), message }
    }
}

/// The appender and the commit wrap what they fail of, so the kind is not always in front.
const NO_MEMORY: [&str; 6] = [
    "Out of Memory Error",
    "failed to allocate data of size",
    "could not allocate block of size",
    "failed to pin block of size",
    "failed to offload data block",
    "Allocation failure",
];

/// The last two are of a connection whose ROLLBACK has failed, which may be for want of memory, too.
const REFUSES_ALL: [&str; 3] = [
    "database has been invalidated",
    "Current transaction is aborted",
    "cannot start a transaction within a transaction",
];

fn lacks_memory(message: &str) -> bool {
    NO_MEMORY.iter().any(|words| message.contains(words))
}

fn kind_of(message: &str) -> Kind {
    let starts = |word: &str| message.starts_with(word);
    if REFUSES_ALL.iter().any(|words| message.contains(words)) || starts("FATAL") {
        Kind::Invalidated
    } else if lacks_memory(message) {
        Kind::Memory
    } else if starts("INTERRUPT") {
        Kind::Interrupt
    } else if message.contains("not a valid DuckDB database") || message.contains("orrupt") || starts("Serialization") {
        Kind::Broken
    } else if starts("IO Error") || starts("connect error") || message.contains("No space left on device") {
        Kind::Io
    } else if starts("TransactionContext Error") || starts("Transaction") || starts("Catalog write-write conflict") {
        Kind::Conflict
    } else {
        Kind::Statement
    }
}

/// The warehouse is not as it must be, or the engine is not: whatever the rows, they would fail. A person must look, and no row
/// is to blame.
const NOT_OF_ROWS: [&str; 8] = [
    "Binder Error",
    "Catalog Error",
    "Dependency Error",
    "INTERNAL Error",
    "Invalid Configuration Error",
    "Not implemented Error",
    "Parser Error",
    "Permission Error",
];

/// Why a change was not made.
#[derive(Debug)]
pub(crate) enum Failed {
    /// It was refused.
    Refused(CommitError),
    /// The engine failed.
    Engine(Failure),
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self::Engine(failure)
    }
}

impl From<duckdb::Error> for Failed {
    fn from(error: duckdb::Error) -> Self {
        Self::Engine(error.into())
    }
}

impl From<Failure> for CommitError {
    fn from(failure: Failure) -> Self {
        let is_of_rows = !NOT_OF_ROWS.iter().any(|words| failure.message.contains(words));
        match failure.kind {
            Kind::Statement if is_of_rows => Self::Permanent(failure.message),
            _ => Self::Transient(failure.message),
        }
    }
}

impl From<Failure> for SinkError {
    fn from(failure: Failure) -> Self {
        match failure.kind {
            Kind::Statement => Self::Permanent(failure.message),
            _ => Self::Transient(failure.message),
        }
    }
}

impl From<Failure> for TargetError {
    fn from(failure: Failure) -> Self {
        match failure.kind {
            Kind::Statement => Self::Refused(failure.message),
            _ => Self::Unavailable(failure.message),
        }
    }
}

impl From<Failure> for WarehouseError {
    fn from(failure: Failure) -> Self {
        Self::Unavailable(failure.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_rows_can_be_blamed_for_is_permanent() {
        let of = |message: &str| {
            let message = message.to_owned();
            CommitError::from(Failure { kind: kind_of(&message), message })
        };
        assert!(matches!(of("Constraint Error: NOT NULL constraint failed"), CommitError::Permanent(_)));
        assert!(matches!(of("Conversion Error: out of range"), CommitError::Permanent(_)));
        assert!(matches!(of("Catalog Error: Table with name x does not exist"), CommitError::Transient(_)));
        assert!(matches!(of("INTERNAL Error: an assertion failed"), CommitError::Transient(_)));
        assert!(matches!(of("IO Error: no space"), CommitError::Transient(_)));
    }

    /// As the engine said them while queries held all memory.
    #[test]
    fn missing_memory_is_told_in_whatever_it_is_wrapped() {
        let of = |message: &str| Failure { kind: kind_of(message), message: message.to_owned() };
        let commit =
            of("TransactionContext Error: Failed to commit: failed to pin block of size 256.0 KiB (199.9 MiB)");
        assert_eq!((commit.kind, commit.is_of_memory()), (Kind::Memory, true));
        let rollback = of("FATAL Error: Failed to rollback transaction. Cannot continue operation.\n\
                           Original Error: Out of Memory Error: failed to offload data block of size 192.0 KiB");
        assert_eq!((rollback.kind, rollback.is_of_memory()), (Kind::Invalidated, true));
        let after = of("TransactionContext Error: Current transaction is aborted (please ROLLBACK)");
        assert_eq!((after.kind, after.is_of_memory()), (Kind::Invalidated, false));
    }
}
