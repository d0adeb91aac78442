//! The whole of a spec, its sources and the row sets made of their messages.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Bridge, Column, EffectivitySatellite, ExtendedTrackingSatellite, Hub, Link, Mart, MultiActiveSatellite, Pit,
    Reference, Satellite, TrackingSatellite, TransactionalLink,
};

/// A stream, from its messages to its marts.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// What the stream is.
    pub pipeline: Pipeline,
    /// How keys and versions are made.
    #[serde(default)]
    pub vault: VaultRules,
    /// Where messages come from, by name.
    pub source: BTreeMap<String, Source>,
    /// What ids mean, by name.
    #[serde(default)]
    pub dictionary: BTreeMap<String, Dictionary>,
    /// Sets of rows made of messages, by name. Each source is one by itself: a row a message, under its own name.
    #[serde(default)]
    pub rows: BTreeMap<String, Rows>,
    /// Hubs, by table.
    #[serde(default)]
    pub hub: BTreeMap<String, Hub>,
    /// Links, by table.
    #[serde(default)]
    pub link: BTreeMap<String, Link>,
    /// Links whose rows never change: transactions, by table.
    #[serde(default)]
    pub transactional_link: BTreeMap<String, TransactionalLink>,
    /// Satellites, by table.
    #[serde(default)]
    pub satellite: BTreeMap<String, Satellite>,
    /// Satellites with a set of rows at a time, by table.
    #[serde(default)]
    pub multi_active_satellite: BTreeMap<String, MultiActiveSatellite>,
    /// Satellites that tell when a link holds, by table.
    #[serde(default)]
    pub effectivity_satellite: BTreeMap<String, EffectivitySatellite>,
    /// Satellites that tell in which loads a key appeared, by table.
    #[serde(default)]
    pub record_tracking_satellite: BTreeMap<String, TrackingSatellite>,
    /// Satellites that tell which keys a full load no longer has, by table.
    #[serde(default)]
    pub status_tracking_satellite: BTreeMap<String, TrackingSatellite>,
    /// Extended tracking satellites, by table.
    #[serde(default)]
    pub extended_tracking_satellite: BTreeMap<String, ExtendedTrackingSatellite>,
    /// Same-as links, by table: two keys of one hub that mean one thing.
    #[serde(default)]
    pub same_as_link: BTreeMap<String, Link>,
    /// Hierarchical links, by table: two keys of one hub, parent and child.
    #[serde(default)]
    pub hierarchical_link: BTreeMap<String, Link>,
    /// Reference tables, by table.
    #[serde(default)]
    pub reference: BTreeMap<String, Reference>,
    /// Point-in-time tables, by table.
    #[serde(default)]
    pub pit: BTreeMap<String, Pit>,
    /// Bridges, by table.
    #[serde(default)]
    pub bridge: BTreeMap<String, Bridge>,
    /// Marts, by table.
    #[serde(default)]
    pub mart: BTreeMap<String, Mart>,
}

/// What the stream is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// Its name: the consumer's name, and what its own tables begin with. 1 to 40 characters of `[a-z0-9_]`, a letter first.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Schemas of the layers.
    #[serde(default)]
    pub schemas: Layers,
    /// Names of the columns that every table has.
    #[serde(default)]
    pub names: Names,
}

/// Schemas of the layers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Layers {
    /// Messages as they came.
    pub stg: String,
    /// The vault.
    pub dds: String,
    /// Marts.
    pub cdm: String,
}

impl Default for Layers {
    fn default() -> Self {
        Self { stg: "stg".into(), dds: "dds".into(), cdm: "cdm".into() }
    }
}

/// Names of the columns that every table has.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Names {
    /// When the row was loaded.
    pub load_time: String,
    /// Where it came from.
    pub record_source: String,
    /// When it happened; in satellites of stream kinds, where it holds from.
    pub event_time: String,
}

impl Default for Names {
    fn default() -> Self {
        Self { load_time: "load_dt".into(), record_source: "load_src".into(), event_time: "event_time".into() }
    }
}

/// How keys and versions are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VaultRules {
    /// The rules of hashing, and of what counts as a version.
    pub mode: Mode,
    /// The hash.
    pub algorithm: Algorithm,
    /// How hashes are stored.
    pub store: HashStore,
    /// Whether values keep their case in hashes of the mode `automate_dv`; the mode `safe` always keeps it.
    pub keep_case: bool,
}

/// The rules of hashing, and of what counts as a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Lengths in front of values, so that no two different keys can collide; case kept. Versions are a function of the
    /// messages, whatever the order they arrive in.
    #[default]
    Safe,
    /// As AutomateDV does it: values as text, trimmed, upper-cased, nothing as `^^`, joined by `||`. Versions follow the loads.
    AutomateDv,
}

/// A hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// 16 bytes.
    Md5,
    /// 32 bytes.
    #[default]
    Sha256,
}

/// How hashes are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HashStore {
    /// As bytes.
    #[default]
    Binary,
    /// As hexadecimal text in upper case.
    Text,
}

