//! What the engine's errors mean. The engine tells its kinds apart by the first words of the message only.

use playhead_ports::{CommitError, SinkError, WarehouseError};

/// A kind of failure that somebody acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Out of memory.
    Memory,
    /// Interrupted.
    Interrupt,
    /// The database refuses everything until it is opened again.
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

fn kind_of(message: &str) -> Kind {
    let starts = |word: &str| message.starts_with(word);
    if message.contains("database has been invalidated") || starts("FATAL") {
        Kind::Invalidated
    } else if NO_MEMORY.iter().any(|words| message.contains(words)) {
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
}
