//! Settings of recent positions.

use serde::{Deserialize, Serialize};

/// How much may be held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The most entries before writers must wait for the fold. An entry of several plays counts once for each, so that this
    /// bounds memory: about 700 bytes each with ids like UUIDs, 280 MB in all by default. A few thousand are usual.
    pub entries_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { entries_max: 400_000 }
    }
}
