//! Status tracking satellites. Each load time in a batch is a full load: what it does not have is gone since.
//!
//! Loads not newer than the newest that is known change nothing: they were taken before, or come too late to be told apart from that.

use super::loader::Loader;
use super::snapshot::{column_names, hash_literal, one_at_a_time, rows, type_of};
use super::writer::{names, of, quoted, table as name_of};
use crate::hash;
use crate::plan::{TablePlan, status_name};
use crate::spec::TrackingSatellite;

pub(super) fn load(loader: &mut Loader<'_>, table: &TablePlan) {
    let feeds = loader.feeds(table);
    let Some(of_spec) = loader.spec.status_tracking_satellite.get(&table.name) else { return };
    if feeds.is_empty() {
        return;
    }
    let names_of_all = &loader.spec.pipeline.names;
    let (pk, load, source) = (table.columns[0].name.as_str(), &names_of_all.load_time, &names_of_all.record_source);
    let rows = rows(&feeds, &[pk, load, source], &[pk], |_, _| String::new());
    let steps = steps(table, [pk, load, source], &is_there(of_spec), &rows);
    let told = if of_spec.active.is_some() {
        active(table, [pk, load, source], &steps)
    } else {
        statuses(loader, table, of_spec, [pk, load, source], &steps)
    };
    one_at_a_time(loader, table);
    loader.push(table, "keys that appear and go", told);
}

/// Whether the newest row of a key says that it is there.
fn is_there(of_spec: &TrackingSatellite) -> String {
    match &of_spec.active {
        Some(active) => format!("{} = 1", quoted(active)),
        None => format!("{} <> 'D'", quoted(status_name(of_spec))),
    }
}

/// For each key and load whether the key is in it (`_here`) and was in the one before (`_was`), where one of these is so.
fn steps(table: &TablePlan, [pk, load, source]: [&str; 3], is_there: &str, rows: &str) -> String {
    let (name, pk, load, source) = (name_of(table), quoted(pk), quoted(load), quoted(source));
    format!(
        "s AS (SELECT {pk}, {load}, MIN({source}) AS {source} FROM ({rows}) AS x \
         WHERE NOT EXISTS (SELECT 1 FROM {name} AS t WHERE t.{load} >= x.{load}) GROUP BY {pk}, {load}), \
         l AS (SELECT DISTINCT {load} FROM s), \
         r AS (SELECT * FROM (SELECT t.*, ROW_NUMBER() OVER (PARTITION BY t.{pk} ORDER BY t.{load} DESC) AS \"_n\" \
         FROM {name} AS t) AS x WHERE \"_n\" = 1 AND {is_there}), \
         k AS (SELECT {pk} FROM s UNION SELECT {pk} FROM r), \
         g AS (SELECT k.{pk}, l.{load}, s.{source} AS \"_source\", r.{source} AS \"_first_source\", \
         s.{pk} IS NOT NULL AS \"_here\", r.{pk} IS NOT NULL AS \"_began\" \
         FROM k CROSS JOIN l LEFT JOIN s ON s.{pk} = k.{pk} AND s.{load} = l.{load} LEFT JOIN r ON r.{pk} = k.{pk}), \
         w AS (SELECT g.*, COALESCE(LAG(\"_here\") OVER (PARTITION BY {pk} ORDER BY {load}), \"_began\") AS \"_was\", \
         COALESCE(LAG(\"_source\") OVER (PARTITION BY {pk} ORDER BY {load}), \"_first_source\") AS \"_source_before\" FROM g)"
    )
}

/// A row where a key appears, and one where it goes.
fn active(table: &TablePlan, [pk, load, _]: [&str; 3], steps: &str) -> String {
    format!(
        "INSERT INTO {name} ({all}) WITH {steps} SELECT {pk}, {load}, \"_source\", CASE WHEN \"_here\" THEN 1 ELSE 0 END \
         FROM w WHERE \"_here\" <> \"_was\"",
        name = name_of(table),
        all = names(column_names(table)),
        pk = quoted(pk),
        load = quoted(load),
    )
}

/// A row wherever the status of a key changes.
fn statuses(
    loader: &Loader<'_>,
    table: &TablePlan,
    of_spec: &TrackingSatellite,
    [pk, load, _]: [&str; 3],
    steps: &str,
) -> String {
    let pk = quoted(pk);
    let hashes = of_spec.hashdiff.as_ref().map(|column| {
        let hash = |status: &str| {
            let digest = hash::diff(&loader.spec.vault, &[Some(status)]);
            hash_literal(loader.dialect, type_of(table, column), digest.as_bytes())
        };
        format!(", CASE \"_status\" WHEN 'I' THEN {} WHEN 'U' THEN {} ELSE {} END", hash("I"), hash("U"), hash("D"))
    });
    let newest = of("r", status_name(of_spec));
    format!(
        "INSERT INTO {name} ({all}) WITH {steps}, \
         u AS (SELECT w.*, CASE WHEN \"_here\" AND NOT \"_was\" THEN 'I' WHEN \"_here\" THEN 'U' WHEN \"_was\" THEN 'D' END \
         AS \"_status\" FROM w), \
         v AS (SELECT u.*, COALESCE(LAG(\"_status\") OVER (PARTITION BY u.{pk} ORDER BY u.{load}), {newest}, '') \
         AS \"_before\" FROM u LEFT JOIN r ON r.{pk} = u.{pk}) \
         SELECT {pk}, {load}, CASE WHEN \"_status\" = 'D' THEN \"_source_before\" ELSE \"_source\" END, \"_status\"{hashes} \
         FROM v WHERE \"_status\" IS NOT NULL AND NOT (\"_status\" = 'U' AND \"_before\" = 'U')",
        name = name_of(table),
        all = names(column_names(table)),
        load = quoted(load),
        hashes = hashes.unwrap_or_default(),
    )
}
