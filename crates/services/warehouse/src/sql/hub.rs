//! Hubs, links and transactional links: each key once, as it was first seen.
//!
//! In mode `safe` first is the least (event time, load time, record source, further columns), whatever the order of arrival: a row
//! that comes late takes the place of the one that is there. In mode `automate_dv` first is the load that had it first.

use playhead_ports::{Dialect, FieldType};

use super::loader::Loader;
use super::writer::{all as all_of, before, columns, list, names, of, ordered, quoted, staged, table as name_of};
use crate::plan::{ColumnPlan, FeedPlan, TablePlan};

pub(crate) fn load(loader: &mut Loader<'_>, table: &TablePlan) {
    let feeds = loader.feeds(table);
    if feeds.is_empty() {
        return;
    }
    let pk = table.columns[0].name.as_str();
    let all: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let is_loaded = |feed: &FeedPlan| {
        all_of(keys_of(table, feed).into_iter().map(|key| format!("{} IS NOT NULL", quoted(feed.field(key)))))
    };
    let rows = staged(&feeds, &all, is_loaded);
    if table.unique.is_empty() {
        lock(loader, table);
        loader.push(table, "new transactions", distinct_rows(table, pk, &rows));
        return;
    }
    let order = order(loader, table, pk);
    let first = first(loader.dialect, pk, &all, &order, &rows);
    match (loader.dialect, loader.is_safe()) {
        (Dialect::Postgres, true) => loader.push(table, "new and earlier keys", upsert(table, pk, &order, &first)),
        (Dialect::Postgres, false) => {
            let sql = format!("{} ON CONFLICT DO NOTHING", insert(table, pk, &first));
            loader.push(table, "new keys", sql);
        }
        (dialect, is_safe) => {
            if is_safe {
                loader.push(table, "earlier keys", update(dialect, table, pk, &order, &first));
            }
            loader.push(table, "new keys", insert(table, pk, &first));
        }
    }
}

/// Rows of the same key come one at a time where nothing else keeps them apart.
fn lock(loader: &mut Loader<'_>, table: &TablePlan) {
    if loader.dialect != Dialect::DuckDb {
        let sql = format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", name_of(table));
        loader.push(table, "one load at a time", sql);
    }
}

/// The hash keys of the row: one that is null is not loaded.
fn keys_of<'a>(table: &'a TablePlan, feed: &FeedPlan) -> Vec<&'a str> {
    let is_key = |column: &&ColumnPlan| !column.nullable && !feed.is_system(&column.name);
    table.columns.iter().filter(is_key).map(|column| column.name.as_str()).collect()
}

/// What decides which row of a key is first: the times, the source, then all else that rows of a key may differ in.
fn order(loader: &Loader<'_>, table: &TablePlan, pk: &str) -> Vec<(String, FieldType, bool)> {
    let names = &loader.spec.pipeline.names;
    let times = [&names.event_time, &names.load_time, &names.record_source];
    let skipped = usize::from(!loader.is_safe());
    let rest = table.columns.iter().map(|column| &column.name).filter(|name| *name != pk && !times.contains(name));
    let ordered = times.into_iter().skip(skipped).chain(rest);
    let found = ordered.filter_map(|name| table.columns.iter().find(|column| column.name == *name));
    found.map(|column| (column.name.clone(), column.of, column.nullable)).collect()
}

/// The first row of each key among the staged ones.
fn first(dialect: Dialect, pk: &str, all: &[&str], order: &[(String, FieldType, bool)], rows: &str) -> String {
    let by = order.iter().map(|(name, kind, _)| ordered(dialect, *kind, &of("s", name)));
    let key = of("s", pk);
    format!("SELECT DISTINCT ON ({key}) {} FROM ({rows}) AS s ORDER BY {key}, {}", columns("s", all), list(by))
}

/// New keys, in order, so that loaders that meet wait for one another instead of locking each other out.
fn insert(table: &TablePlan, pk: &str, first: &str) -> String {
    let all = || table.columns.iter().map(|column| column.name.as_str());
    let (name, key) = (name_of(table), quoted(pk));
    format!(
        "INSERT INTO {name} ({}) SELECT {} FROM ({first}) AS f \
         WHERE NOT EXISTS (SELECT 1 FROM {name} AS h WHERE h.{key} = f.{key}) ORDER BY f.{key}",
        names(all()),
        columns("f", all()),
    )
}

/// Earlier rows take the place of those that are there.
fn update(dialect: Dialect, table: &TablePlan, pk: &str, order: &[(String, FieldType, bool)], first: &str) -> String {
    let (name, key) = (name_of(table), quoted(pk));
    let set = table.columns.iter().filter(|column| column.name != pk);
    let set = set.map(|column| format!("{} = {}", quoted(&column.name), of("f", &column.name)));
    format!(
        "UPDATE {name} AS h SET {} FROM ({first}) AS f WHERE h.{key} = f.{key} AND {}",
        list(set),
        before(dialect, "f", "h", order),
    )
}

/// Both at once, whoever else inserts the same keys meanwhile. Rows that are there already are left alone: not even locked.
fn upsert(table: &TablePlan, pk: &str, order: &[(String, FieldType, bool)], first: &str) -> String {
    let all = || table.columns.iter().map(|column| column.name.as_str());
    let (name, key) = (name_of(table), quoted(pk));
    let set = all().filter(|column| *column != pk).map(|column| format!("{0} = EXCLUDED.{0}", quoted(column)));
    format!(
        "INSERT INTO {name} AS h ({}) SELECT {} FROM ({first}) AS f LEFT JOIN {name} AS k ON k.{key} = f.{key} \
         WHERE k.{key} IS NULL OR {} ORDER BY f.{key} ON CONFLICT ({key}) DO UPDATE SET {} WHERE {}",
        names(all()),
        columns("f", all()),
        before(Dialect::Postgres, "f", "k", order),
        list(set),
        before(Dialect::Postgres, "EXCLUDED", "h", order),
    )
}

/// Every different row of keys that are not there.
fn distinct_rows(table: &TablePlan, pk: &str, rows: &str) -> String {
    let all = || table.columns.iter().map(|column| column.name.as_str());
    let (name, key) = (name_of(table), quoted(pk));
    format!(
        "INSERT INTO {name} ({}) SELECT DISTINCT {} FROM ({rows}) AS f \
         WHERE NOT EXISTS (SELECT 1 FROM {name} AS h WHERE h.{key} = f.{key})",
        names(all()),
        columns("f", all()),
    )
}
