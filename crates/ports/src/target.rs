//! A database that pipelines are loaded into: batches of staged rows, and the SQL of a plan that takes them into its tables.

use async_trait::async_trait;
use bytes::Bytes;
use smol_str::SmolStr;

use crate::{Advance, Cell, Checkpoint, CommitError, SinkError, TopicPartition};

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

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// UTF-8 text without NUL.
    Text,
    /// A signed number of 64 bits.
    Int,
    /// A number of 64 bits with a binary point.
    Float,
    /// A decimal number.
    Decimal {
        /// All digits, at most 38.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// Yes or no.
    Bool,
    /// A day.
    Date,
    /// A point in time with microseconds, UTC, without a zone.
    Time,
    /// Bytes.
    Bytes,
    /// A JSON value as text.
    Json,
}

/// A field of staged rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type.
    pub of: FieldType,
}

/// The values of a field, one a row.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValues {
    /// Of [`FieldType::Text`] and [`FieldType::Json`]; of [`FieldType::Decimal`] as digits with a point.
    Text(Vec<Option<SmolStr>>),
    /// Of [`FieldType::Int`]; of [`FieldType::Date`] as days and of [`FieldType::Time`] as microseconds since 1970.
    Int(Vec<Option<i64>>),
    /// Of [`FieldType::Float`].
    Float(Vec<Option<f64>>),
    /// Of [`FieldType::Bool`].
    Bool(Vec<Option<bool>>),
    /// Of [`FieldType::Bytes`].
    Bytes(Vec<Option<Bytes>>),
}

impl FieldValues {
    /// No values of that type.
    pub fn none_of(of: FieldType) -> Self {
        match of {
            FieldType::Text | FieldType::Json | FieldType::Decimal { .. } => Self::Text(Vec::new()),
            FieldType::Int | FieldType::Date | FieldType::Time => Self::Int(Vec::new()),
            FieldType::Float => Self::Float(Vec::new()),
            FieldType::Bool => Self::Bool(Vec::new()),
            FieldType::Bytes => Self::Bytes(Vec::new()),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Int(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Bool(values) => values.len(),
            Self::Bytes(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Rows that a load brings along as a temporary table, field by field, all of one length.
#[derive(Debug, Clone, PartialEq)]
pub struct Staged {
    /// The name of the temporary table.
    pub name: String,
    /// Its fields.
    pub fields: Vec<Field>,
    /// Their values.
    pub values: Vec<FieldValues>,
}

impl Staged {
    /// A table of that name without rows.
    pub fn none_of(name: &str, fields: Vec<Field>) -> Self {
        let values = fields.iter().map(|field| FieldValues::none_of(field.of)).collect();
        Self { name: name.to_owned(), fields, values }
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.values.first().map_or(0, FieldValues::len)
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
#[async_trait]
pub trait Target: Send + Sync {
    /// Which SQL it speaks.
    fn dialect(&self) -> Dialect;

    /// The tables of these schemas, by schema and name.
    async fn tables(&self, schemas: &[String]) -> Result<Vec<FoundTable>, TargetError>;

    /// Runs statements that change tables, in order, all or none.
    async fn migrate(&self, statements: &[String]) -> Result<(), TargetError>;

    /// How far the consumer of that name has got in each partition.
    async fn checkpoints(&self, consumer: &str, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError>;

    /// In one transaction: the advance of the consumer's checkpoints ([`CommitError::Moved`] if one does not stand where the
    /// advance begins), the staged tables as temporary ones under their names, and the statements in order. Gives how many
    /// rows each statement changed. Nothing is visible before all of it is; the temporary tables are empty afterwards.
    async fn load(
        &self,
        consumer: &str,
        staged: &[Staged],
        statements: &[String],
        advances: &[Advance],
    ) -> Result<Vec<u64>, CommitError>;

    /// The rows of one SELECT, which may read the staged tables too; refused if there are more than `rows_max`.
    async fn select(&self, staged: &[Staged], sql: &str, rows_max: usize) -> Result<Vec<Vec<Cell>>, TargetError>;
}
