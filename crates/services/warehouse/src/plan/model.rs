//! The parts of a plan. They hold no SQL: a dialect writes it from them.

use std::collections::BTreeMap;

use playhead_ports::{Field, FieldType, Staged};

use super::system;
use crate::spec::Mode;

/// What follows from a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The pipeline's name.
    pub pipeline: String,
    /// The rules of hashing and versions.
    pub mode: Mode,
    /// The tables, in the order in which they are loaded.
    pub tables: Vec<TablePlan>,
    /// The temporary tables that a batch may bring along filled.
    pub stages: Vec<StagePlan>,
    /// The temporary tables that every load brings along empty: its statements note in them what they have found.
    pub work: Vec<StagePlan>,
}

impl Plan {
    /// The table of that name, if the plan has it.
    pub fn table(&self, layer: Layer, name: &str) -> Option<&TablePlan> {
        self.tables.iter().find(|table| table.layer == layer && table.name == name)
    }

    /// The table of that kind that keeps the rows or messages of a source or row set.
    pub fn keeper(&self, kind: Kind, rows: &str) -> Option<&TablePlan> {
        self.tables.iter().find(|table| table.kind == kind && table.feeds.first().is_some_and(|feed| feed.rows == rows))
    }

    /// The temporary table that holds what is of that sort.
    pub fn stage(&self, of: StageOf, rows: &str) -> Option<&StagePlan> {
        self.stages.iter().find(|stage| stage.of == of && stage.rows == rows)
    }

    /// The empty tables that every load brings along.
    pub fn work_tables(&self) -> Vec<Staged> {
        self.work.iter().map(StagePlan::empty).collect()
    }
}

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
    /// Where its rows come from.
    pub feeds: Vec<FeedPlan>,
    /// What it holds, for analysts.
    pub comment: String,
}

/// Where rows of a table come from: a row set, and which staged field each column is filled from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPlan {
    /// The row set.
    pub rows: String,
    /// The temporary table that a batch's rows of it are staged in.
    pub stage: String,
    /// A column of the table to a field of the stage.
    pub fields: BTreeMap<String, String>,
}

impl FeedPlan {
    /// The staged field that fills the column: of the same name where nothing else is said.
    pub fn field<'a>(&'a self, column: &'a str) -> &'a str {
        self.fields.get(column).map_or(column, String::as_str)
    }

    /// Whether the column is filled from a system field.
    pub fn is_system(&self, column: &str) -> bool {
        [system::EVENT_TIME, system::LOAD_TIME, system::RECORD_SOURCE, system::VERSION, system::SET]
            .contains(&self.field(column))
    }
}

/// Where a staged field's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A column of the row set.
    Column(String),
    /// The hash key of these columns, in this order. Null where the key is not to be loaded: all of it is null, or in mode
    /// `safe` all of one of its groups.
    HashKey(Vec<Vec<String>>),
    /// The hashdiff of these columns, ordered as the mode wants it.
    Hashdiff(Vec<String>),
    /// The hash of a set: of the distinct values of the staged field `diff`, in order, over the rows of the same message that
    /// have the same staged field `key`. Null where the key is.
    SetHash {
        /// The field with the hash key.
        key: String,
        /// The field with the hashdiff.
        diff: String,
    },
    /// When it happened.
    EventTime,
    /// When it is loaded.
    LoadTime,
    /// Where it comes from.
    RecordSource,
    /// Which message it is of: its hash, the same at every replay.
    Message,
    /// The hash of the message's bytes.
    Content,
    /// Its place among the rows of its message, from 0.
    Place,
    /// A number that orders versions of one message: greater is newer.
    Version,
    /// The message's bytes, as they came.
    Payload,
    /// The message's headers, as a JSON object.
    Headers,
    /// The topic that the message lies in, or the file.
    Topic,
    /// The partition that the message lies in.
    Partition,
    /// The message's offset, or line.
    Offset,
    /// What its name says, in pins, waiting messages and rejects.
    Named,
}

/// A field of a staged row set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageField {
    /// Its name and type.
    pub field: Field,
    /// Where its value comes from.
    pub origin: Origin,
}

/// What a temporary table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StageOf {
    /// The messages of a source, one a row: `message_<source>`.
    Messages,
    /// Rows of a row set: `stage_<rows>`.
    Rows,
    /// What dictionaries said of messages seen for the first time: `pins`.
    Pins,
    /// Messages that wait for a dictionary: `waiting`.
    Waiting,
    /// Messages that are not loaded: `rejects`.
    Rejects,
    /// What statements have found: `work_...`.
    Work,
}

/// A temporary table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagePlan {
    /// What it holds.
    pub of: StageOf,
    /// The source or row set; empty if it is of all.
    pub rows: String,
    /// Its name.
    pub name: String,
    /// Its fields.
    pub fields: Vec<StageField>,
}

impl StagePlan {
    /// The table without rows.
    pub fn empty(&self) -> Staged {
        Staged::none_of(&self.name, self.fields.iter().map(|field| field.field.clone()).collect())
    }
}
