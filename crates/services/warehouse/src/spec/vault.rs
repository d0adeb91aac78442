//! Tables of a Data Vault.
//!
//! Where a table names the hash columns of its rows, a row set that has a column of that very name gives the hash itself; else it
//! is computed from the business key.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::flat::{FlatMultiActiveSatellite, FlatTransactionalLink};

/// Where the rows of a table come from: a set of rows, and where columns are named otherwise there, how.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
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
    /// The order in which all that the hash key is made of is hashed: all names of `keys`, and those of `dependent`. By default
    /// the keys in the order of their names, then what is dependent.
    #[serde(default)]
    pub order: Vec<String>,
    /// Further columns, as they were first seen.
    #[serde(default)]
    pub extra: Vec<String>,
}

impl Link {
    /// The names of keys and dependent columns in the order in which they are hashed.
    pub fn hashed(&self) -> Vec<&String> {
        let by_default = self.keys.keys().chain(&self.dependent);
        let rest = by_default.filter(|name| !self.order.contains(name));
        self.order.iter().chain(rest).collect()
    }
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
#[serde(from = "FlatTransactionalLink", into = "FlatTransactionalLink")]
pub struct TransactionalLink {
    /// The link.
    pub link: Link,
    /// The transaction's values.
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
    /// The column that tells from when a row holds, where that is not the event time. It makes no version; in mode `automate_dv` it
    /// orders rows of one load time, and a ghost record has a time there.
    #[serde(default)]
    pub effective: Option<String>,
    /// Further columns that make no version.
    #[serde(default)]
    pub extra: Vec<String>,
    /// A row of nothing for keys that are not known, so that joins find one.
    #[serde(default)]
    pub ghost: bool,
}

pub(super) fn hashdiff() -> String {
    "hashdiff".into()
}

/// A multi-active satellite: the versions of a set of rows that describe a key together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(from = "FlatMultiActiveSatellite", into = "FlatMultiActiveSatellite")]
pub struct MultiActiveSatellite {
    /// The satellite.
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
    /// The foreign hash keys of the link that have one relation at a time; the others change.
    pub driving: Vec<String>,
    /// The column that a relation begins with. Where the rows have none of that name, it begins when they hold from.
    pub start: String,
    /// The column that it ends with; the rows may have it, and it is the greatest time while the relation holds.
    pub end: String,
    /// The column that tells from when a row holds: of that name in the rows, else when it happened. The column of the
    /// event time by default.
    #[serde(default)]
    pub effective: Option<String>,
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
    /// The column of the status (`I`, `U` or `D`); of status tracking alone, `status` by default.
    #[serde(default)]
    pub status: Option<String>,
    /// The column of the status' hash; of status tracking alone, none by default.
    #[serde(default)]
    pub hashdiff: Option<String>,
    /// A column with 1 from the load that a key appeared in and 0 from the first one without it, in place of the status; of
    /// status tracking alone.
    #[serde(default)]
    pub active: Option<String>,
    /// The column with the name of the set of rows, in upper case; of record tracking alone, none by default.
    #[serde(default)]
    pub rows: Option<String>,
    /// Further columns; of record tracking alone.
    #[serde(default)]
    pub extra: Vec<String>,
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
    /// The name of the column with the satellite's hashdiff.
    #[serde(default = "hashdiff")]
    pub hashdiff: String,
    /// Further columns.
    #[serde(default)]
    pub extra: Vec<String>,
}

fn satellite_name() -> String {
    "satellite_name".into()
}

/// A reference table: one row a code, or with `history` all versions. Of a code's values the newest stay, in the mode
/// `automate_dv` the first ones.
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
    /// The name of the hashdiff; of a table with history alone.
    #[serde(default = "hashdiff")]
    pub hashdiff: String,
}

/// A point-in-time table: for each key and as-of date, the versions of its satellites that held. It is always what the
/// hub and the satellites say: dates that are no longer asked for are gone from it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pit {
    /// The hub or link.
    pub hub: String,
    /// The satellites.
    pub satellites: Vec<String>,
    /// The dates.
    pub as_of: AsOf,
    /// The name of the column of the dates.
    #[serde(default = "as_of_date")]
    pub date: String,
    /// The names of the columns that point to the key of a version: `{satellite}` stands for the satellite's table.
    #[serde(default = "satellite_pk")]
    pub key_name: String,
    /// The names of the columns that point to the time of a version.
    #[serde(default = "satellite_ldts")]
    pub time_name: String,
    /// Which time of a version is held against the dates. The event time by default, in the mode `automate_dv` the load time.
    #[serde(default)]
    pub by: Option<Timeline>,
    /// What stands where a key has no version yet: a key of zeros and the time 1900-01-01, or nothing.
    #[serde(default = "yes")]
    pub ghost: bool,
}

fn as_of_date() -> String {
    "as_of_date".into()
}

fn satellite_pk() -> String {
    "{satellite}_pk".into()
}

fn satellite_ldts() -> String {
    "{satellite}_ldts".into()
}

/// A time of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Timeline {
    /// When it happened: what was true at the date.
    Event,
    /// When it was loaded: what was known at the date.
    Load,
}

/// The dates that a snapshot is taken at.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AsOf {
    /// The staged source, each load of which has all the dates; a load without it leaves those that have rows in the table. Or
    /// a table of the vault, as `table:NAME`.
    pub rows: String,
    /// Its column.
    pub column: String,
}

impl AsOf {
    /// The table of the vault that has the dates, if no source brings them.
    pub fn table(&self) -> Option<&str> {
        self.rows.strip_prefix("table:")
    }
}

/// A bridge: for each as-of date, the ways along links from a hub that were open. It is always what the hub and the links
/// say: dates that are no longer asked for are gone from it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bridge {
    /// The hub that the ways begin at.
    pub hub: String,
    /// The links, one after the other.
    pub walk: Vec<Walk>,
    /// The dates.
    pub as_of: AsOf,
    /// The name of the column of the dates.
    #[serde(default = "as_of_date")]
    pub date: String,
    /// Which time is held against the dates. The event time by default, in the mode `automate_dv` the load time.
    #[serde(default)]
    pub by: Option<Timeline>,
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
    /// The name of the column with the link's hash key; the name of the link and `_pk` by default.
    #[serde(default)]
    pub name: Option<String>,
}
