//! Locks of PostgreSQL that keep loaders of the same keys apart: taken in order, so that none waits for one that waits for it.
//!
//! Keys share 64 locks a table: a lock a key would exhaust the server's table of locks.

use super::writer::{list, of, table as name_of};
use crate::plan::{TablePlan, hash_of};

/// Locks the keys that `rows` has, until the load ends.
pub(super) fn lock_keys<'a>(table: &TablePlan, rows: &str, key: impl Iterator<Item = &'a str>) -> String {
    let class = hash_of(&name_of(table)).cast_signed();
    let key = list(key.map(|column| format!("CAST({} AS text)", of("k", column))));
    format!(
        "SELECT pg_advisory_xact_lock({class}, b.bucket) FROM (SELECT DISTINCT hashtext(concat_ws('|', {key})) & 63 AS bucket \
         FROM ({rows}) AS k ORDER BY 1 OFFSET 0) AS b"
    )
}
