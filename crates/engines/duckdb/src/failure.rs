//! What the engine's errors mean to whoever acts on them.

use playhead_ports::{CommitError, SinkError, TargetError, WarehouseError};

use crate::said::Said;

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
        self.kind == Kind::Memory || Said::of(&self.message).lacks_memory()
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

/// The database was given up, or the connection's ROLLBACK has failed, which may be for want of memory, too.
const REFUSES_ALL: [&str; 3] = [
    "Failed: database has been invalidated",
    "Current transaction is aborted",
    "cannot start a transaction within a transaction",
];

fn kind_of(message: &str) -> Kind {
    let said = Said::of(message);
    match said.of {
        Some("FATAL") => Kind::Invalidated,
        Some("INTERRUPT") => Kind::Interrupt,
        Some("Serialization") => Kind::Broken,
        Some("IO") if is_of_broken_file(said) => Kind::Broken,
        Some("IO") => Kind::Io,
        None | Some("TransactionContext") if said.begins(&REFUSES_ALL) => Kind::Invalidated,
        _ if said.lacks_memory() => Kind::Memory,
        None | Some("TransactionContext") if is_of_disk(said) => Kind::Io,
        Some("TransactionContext") => Kind::Conflict,
        None if said.words == "Interrupted!" => Kind::Interrupt,
        None if said.begins(&["Transaction", "Catalog write-write conflict"]) => Kind::Conflict,
        _ => Kind::Statement,
    }
}

/// Whether a file was read and makes no sense. The ends are the engine's own words: what it quotes stands before them.
fn is_of_broken_file(said: Said<'_>) -> bool {
    let line = said.words.lines().next().unwrap_or_default();
    said.begins(&["Corrupt", "Data corruption"])
        || line.ends_with("not a valid DuckDB database file!")
        || line.ends_with("corrupted.")
}

/// Whether a failure that has lost its type is of the disk.
fn is_of_disk(said: Said<'_>) -> bool {
    said.begins(&["connect error"]) || said.begins(&["Could not ", "Cannot "]) && said.words.contains("No space left")
}

/// The warehouse is not as it must be, or the engine is not: whatever the rows, they would fail. A person must look, and no row
/// is to blame.
const NOT_OF_ROWS: [&str; 8] =
    ["Binder", "Catalog", "Dependency", "INTERNAL", "Invalid Configuration", "Not implemented", "Parser", "Permission"];

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
        let is_of_rows = !Said::of(&failure.message).of.is_some_and(|of| NOT_OF_ROWS.contains(&of));
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
        let append = of("Failed to append: could not allocate block of size 256.0 KiB (19.0 MiB/19.0 MiB used)");
        assert_eq!((append.kind, append.is_of_memory()), (Kind::Memory, true));
        let given_up = of("FATAL Error: Failed: database has been invalidated because of a previous fatal error.\n\
                           Original error: \"Out of Memory Error: failed to pin block of size 4 KiB\"");
        assert_eq!((given_up.kind, given_up.is_of_memory()), (Kind::Invalidated, true));
    }

    /// As the engine says them of texts that look like its own.
    #[test]
    fn what_a_message_quotes_decides_nothing() {
        let quotes = [
            "Conversion Error: Could not convert string 'Out of Memory Error' to INT32\n\nLINE 1: select 'Out of Memory Error'::INT",
            "Conversion Error: Could not convert string 'database has been invalidated' to INT32",
            "Conversion Error: Could not convert string 'corrupt' to INT32",
            "Catalog Error: Table with name Current transaction is aborted does not exist!",
            "Binder Error: Referenced column \"not a valid DuckDB database\" was not found",
            "Invalid Input Error: Out of Memory Error: said by error()",
            "Invalid Input Error: FATAL Error: said by error()",
            "Invalid Input Error: Failed to commit: failed to pin block of size 1",
            "Constraint Error: Duplicate key \"v: No space left on device\" violates primary key constraint.",
        ];
        for message in quotes {
            let failure = Failure { kind: kind_of(message), message: message.to_owned() };
            assert_eq!((failure.kind, failure.is_of_memory()), (Kind::Statement, false), "{message}");
        }
        let of = |message: &str| CommitError::from(Failure { kind: kind_of(message), message: message.to_owned() });
        let key = "Constraint Error: Duplicate key \"v: Catalog Error\" violates primary key constraint.";
        assert!(matches!(of(key), CommitError::Permanent(_)));
        let path = "IO Error: Could not write file \"/srv/corrupt/warehouse.duckdb.wal\": No space left on device";
        assert_eq!(kind_of(path), Kind::Io);
        let file = "IO Error: The file \"/srv/x\" exists, but it is not a valid DuckDB database file!";
        assert_eq!(kind_of(file), Kind::Broken);
    }
}
