//! A database that pipelines are loaded into: batches of staged rows, and the SQL of a plan that takes them into its tables.

use async_trait::async_trait;

use crate::{Advance, Cell, Checkpoint, CommitError, FieldType, SinkError, Staged, TopicPartition};

/// The SQL that a target speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// DuckDB 1.5.
    DuckDb,
    /// PostgreSQL 15 and later.
    Postgres,
    /// PostgreSQL 9.4 as Greenplum 6 speaks it: without ON CONFLICT.
    Greenplum,
}

impl Dialect {
    /// The name, as it is written on the command line and in golden files.
    pub fn name(self) -> &'static str {
        match self {
            Self::DuckDb => "duckdb",
            Self::Postgres => "postgres",
            Self::Greenplum => "greenplum",
        }
    }

    /// The name of a type in this SQL.
    pub fn type_name(self, of: FieldType) -> String {
        let name = match (self, of) {
            (Self::DuckDb, FieldType::Text | FieldType::Json) => "VARCHAR",
            (_, FieldType::Text) => "text",
            (_, FieldType::Json) => "jsonb",
            (Self::DuckDb, FieldType::Int) => "BIGINT",
            (_, FieldType::Int) => "bigint",
            (Self::DuckDb, FieldType::Float) => "DOUBLE",
            (_, FieldType::Float) => "double precision",
            (Self::DuckDb, FieldType::Decimal { precision, scale }) => return format!("DECIMAL({precision},{scale})"),
            (_, FieldType::Decimal { precision, scale }) => return format!("numeric({precision},{scale})"),
            (Self::DuckDb, FieldType::Bool) => "BOOLEAN",
            (_, FieldType::Bool) => "boolean",
            (Self::DuckDb, FieldType::Date) => "DATE",
            (_, FieldType::Date) => "date",
            (Self::DuckDb, FieldType::Time) => "TIMESTAMP",
            (_, FieldType::Time) => "timestamp",
            (Self::DuckDb, FieldType::Bytes) => "BLOB",
            (_, FieldType::Bytes) => "bytea",
        };
        name.to_owned()
    }
}

/// A table that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTable {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its columns in order: the name, and the type as [`Dialect::type_name`] writes it where it is one of those.
    pub columns: Vec<(String, String)>,
}

/// Why a target cannot be read or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It may go well later: the database is away, busy or full.
    #[error("{0}")]
    Unavailable(String),
    /// The statement or its data is refused: it will never go well.
    #[error("{0}")]
    Refused(String),
}

/// A database that pipelines are loaded into. It knows nothing of vaults and marts: it runs what a plan says.
///
/// Each text of SQL is one statement. Whatever went in is seen by every later call.
#[async_trait]
pub trait Target: Send + Sync {
    /// Which SQL it speaks.
    fn dialect(&self) -> Dialect;

    /// The tables of these schemas, by schema and name; views are none. A schema that is not there has no tables.
    async fn tables(&self, schemas: &[String]) -> Result<Vec<FoundTable>, TargetError>;

    /// Runs statements that change tables, in order, all or none.
    async fn migrate(&self, statements: &[String]) -> Result<(), TargetError>;

    /// How far the consumer of that name has got in each partition; none for one that it has never seen.
    async fn checkpoints(&self, consumer: &str, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError>;

    /// Puts the consumer's checkpoints where they are told, wherever they stood and of whichever log, all or none.
    async fn place(&self, consumer: &str, checkpoints: &[Checkpoint]) -> Result<(), CommitError>;

    /// Loads a batch: in one transaction, takes the steps of the consumer's checkpoints, makes the staged tables as temporary
    /// ones under their names, and runs the statements in order. Gives how many rows each statement changed. All of it
    /// becomes visible together, or nothing of it; a caller that leaves loads all or nothing, too.
    ///
    /// The staged tables hold the values exactly as they are given, empty ones too, and nothing of earlier batches. Those of
    /// one name may have other fields the next time. [`CommitError::Permanent`] if [`Staged::problem`] finds one.
    ///
    /// A checkpoint that does not stand where its advance begins gives [`CommitError::Moved`], also for an advance that
    /// ends where it begins; of two loads from one place at once, one goes in and the other has moved. Going back is
    /// [`CommitError::Permanent`].
    ///
    /// A statement that its rows fail (a constraint, a value that does not convert) gives [`CommitError::Permanent`]. One that
    /// is wrong whatever the rows (a table that is missing) gives [`CommitError::Transient`]: no record is to blame.
    /// After [`CommitError::Transient`] the load may have gone in though its answer was lost; then the checkpoint has moved,
    /// and [`Advance::is_made`] tells.
    async fn load(
        &self,
        consumer: &str,
        staged: &[Staged],
        statements: &[String],
        advances: &[Advance],
    ) -> Result<Vec<u64>, CommitError>;

    /// The rows of one SELECT, which may read the staged tables too; [`TargetError::Refused`] if there are more than
    /// `rows_max`. It changes nothing: a statement that would is refused. Times are text with six digits after the second's
    /// point, decimals text with all digits of their scale (whole numbers where that is 0), bytes text in hexadecimal.
    async fn select(&self, staged: &[Staged], sql: &str, rows_max: usize) -> Result<Vec<Vec<Cell>>, TargetError>;
}
