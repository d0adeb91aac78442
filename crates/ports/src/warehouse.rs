//! The warehouse: tables that are loaded batch by batch with a checkpoint, and asked by analysts.

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::{Advance, Answer, Checkpoint, CommitError, Export, Query, QueryError, SinkError, TopicPartition};

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// UTF-8 text.
    Text,
    /// A signed number of 64 bits.
    Int,
    /// An unsigned number of 64 bits.
    UInt,
    /// A point in time with milliseconds, UTC.
    Time,
    /// A day.
    Date,
    /// Yes or no.
    Bool,
    /// A list of texts.
    Texts,
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub of: ColumnType,
    /// What it means, for analysts.
    pub comment: &'static str,
}

/// How a table changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Rows are appended and stay.
    Facts,
    /// The newest row of a key holds: the one that was loaded last.
    Newest {
        /// The first so many columns are the key.
        key: usize,
    },
    /// Differences of a key are added up; a row whose sums are all 0 is not there.
    Totals {
        /// The first so many columns are the key; all others are [`ColumnType::Int`] and summed.
        key: usize,
    },
}

/// A table that analysts see under its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
    /// How it changes.
    pub shape: Shape,
    /// What it holds, for analysts.
    pub comment: &'static str,
}

impl Table {
    /// The columns of the key; none for facts.
    pub fn key(&self) -> &'static [Column] {
        match self.shape {
            Shape::Facts => &[],
            Shape::Newest { key } | Shape::Totals { key } => &self.columns[..key],
        }
    }
}

/// The values of a column, one a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Of [`ColumnType::Text`].
    Text(Vec<Option<smol_str::SmolStr>>),
    /// Of [`ColumnType::Int`]; of [`ColumnType::Time`] as ms and of [`ColumnType::Date`] as days since 1970.
    Int(Vec<Option<i64>>),
    /// Of [`ColumnType::UInt`].
    UInt(Vec<Option<u64>>),
    /// Of [`ColumnType::Bool`].
    Bool(Vec<Option<bool>>),
    /// Of [`ColumnType::Texts`].
    Texts(Vec<Vec<smol_str::SmolStr>>),
}

impl Values {
    /// No values for a column of that type.
    pub fn none_of(of: ColumnType) -> Self {
        match of {
            ColumnType::Text => Self::Text(Vec::new()),
            ColumnType::Int | ColumnType::Time | ColumnType::Date => Self::Int(Vec::new()),
            ColumnType::UInt => Self::UInt(Vec::new()),
            ColumnType::Bool => Self::Bool(Vec::new()),
            ColumnType::Texts => Self::Texts(Vec::new()),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Int(values) => values.len(),
            Self::UInt(values) => values.len(),
            Self::Bool(values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Rows of a table, column by column, all of one length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Columns(pub Vec<Values>);

impl Columns {
    /// No rows of these columns.
    pub fn none_of(columns: &[Column]) -> Self {
        Self(columns.iter().map(|column| Values::none_of(column.of)).collect())
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.0.first().map_or(0, Values::len)
    }
}

/// One step of a load. A table is named by what was declared.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Appends rows to a table of [`Shape::Facts`].
    Append {
        /// The table.
        table: &'static str,
        /// Values for all of its columns.
        rows: Columns,
    },
    /// Puts the newest rows of their keys; each key once.
    Replace {
        /// The table, of [`Shape::Newest`].
        table: &'static str,
        /// Values for all of its columns.
        rows: Columns,
    },
    /// Adds differences.
    Add {
        /// The table, of [`Shape::Totals`].
        table: &'static str,
        /// Values for all of its columns.
        rows: Columns,
    },
    /// Deletes every row that equals one of `matching` in these columns.
    Delete {
        /// The table, of [`Shape::Facts`] or [`Shape::Newest`].
        table: &'static str,
        /// The columns that are compared; none of them is null.
        by: &'static [&'static str],
        /// Their values.
        matching: Columns,
        /// Only rows whose [`ColumnType::UInt`] column of this name is below this number.
        below: Option<(&'static str, u64)>,
    },
}

/// The changes of one batch, made in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Load {
    /// The steps.
    pub steps: Vec<Step>,
}

/// Why a warehouse cannot be read or set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WarehouseError {
    /// A table is there with other columns, and the change is more than columns at the end.
    #[error("{0}")]
    Mismatch(String),
    /// It may go well later.
    #[error("the warehouse is not available: {0}")]
    Unavailable(String),
    /// What it stores is broken: where, and what to do.
    #[error("{0}")]
    Broken(String),
}

/// Tables for analysts, loaded from the log.
#[async_trait]
pub trait Warehouse: Send + Sync {
    /// Makes the tables that are not there and adds columns that are new at the end. Doing it again changes nothing.
    async fn declare(&self, tables: &'static [Table]) -> Result<(), WarehouseError>;

    /// How far the consumer of that name has got in each partition.
    async fn checkpoints(&self, consumer: &str, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError>;

    /// Makes the steps and the advance of the consumer's checkpoints visible together, or nothing. [`CommitError::Moved`] if
    /// a checkpoint does not stand where the advance begins. A query sees all of a load or none of it.
    async fn load(&self, consumer: &str, load: Load, advances: &[Advance]) -> Result<(), CommitError>;

    /// Reads a table of [`Shape::Facts`] whole, in chunks of at most `chunk` rows, ordered by its column `order_by`.
    async fn scan(
        &self,
        table: &'static str,
        order_by: &'static str,
        chunk: usize,
    ) -> Result<mpsc::Receiver<Result<Columns, WarehouseError>>, WarehouseError>;

    /// Empties tables of [`Shape::Newest`] and [`Shape::Totals`] before a rebuild, all or none.
    async fn clear(&self, tables: &[&'static str]) -> Result<(), WarehouseError>;

    /// Answers an analyst's question: one SELECT over the declared tables, which changes nothing and reaches nothing else.
    /// Dropping the answer cancels the query.
    async fn query(&self, query: Query) -> Result<Answer, QueryError>;

    /// The answer as a Parquet file: the rows up to the limit, and whether there are more.
    async fn export_parquet(&self, query: Query) -> Result<Export, QueryError>;
}
