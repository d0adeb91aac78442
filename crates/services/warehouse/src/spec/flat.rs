//! How kinds that build on another kind are written: all fields side by side, so that an unknown one is seen.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::vault::hashdiff;
use super::{Feed, Link, LinkedHub, MultiActiveSatellite, Satellite, TransactionalLink};

/// A non-historised link: each transaction once, with its payload.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FlatTransactionalLink {
    /// Where rows come from.
    from: Vec<Feed>,
    /// The name of the hash key; the table's name and `_pk` by default.
    #[serde(default)]
    hash_key: Option<String>,
    /// The related hubs: the name of the foreign hash key, to the hub's table and the columns of its business key.
    keys: BTreeMap<String, LinkedHub>,
    /// Columns that are part of the relation's identity without being a hub's key.
    #[serde(default)]
    dependent: Vec<String>,
    /// The order in which all that the hash key is made of is hashed: all names of `keys`, and those of `dependent`. By default
    /// the keys in the order of their names, then what is dependent.
    #[serde(default)]
    order: Vec<String>,
    /// Further columns, as they were first seen.
    #[serde(default)]
    extra: Vec<String>,
    /// The transaction's values.
    #[serde(default)]
    payload: Vec<String>,
}

impl From<FlatTransactionalLink> for TransactionalLink {
    fn from(flat: FlatTransactionalLink) -> Self {
        let FlatTransactionalLink { from, hash_key, keys, dependent, order, extra, payload } = flat;
        Self { link: Link { from, hash_key, keys, dependent, order, extra }, payload }
    }
}

impl From<TransactionalLink> for FlatTransactionalLink {
    fn from(of: TransactionalLink) -> Self {
        let TransactionalLink { link: Link { from, hash_key, keys, dependent, order, extra }, payload } = of;
        Self { from, hash_key, keys, dependent, order, extra, payload }
    }
}

/// A multi-active satellite: the versions of a set of rows that describe a key together.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FlatMultiActiveSatellite {
    /// Where rows come from.
    from: Vec<Feed>,
    /// The hub or link that it describes.
    parent: String,
    /// The columns of the parent's business key in the rows; the parent's own names by default.
    #[serde(default)]
    key: Vec<String>,
    /// What tells the rows of a set apart.
    child_key: Vec<String>,
    /// What describes it.
    payload: Vec<String>,
    /// The name of the hashdiff.
    #[serde(default = "hashdiff")]
    hashdiff: String,
    /// The column that tells from when a row holds, where that is not the event time. It makes no version; in mode `automate_dv` it
    /// orders rows of one load time, and a ghost record has a time there.
    #[serde(default)]
    effective: Option<String>,
    /// Further columns that make no version.
    #[serde(default)]
    extra: Vec<String>,
    /// A row of nothing for keys that are not known, so that joins find one.
    #[serde(default)]
    ghost: bool,
}

impl From<FlatMultiActiveSatellite> for MultiActiveSatellite {
    fn from(flat: FlatMultiActiveSatellite) -> Self {
        let FlatMultiActiveSatellite { from, parent, key, child_key, payload, hashdiff, effective, extra, ghost } =
            flat;
        Self { satellite: Satellite { from, parent, key, payload, hashdiff, effective, extra, ghost }, child_key }
    }
}

impl From<MultiActiveSatellite> for FlatMultiActiveSatellite {
    fn from(of: MultiActiveSatellite) -> Self {
        let MultiActiveSatellite { satellite, child_key } = of;
        let Satellite { from, parent, key, payload, hashdiff, effective, extra, ghost } = satellite;
        Self { from, parent, key, child_key, payload, hashdiff, effective, extra, ghost }
    }
}
