//! The parts of a plan. They hold no SQL: a dialect writes it from them.

use playhead_ports::{Field, FieldType};

/// A layer of the warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Messages as they came, and what is kept beside them.
    Stg,
    /// The vault.
    Dds,
    /// Marts.
    Cdm,
}

/// What a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the field's own terms")]
pub enum Kind {
    Messages,
    History,
    Rows,
    Pins,
    Waiting,
    Rejects,
    Hub,
    Link,
    TransactionalLink,
    Satellite,
    MultiActiveSatellite,
    EffectivitySatellite,
    RecordTrackingSatellite,
    StatusTrackingSatellite,
    ExtendedTrackingSatellite,
    SameAsLink,
    HierarchicalLink,
    Reference,
    Pit,
    Bridge,
    Mart,
    Tags,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnPlan {
    /// Its name.
    pub name: String,
    /// Its type.
    pub of: FieldType,
    /// Whether it may be null.
    pub nullable: bool,
    /// What it means, for analysts.
    pub comment: String,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePlan {
    /// Its layer.
    pub layer: Layer,
    /// What it is.
    pub kind: Kind,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its columns in order.
    pub columns: Vec<ColumnPlan>,
    /// The columns that no two rows share; none if any may repeat.
    pub unique: Vec<String>,
    /// Columns that rows are found by besides.
    pub indexes: Vec<Vec<String>>,
    /// What it holds, for analysts.
    pub comment: String,
}

/// Where a staged field's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A column of the row set.
    Column(String),
    /// The hash key of these columns, in this order. Null where the key is not to be loaded (all of it is null).
    HashKey(Vec<Vec<String>>),
    /// The hashdiff of these columns, ordered as the mode wants it.
    Hashdiff(Vec<String>),
    /// When it happened.
    EventTime,
    /// When it is loaded.
    LoadTime,
    /// Where it comes from.
    RecordSource,
    /// Which message it is of: its hash, the same at every replay.
    Message,
    /// Its place among the rows of its message, from 0.
    Place,
    /// A number that orders versions of one message: greater is newer.
    Version,
}

/// A field of a staged row set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageField {
    /// Its name and type.
    pub field: Field,
    /// Where its value comes from.
    pub origin: Origin,
}

/// The temporary table that a batch's rows of one row set are staged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagePlan {
    /// The row set.
    pub rows: String,
    /// The name of the temporary table.
    pub name: String,
    /// Its fields.
    pub fields: Vec<StageField>,
}
