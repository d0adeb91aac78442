//! Settings of recent positions.

use serde::{Deserialize, Serialize};

/// How much may be held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The most entries before writers must wait for the fold. An entry of several plays counts once for each, so that this
    /// bounds memory: about 500 bytes each.
    pub entries_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { entries_max: 400_000 }
    }
}
