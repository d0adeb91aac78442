//! What the server's errors mean to who loads.

use playhead_ports::{CommitError, SinkError, TargetError};
use tokio_postgres::error::SqlState;

/// A kind of failure that somebody acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// There is no connection any more, or none could be made.
    Away,
    /// There was no answer in time, or none to a commit: the connection is in a state that nobody knows.
    Unknown,
    /// Something was in the way: a lock, another transaction, a limit of time, no space.
    Busy,
    /// The rows.
    Rows,
    /// The server, or the transaction, changes nothing.
    ReadOnly,
    /// The statement, or what it finds: whatever the rows, it would fail.
    Statement,
}

/// A failure.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// Its kind.
    pub(crate) kind: Kind,
    /// What the server said.
    pub(crate) message: String,
}

impl Failure {
    /// There is no connection any more.
    pub(crate) fn away(message: impl Into<String>) -> Self {
        Self { kind: Kind::Away, message: message.into() }
    }

    /// Nobody knows what has become of it.
    pub(crate) fn unknown(message: impl Into<String>) -> Self {
        Self { kind: Kind::Unknown, message: message.into() }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(told) = error.as_db_error() else {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            // What the driver itself finds wrong while it talks leaves the connection in a state that nobody knows.
            return Self::away(format!("the database does not answer: {error}{cause}"));
        };
        // The detail that the server gives beside this repeats values of rows, so it is left out.
        let mut message = format!("{} ({})", told.message(), told.code().code());
        for (what, name) in [("table", told.table()), ("column", told.column()), ("constraint", told.constraint())] {
            if let Some(name) = name.filter(|name| !told.message().contains(name)) {
                message += &format!(", {what} {name}");
            }
        }
        Self { kind: kind_of(told.code()), message }
    }
}

/// A class of errors holds a few that are not like the others.
fn kind_of(state: &SqlState) -> Kind {
    match &state.code()[..2] {
        // Connections, shutdowns, crashes of other sessions, and no right to connect.
        "08" | "28" | "3D" => Kind::Away,
        "25" if *state == SqlState::READ_ONLY_SQL_TRANSACTION => Kind::ReadOnly,
        "57" if *state == SqlState::QUERY_CANCELED => Kind::Busy,
        "57" => Kind::Away,
        // Rollbacks for others' sake, states of transactions, resources, locks, the system's own errors.
        "40" | "25" | "53" | "55" | "58" | "XX" => Kind::Busy,
        // Values, constraints, rows that come more than once, checks of views, values that are too large, RAISE.
        "21" | "22" | "23" | "44" | "54" => Kind::Rows,
        "P0" => Kind::Rows,
        _ => Kind::Statement,
    }
}

impl From<Failure> for CommitError {
    fn from(failure: Failure) -> Self {
        match failure.kind {
            Kind::Rows => Self::Permanent(failure.message),
            Kind::Away | Kind::Unknown | Kind::Busy | Kind::ReadOnly | Kind::Statement => {
                Self::Transient(failure.message)
            }
        }
    }
}

impl From<Failure> for SinkError {
    fn from(failure: Failure) -> Self {
        match failure.kind {
            Kind::Rows | Kind::ReadOnly | Kind::Statement => Self::Permanent(failure.message),
            Kind::Away | Kind::Unknown | Kind::Busy => Self::Transient(failure.message),
        }
    }
}

impl From<Failure> for TargetError {
    fn from(failure: Failure) -> Self {
        match failure.kind {
            Kind::Rows | Kind::ReadOnly | Kind::Statement => Self::Refused(failure.message),
            Kind::Away | Kind::Unknown | Kind::Busy => Self::Unavailable(failure.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_rows_can_be_blamed_for_is_permanent() {
        let of = |code: &str| {
            CommitError::from(Failure { kind: kind_of(&SqlState::from_code(code)), message: String::new() })
        };
        for code in ["22003", "22021", "22P02", "23502", "23505", "21000", "54000"] {
            assert!(matches!(of(code), CommitError::Permanent(_)), "{code}");
        }
        for code in ["40001", "40P01", "53100", "53200", "53300", "55P03", "57014", "57P01", "08006", "42P01", "42601"]
        {
            assert!(matches!(of(code), CommitError::Transient(_)), "{code}");
        }
    }
}