/// Where messages come from: a topic, or rows that are staged already; without either, files that `playhead warehouse load`
/// reads, a message a line. The newest version of each message is kept in a table of STG under the source's name, all versions
/// in another one with `_history` behind it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// A topic of the log.
    #[serde(default)]
    pub topic: Option<String>,
    /// Rows that are staged already: they are not kept in STG, and columns that the vault would hash are taken as they are.
    #[serde(default)]
    pub staged: bool,
    /// How many loads a file of staged rows is.
    #[serde(default)]
    pub loads: Loads,
    /// How a message is written.
    #[serde(default)]
    pub format: Format,
    /// Which messages are taken: all of these conditions hold. What is not taken is not kept, either.
    #[serde(default, rename = "where")]
    pub filter: Vec<Condition>,
    /// The longest message, bytes; 8 MiB by default.
    #[serde(default)]
    pub bytes_max: Option<usize>,
    /// Columns that the table of STG has besides the identity, in this order.
    #[serde(default)]
    pub keep: Vec<String>,
    /// The columns that identify a message: of two with the same values the greater `version` is the newer one.
    #[serde(default)]
    pub identity: Vec<String>,
    /// The column that orders versions of a message; without it, the order of arrival.
    #[serde(default)]
    pub version: Option<String>,
    /// The column that tells when it happened; without it, when it was received.
    #[serde(default)]
    pub event_time: Option<String>,
    /// The column that is the load time; without it, the time of the batch.
    #[serde(default)]
    pub load_time: Option<String>,
    /// The column that is the record source; without it, the topic's or file's name.
    #[serde(default)]
    pub record_source: Option<String>,
    /// The columns of a message, by name.
    pub columns: BTreeMap<String, Column>,
}

impl Source {
    /// The column that has the user of Playhead's own events, if it reads one.
    pub(crate) fn user_column(&self) -> Option<&str> {
        self.watch_column("user_id")
    }

    /// The column that has the video of Playhead's own events, if it reads one.
    pub(crate) fn video_column(&self) -> Option<&str> {
        self.watch_column("video_id")
    }

    fn watch_column(&self, field: &str) -> Option<&str> {
        let reads = |(name, column): &(&String, &Column)| {
            let is_read = column.lookup.is_none() && column.derive.is_none();
            is_read && column.path.as_ref().unwrap_or(name) == field
        };
        let is_watch = self.format == Format::Watch && !self.staged;
        self.columns.iter().find(reads).filter(|_| is_watch).map(|(name, _)| name.as_str())
    }
}

/// How many loads a file of staged rows is. Several are taken one after the other in order of time, each in a transaction of its
/// own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Loads {
    /// One, whatever load times its rows have.
    #[default]
    One,
    /// One for each load time.
    Time,
    /// One for each hour of load times.
    Hour,
    /// One for each day.
    Day,
    /// One for each month.
    Month,
    /// One for each year.
    Year,
}

/// How a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A JSON object.
    #[default]
    Json,
    /// Playhead's own watch events.
    Watch,
}

/// What ids mean.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dictionary {
    /// The field of an entry that is its id.
    pub id: String,
    /// A topic of changes; without it, `playhead dict load` fills it.
    #[serde(default)]
    pub topic: Option<String>,
    /// What becomes of a record whose id it does not know.
    #[serde(default)]
    pub on_miss: Miss,
    /// How long a record waits for an id, s.
    #[serde(default = "wait_s")]
    pub wait_s: u64,
}

fn wait_s() -> u64 {
    3_600
}

/// What becomes of a record whose id a dictionary does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Miss {
    /// It waits until the dictionary learns the id, and is a dead letter after the deadline.
    #[default]
    Wait,
    /// The looked-up columns are null.
    Null,
}

/// A set of rows made of a source's messages.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// The source, or another set of rows. Its columns are inherited.
    pub from: String,
    /// The path of an array in the message: a row for each of its elements, to which the paths of `columns` are relative.
    #[serde(default)]
    pub each: Option<String>,
    /// Which rows are taken: all of these conditions hold.
    #[serde(default, rename = "where")]
    pub filter: Vec<Condition>,
    /// Whether a message whose array has no element that is taken makes one row all the same, with nothing in these columns: so
    /// that a set which has become empty ends the one before it.
    #[serde(default)]
    pub or_nothing: bool,
    /// The columns that tell the rows of one message apart: a message with two of the same values is rejected.
    #[serde(default)]
    pub unique: Vec<String>,
    /// Further columns, by name.
    #[serde(default)]
    pub columns: BTreeMap<String, Column>,
}

/// A condition on a column. Exactly one of the others is given.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The column.
    pub column: String,
    /// It has this value, as text.
    #[serde(default)]
    pub equals: Option<String>,
    /// It has another value than this, as text, or none.
    #[serde(default)]
    pub not: Option<String>,
    /// It has one of these values, as text.
    #[serde(default, rename = "in")]
    pub one_of: Option<Vec<String>>,
    /// Whether it has none.
    #[serde(default)]
    pub null: Option<bool>,
    /// It is at least this number.
    #[serde(default)]
    pub at_least: Option<f64>,
    /// It is at most this number.
    #[serde(default)]
    pub at_most: Option<f64>,
}
