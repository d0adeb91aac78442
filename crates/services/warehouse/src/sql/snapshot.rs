//! What tables that are loaded load by load share: one load at a time, rows of feeds, times without end.

use playhead_ports::{Dialect, FieldType};

use super::loader::Loader;
use super::writer::{all, list, quoted, table as name_of};
use crate::plan::{ColumnPlan, FeedPlan, TablePlan};
use crate::spec::Algorithm;

/// Loads of the table come one after the other, whoever loads: what a load changes depends on all that is there.
pub(super) fn one_at_a_time(loader: &mut Loader<'_>, table: &TablePlan) {
    if loader.dialect != Dialect::DuckDb {
        let sql = format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", name_of(table));
        loader.push(table, "one load at a time", sql);
    }
}

/// The rows of the feeds that have all of these keys, under the table's names of the columns. What a feed has no field for is
/// what `otherwise` says.
pub(super) fn rows(
    feeds: &[&FeedPlan],
    columns: &[&str],
    keys: &[&str],
    otherwise: impl Fn(&FeedPlan, &str) -> String,
) -> String {
    let select = |feed: &&FeedPlan| {
        let value = |column: &str| feed.fields.get(column).map(|field| quoted(field));
        let named = |column: &&str| {
            format!("{} AS {}", value(column).unwrap_or_else(|| otherwise(feed, column)), quoted(column))
        };
        let has = |key: &&str| format!("{} IS NOT NULL", quoted(feed.field(key)));
        let (columns, has_keys) = (list(columns.iter().map(named)), all(keys.iter().map(has)));
        format!("SELECT {columns} FROM {} WHERE {has_keys}", quoted(&feed.stage))
    };
    feeds.iter().map(select).collect::<Vec<_>>().join(" UNION ALL ")
}

/// The names of the table's columns.
pub(super) fn column_names(table: &TablePlan) -> Vec<&str> {
    table.columns.iter().map(|column| column.name.as_str()).collect()
}

/// The type of a column.
pub(super) fn type_of(table: &TablePlan, name: &str) -> FieldType {
    let is_it = |column: &&ColumnPlan| column.name == name;
    table.columns.iter().find(is_it).map_or(FieldType::Text, |column| column.of)
}

/// The greatest time, which stands where something has no end.
pub(super) fn without_end(of: FieldType) -> &'static str {
    match of {
        FieldType::Date => "DATE '9999-12-31'",
        FieldType::Time => "TIMESTAMP '9999-12-31 23:59:59.999999'",
        _ => "'9999-12-31 23:59:59.999999'",
    }
}

/// Whether an end is the greatest time, however exactly it is written.
pub(super) fn is_open(of: FieldType, end: &str) -> String {
    match of {
        FieldType::Date | FieldType::Time => format!("CAST({end} AS date) >= DATE '9999-12-31'"),
        _ => format!("LEFT(CAST({end} AS varchar), 10) = '9999-12-31'"),
    }
}

/// When nothing is said yet: the time of ghost records.
pub(super) const GHOST_TIME: &str = "TIMESTAMP '1900-01-01 00:00:00'";

/// The length of a hash.
pub(super) fn hash_bytes(loader: &Loader<'_>) -> usize {
    match loader.spec.vault.algorithm {
        Algorithm::Md5 => 16,
        Algorithm::Sha256 => 32,
    }
}

/// The value as the type of a column that it does not come from.
pub(super) fn cast(dialect: Dialect, of: FieldType, value: &str) -> String {
    format!("CAST({value} AS {})", dialect.type_name(of))
}

/// A hash as a value of that type.
pub(super) fn hash_literal(dialect: Dialect, of: FieldType, hash: &[u8]) -> String {
    if of != FieldType::Bytes {
        let digits: String = hash.iter().map(|byte| format!("{byte:02X}")).collect();
        return format!("'{digits}'");
    }
    if dialect == Dialect::DuckDb {
        let bytes: String = hash.iter().map(|byte| format!("\\x{byte:02X}")).collect();
        return format!("CAST('{bytes}' AS BLOB)");
    }
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("CAST('\\x{digits}' AS bytea)")
}
