//! The settings of the warehouse. Each key says its unit; what is not given has a default that suits one machine.

use serde::{Deserialize, Serialize};

/// Settings of the embedded warehouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Memory that loads and queries share, in bytes. A query that needs more fails; a load stops the queries instead.
    pub memory_max_bytes: u64,
    /// Threads that work on loads and queries; 0 is one for each core.
    pub threads: usize,
    /// Disk that large sorts and joins may use for a while, in bytes.
    pub temp_max_bytes: u64,
    /// By how many bytes the process may grow while queries run. Some aggregates take memory that the engine does not
    /// count; when they pass this, all running queries are stopped.
    pub query_growth_max_bytes: u64,
    /// Queries that may run at once; one more is told to come again.
    pub queries_max: usize,
    /// The longest statement, in bytes.
    pub sql_max_bytes: usize,
    /// The largest exported file, in bytes.
    pub export_max_bytes: u64,
    /// How often the tail of each table is folded into its main table, in ms.
    pub fold_every_ms: u64,
    /// Rows in a tail after which it is folded without waiting.
    pub fold_rows: u64,
    /// The size of the write-ahead log, in bytes, at which a checkpoint is made though queries must wait for it.
    /// While a backup is made, 16 times as much (1 GiB by default): then the backup begins again.
    pub wal_max_bytes: u64,
    /// How long such a checkpoint lets running queries end before it stops them, in ms.
    pub checkpoint_wait_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            memory_max_bytes: 1 << 30,
            threads: 0,
            temp_max_bytes: 4 << 30,
            query_growth_max_bytes: 3 << 29,
            queries_max: 4,
            sql_max_bytes: 64 << 10,
            export_max_bytes: 256 << 20,
            fold_every_ms: 30_000,
            fold_rows: 200_000,
            wal_max_bytes: 64 << 20,
            checkpoint_wait_ms: 2_000,
        }
    }
}

impl Config {
    /// The threads that are really used.
    pub(crate) fn threads_used(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
            given => given,
        }
    }
}
