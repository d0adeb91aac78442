//! Marts: aggregations over row sets, with thresholds that give tags.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Condition;

/// A mart: one row a key.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mart {
    /// The set of rows that it is made of: of each message its newest version. Or `mart:NAME`, whose differences are added up.
    pub from: String,
    /// Which rows count: all of these conditions hold.
    #[serde(default, rename = "where")]
    pub filter: Vec<Condition>,
    /// The key.
    pub key: Vec<String>,
    /// The measures, by column.
    pub measures: BTreeMap<String, Measure>,
    /// Tables of tags that thresholds give, by table.
    #[serde(default)]
    pub tag: BTreeMap<String, Tag>,
    /// What it holds, for analysts.
    #[serde(default)]
    pub comment: String,
}

/// How rows of a key become one value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Measure {
    /// How many rows.
    Count,
    /// How many different values.
    CountDistinct(String),
    /// Their sum.
    Sum(String),
    /// The value of the newest event.
    Last(String),
    /// The least value.
    Min(String),
    /// The greatest value.
    Max(String),
}

/// Keys that have reached a threshold, each once, with the event time of the row that reached it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// The measure that counts: a `count` or `count_distinct`.
    pub measure: String,
    /// What it must reach.
    pub at_least: u64,
    /// Other thresholds for some values of a column of the key: the value to what it must reach.
    #[serde(default)]
    pub thresholds: BTreeMap<String, u64>,
    /// The column of the key that `thresholds` is by, and whose value is the tag.
    pub by: String,
}
