//! Tables of a Data Vault.
//!
//! Where a table names the hash columns of its rows, a row set that has a column of that very name gives the hash itself; else it
//! is computed from the business key.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the rows of a table come from: a set of rows, and where columns are named otherwise there, how.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Feed {
    /// A set of rows with the table's own column names.
    Rows(String),
    /// A set of rows with other column names.
    Renamed {
        /// The set of rows.
        rows: String,
        /// A column of the table to a column of the rows.
        columns: BTreeMap<String, String>,
    },
}

/// A hub: each business key once, with when and where it was seen first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hub {
    /// Where rows come from.
    pub from: Vec<Feed>,
    /// The business key.
    pub key: Vec<String>,
    /// The name of the hash key; the table's name and `_pk` by default.
    #[serde(default)]
    pub hash_key: Option<String>,
    /// Further columns, as they were first seen.
    #[serde(default)]
    pub extra: Vec<String>,
}

/// A link: each relation of keys once.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Where rows come from.
    pub from: Vec<Feed>,
    /// The name of the hash key; the table's name and `_pk` by default.
    #[serde(default)]
    pub hash_key: Option<String>,
    /// The related hubs: the name of the foreign hash key, to the hub's table and the columns of its business key.
    pub keys: BTreeMap<String, LinkedHub>,
    /// Columns that are part of the relation's identity without being a hub's key.
    #[serde(default)]
    pub dependent: Vec<String>,
    /// Further columns, as they were first seen.
    #[serde(default)]
    pub extra: Vec<String>,
}

/// A hub that a link relates.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkedHub {
    /// The hub's table.
    pub hub: String,
    /// The columns of its business key in the rows; the hub's own names by default.
    #[serde(default)]
    pub key: Vec<String>,
}

/// A non-historised link: each transaction once, with its payload.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransactionalLink {
    /// The link.
    #[serde(flatten)]
    pub link: Link,
    /// The transaction's values.
    #[serde(default)]
    pub payload: Vec<String>,
}

/// A satellite: the versions of what describes a key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Satellite {
    /// Where rows come from.
    pub from: Vec<Feed>,
    /// The hub or link that it describes.
    pub parent: String,
    /// The columns of the parent's business key in the rows; the parent's own names by default.
    #[serde(default)]
    pub key: Vec<String>,
    /// What describes it.
    pub payload: Vec<String>,
    /// The name of the hashdiff.
    #[serde(default = "hashdiff")]
    pub hashdiff: String,
    /// Further columns that make no version.
    #[serde(default)]
    pub extra: Vec<String>,
    /// A row of nothing for keys that are not known, so that joins find one.
    #[serde(default)]
    pub ghost: bool,
}

fn hashdiff() -> String {
    "hashdiff".into()
}

/// A multi-active satellite: the versions of a set of rows that describe a key together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MultiActiveSatellite {
    /// The satellite.
    #[serde(flatten)]
    pub satellite: Satellite,
    /// What tells the rows of a set apart.
    pub child_key: Vec<String>,
}

/// An effectivity satellite: from when until when a relation of a link holds, where a driving key has one at a time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EffectivitySatellite {
    /// Where rows come from.
    pub from: Vec<Feed>,
    /// The link.
    pub parent: String,
    /// The foreign hash keys of the link that have one relation at a time.
    pub driving: Vec<String>,
    /// The column that a relation begins with.
    pub start: String,
    /// The column that it ends with; the rows may have it, and it is the greatest time while it holds.
    pub end: String,
    /// Whether a new relation of the driving key ends the one before; else ends come with the rows.
    #[serde(default = "yes")]
    pub ends_by_itself: bool,
    /// Further columns.
    #[serde(default)]
    pub extra: Vec<String>,
}

fn yes() -> bool {
    true
}

/// A tracking satellite of a hub or link.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrackingSatellite {
    /// Where rows come from.
    pub from: Vec<Feed>,
    /// The hub or link.
    pub parent: String,
    /// The columns of the parent's business key in the rows; the parent's own names by default.
    #[serde(default)]
    pub key: Vec<String>,
    /// The column of the status (`I`, `U` or `D`); of status tracking alone.
    #[serde(default)]
    pub status: Option<String>,
}

/// An extended tracking satellite: which version of which satellite came with which load.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendedTrackingSatellite {
    /// The hub or link.
    pub parent: String,
    /// The satellites that are tracked.
    pub satellites: Vec<String>,
    /// The name of the column with the satellite's name.
    #[serde(default = "satellite_name")]
    pub satellite_name: String,
}

fn satellite_name() -> String {
    "satellite_name".into()
}

/// A reference table: the newest values of a code, or with `history` all versions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Where rows come from.
    pub from: Vec<Feed>,
    /// The code.
    pub key: Vec<String>,
    /// Its values.
    #[serde(default)]
    pub payload: Vec<String>,
    /// Whether older versions stay.
    #[serde(default)]
    pub history: bool,
}

/// A point-in-time table: for each key and as-of date, the versions of its satellites that held.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pit {
    /// The hub.
    pub hub: String,
    /// The satellites.
    pub satellites: Vec<String>,
    /// A table of as-of dates, or a staged source.
    pub as_of: AsOf,
}

/// The dates that a snapshot is taken at.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AsOf {
    /// The table or row set.
    pub rows: String,
    /// Its column.
    pub column: String,
}

/// A bridge: for each as-of date, the ways along links from a hub.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bridge {
    /// The hub that the ways begin at.
    pub hub: String,
    /// The links, one after the other.
    pub walk: Vec<Walk>,
    /// The dates.
    pub as_of: AsOf,
}

/// One step of a bridge.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Walk {
    /// The link.
    pub link: String,
    /// Its effectivity satellite, if it has one.
    #[serde(default)]
    pub effectivity: Option<String>,
    /// The foreign hash key that the way comes from.
    pub enters: String,
    /// The foreign hash key that it goes to.
    pub leaves: String,
}
