//! Marts: the rows of touched keys are computed again from kept rows, found by key, and what differs is changed.
//!
//! Keys are touched by staged rows and by rows that ceased to be of the newest version of their message. A key with nothing left
//! is deleted. A row with a null in its key counts nowhere.

use playhead_ports::{Dialect, FieldType};

use super::condition::condition;
use super::loader::Loader;
use super::lock::lock_keys;
use super::settle::settle;
use super::stg::known;
use super::writer::{all, columns, equal, list, names, of, ordered, quoted, table as name_of};
use super::{tags, totals};
use crate::plan::system::{CONTENT, EVENT_TIME, IS_NEWEST, LOAD_TIME, MESSAGE, PLACE, VERSION};
use crate::plan::{Kind, Layer, OF_MART, TablePlan};
use crate::spec::{Mart, Measure};

/// The table with the touched keys of a mart.
pub(crate) fn touched(mart: &str) -> String {
    quoted(&format!("work_{mart}"))
}

/// The table with what the touched keys of a mart are to be.
pub(super) fn after(mart: &str) -> String {
    quoted(&format!("after_{mart}"))
}

/// The table with what the touched keys of a mart were.
pub(super) fn before(mart: &str) -> String {
    quoted(&format!("before_{mart}"))
}

/// Brings a mart up to date, with its tags.
pub(crate) fn load(loader: &mut Loader<'_>, table: &TablePlan) {
    let Some(mart) = loader.spec.mart.get(&table.name) else { return };
    if !is_touched(loader, mart) {
        return;
    }
    let name = &table.name;
    let (touch, compute) = match mart.from.strip_prefix(OF_MART) {
        Some(fine) => (totals::touch(name, mart, fine), totals::compute(loader, table, mart, fine)),
        None => (touch_rows(loader, name, mart), compute_rows(loader, table, mart)),
    };
    loader.push(table, "which keys are touched", touch);
    if loader.dialect == Dialect::Postgres {
        let sql = lock_keys(table, &format!("SELECT * FROM {}", touched(name)), mart.key.iter().map(String::as_str));
        loader.push(table, "one load of a key at a time", sql);
    }
    let has_totals = loader.plan.work.iter().any(|work| work.name == format!("before_{name}"));
    if has_totals {
        let sql = format!(
            "INSERT INTO {} ({}) SELECT {} FROM {} AS t JOIN {} AS w ON {}",
            before(name),
            names(all_of(table)),
            columns("t", all_of(table)),
            name_of(table),
            touched(name),
            equal("t", "w", &mart.key),
        );
        loader.push(table, "what they were", sql);
    }
    loader.push(
        table,
        "what they are to be",
        format!("INSERT INTO {} ({}) {compute}", after(name), names(all_of(table))),
    );
    for (about, sql) in settle(loader.dialect, table, &after(name), &touched(name)) {
        loader.push(table, about, sql);
    }
    let tag_tables = mart.tag.iter().filter_map(|(name, tag)| Some((loader.plan.table(Layer::Cdm, name)?, tag)));
    for (table, tag) in tag_tables.collect::<Vec<_>>() {
        tags::load(loader, table, tag, mart, name);
    }
}

/// Whether the batch brings along what the mart is made of.
fn is_touched(loader: &Loader<'_>, mart: &Mart) -> bool {
    match mart.from.strip_prefix(OF_MART) {
        Some(fine) => loader.spec.mart.get(fine).is_some_and(|fine| is_touched(loader, fine)),
        None => loader.is_staged(&format!("stage_{}", mart.from)) || loader.messages_of(&mart.from).is_some(),
    }
}

pub(super) fn all_of(table: &TablePlan) -> impl Iterator<Item = &str> {
    table.columns.iter().map(|column| column.name.as_str())
}

pub(super) fn key_is_there(alias: &str, mart: &Mart) -> String {
    all(mart.key.iter().map(|key| format!("{} IS NOT NULL", of(alias, key))))
}

