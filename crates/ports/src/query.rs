//! What analysts ask, and what they get.

use std::time::Duration;

use tokio::sync::mpsc;

/// One question.
#[derive(Debug, Clone)]
pub struct Query {
    /// One SELECT statement.
    pub sql: String,
    /// The answer is cut after so many rows.
    pub rows_max: usize,
    /// The query is stopped after this long.
    pub time_max: Duration,
}

/// A value of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number beyond `i64`, up to 128 bits.
    BigInt(i128),
    /// A number; not finite ones are text.
    Float(f64),
    /// Text; times as `YYYY-MM-DD HH:MM:SS.mmm` in UTC, days as `YYYY-MM-DD`, decimals as written.
    Text(String),
    /// A list.
    List(Vec<Cell>),
    /// A struct or map: names with values, in order.
    Map(Vec<(String, Cell)>),
}

/// An answer, row by row.
#[derive(Debug)]
pub struct Answer {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows in chunks; ends after the last one. An error ends it too.
    pub rows: mpsc::Receiver<Result<Vec<Vec<Cell>>, QueryError>>,
}

/// An answer as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The file.
    pub bytes: bytes::Bytes,
    /// There are more rows than were given.
    pub truncated: bool,
}

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// It is not one SELECT that may be asked here: why, and what may.
    #[error("{0}")]
    Refused(String),
    /// The engine does not understand it, or it fails on the data.
    #[error("{0}")]
    Invalid(String),
    /// It took longer than it may.
    #[error("the query ran longer than {0:?}")]
    TooLong(Duration),
    /// It needed more memory than queries share.
    #[error("the query needs more memory than queries may have: {0}")]
    TooLarge(String),
    /// It has more rows than may be given; the rows up to the limit were given.
    #[error("the answer has more than {0} rows")]
    TooMany(usize),
    /// Too many queries run already.
    #[error("too many queries run now")]
    Busy,
    /// The warehouse is away.
    #[error("the warehouse is not available: {0}")]
    Unavailable(String),
}
