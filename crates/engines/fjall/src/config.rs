//! Settings of the store.

use serde::{Deserialize, Serialize};

const MIB: u64 = 1 << 20;

/// How much memory and disk may be used.
///
/// By default it takes about 200 MiB of memory when it is busy: the cache, and for each of the two databases a memtable that
/// is filled and one or two that are being written out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Memory for blocks that were read, of both databases: three quarters for positions.
    pub cache_bytes: u64,
    /// A memtable is written out once it is this large. It is fixed when the store is made.
    pub memtable_bytes: u64,
    /// Writes are refused while the disk has less than this free, so that what runs behind them has space to end.
    pub reserve_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { cache_bytes: 128 * MIB, memtable_bytes: 16 * MIB, reserve_bytes: 128 * MIB }
    }
}

/// The settings of one database.
#[derive(Debug, Clone)]
pub(crate) struct ShelfConfig {
    pub(crate) cache_bytes: u64,
    pub(crate) memtable_bytes: u64,
    pub(crate) reserve_bytes: u64,
}

impl Config {
    pub(crate) fn positions(&self) -> ShelfConfig {
        self.with_cache(self.cache_bytes / 4 * 3)
    }

    pub(crate) fn working(&self) -> ShelfConfig {
        self.with_cache(self.cache_bytes / 4)
    }

    pub(crate) fn dictionaries(&self) -> ShelfConfig {
        self.with_cache(self.cache_bytes / 4)
    }

    fn with_cache(&self, cache_bytes: u64) -> ShelfConfig {
        ShelfConfig { cache_bytes, memtable_bytes: self.memtable_bytes, reserve_bytes: self.reserve_bytes }
    }
}