fn touch_rows(loader: &Loader<'_>, name: &str, mart: &Mart) -> String {
    let mut parts = Vec::new();
    let stage = format!("stage_{}", mart.from);
    if loader.is_staged(&stage) {
        parts.push(format!(
            "SELECT {} FROM {} AS s WHERE {}",
            columns("s", &mart.key),
            quoted(&stage),
            key_is_there("s", mart)
        ));
    }
    if let (Some(source), Some(kept)) = (loader.messages_of(&mart.from), loader.plan.keeper(Kind::Rows, &mart.from)) {
        let (key, same) = (columns("r", &mart.key), all([equal("r", "k", [MESSAGE]), key_is_there("r", mart)]));
        let (kept, known) = (name_of(kept), known(source));
        parts.push(match loader.dialect {
            // The server does not know how few are known, and would read all that is kept.
            Dialect::Postgres => format!(
                "SELECT {key} FROM {known} AS k CROSS JOIN LATERAL (SELECT {key} FROM {kept} AS r WHERE {same} OFFSET 0) AS r"
            ),
            _ => format!("SELECT {key} FROM {kept} AS r JOIN {known} AS k ON {same}"),
        });
    }
    // UNION makes them distinct, and so does a single part.
    format!(
        "INSERT INTO {} ({}) SELECT DISTINCT * FROM ({}) AS t",
        touched(name),
        names(&mart.key),
        parts.join(" UNION ALL ")
    )
}

/// The table of rows `r` that a mart counts, and which of them count for a key `w`: those of the newest versions, as the mart's
/// conditions have it.
pub(super) fn counted(loader: &Loader<'_>, mart: &Mart) -> Option<(String, String)> {
    let kept = loader.plan.keeper(Kind::Rows, &mart.from)?;
    let conditions = mart.filter.iter().map(|one| condition("r", one));
    let own = [equal("r", "w", &mart.key), of("r", IS_NEWEST)];
    Some((name_of(kept), all(own.into_iter().chain(conditions))))
}

fn compute_rows(loader: &Loader<'_>, table: &TablePlan, mart: &Mart) -> String {
    let newest_first = [EVENT_TIME, LOAD_TIME, VERSION, MESSAGE, CONTENT, PLACE];
    let measures = mart.measures.iter().map(|(column, measure)| {
        let to = table.columns.iter().find(|found| found.name == *column).map_or(FieldType::Int, |found| found.of);
        format!("{} AS {}", measured(loader.dialect, measure, to, &newest_first), quoted(column))
    });
    let measures = list(measures);
    let (kept, condition) = counted(loader, mart).unwrap_or_default();
    let (touched, key) = (touched(&table.name), columns("r", &mart.key));
    match loader.dialect {
        // Key by key through the index: a join would read all that is kept, more of it with each load.
        Dialect::Postgres => format!(
            "SELECT {}, {} FROM {touched} AS w CROSS JOIN LATERAL \
             (SELECT {measures} FROM {kept} AS r WHERE {condition} HAVING COUNT(*) > 0) AS a",
            columns("w", &mart.key),
            columns("a", mart.measures.keys()),
        ),
        _ => format!("SELECT {key}, {measures} FROM {kept} AS r, {touched} AS w WHERE {condition} GROUP BY {key}"),
    }
}

/// A measure over the rows `r` of a key.
pub(super) fn measured(dialect: Dialect, measure: &Measure, to: FieldType, newest_first: &[&str]) -> String {
    let column = |column: &String| of("r", column);
    match measure {
        Measure::Count => "COUNT(*)".into(),
        Measure::CountDistinct(of) => format!("COUNT(DISTINCT {})", column(of)),
        Measure::Sum(of) => format!("CAST(SUM({}) AS {})", column(of), dialect.type_name(to)),
        Measure::Min(of) => format!("MIN({})", ordered(dialect, to, &column(of))),
        Measure::Max(of) => format!("MAX({})", ordered(dialect, to, &column(of))),
        Measure::Last(of_column) => {
            let order = list(newest_first.iter().map(|name| format!("{} DESC", of("r", name))));
            match dialect {
                Dialect::DuckDb => format!("FIRST({} ORDER BY {order})", column(of_column)),
                _ => format!("(ARRAY_AGG({} ORDER BY {order}))[1]", column(of_column)),
            }
        }
    }
}
