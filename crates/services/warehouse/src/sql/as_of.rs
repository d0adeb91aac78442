//! What PIT and bridge tables share: the dates they are asked for, and how a table is made what a query says.

use super::loader::Loader;
use super::snapshot::column_names;
use super::writer::{all, columns, equal, names, of, quoted, table as name_of};
use crate::plan::{Layer, TablePlan};
use crate::spec::{AsOf, Mode, Timeline};

/// Which time is held against the dates: that column.
pub(super) fn time_of<'a>(loader: &Loader<'a>, by: Option<Timeline>, table: &TablePlan) -> &'a str {
    let names = &loader.spec.pipeline.names;
    let default = if loader.spec.vault.mode == Mode::Safe { Timeline::Event } else { Timeline::Load };
    let has_event_time = table.columns.iter().any(|column| column.name == names.event_time);
    match by.unwrap_or(default) {
        Timeline::Event if has_event_time => &names.event_time,
        _ => &names.load_time,
    }
}

/// The dates, as `_date`: those that the load brings or the table has; a load that brings none leaves them as they are.
pub(super) fn dates(loader: &Loader<'_>, table: &TablePlan, as_of: &AsOf, date: &str) -> String {
    let (name, own) = (name_of(table), quoted(date));
    let kept = format!("SELECT DISTINCT {own} AS \"_date\" FROM {name}");
    if let Some(from) = as_of.table() {
        let from = loader.plan.table(Layer::Dds, from).map_or_else(|| quoted(from), name_of);
        let column = quoted(&as_of.column);
        return format!(
            "SELECT DISTINCT CAST({column} AS timestamp) AS \"_date\" FROM {from} WHERE {column} IS NOT NULL"
        );
    }
    match table.feeds.first().filter(|feed| loader.is_staged(&feed.stage)) {
        Some(feed) => {
            let (stage, field) = (quoted(&feed.stage), quoted(feed.field(date)));
            format!(
                "SELECT DISTINCT CAST({field} AS timestamp) AS \"_date\" FROM {stage} WHERE {field} IS NOT NULL \
                 UNION {kept} WHERE NOT EXISTS (SELECT 1 FROM {stage})"
            )
        }
        None => kept,
    }
}

/// Whether a load may change the table: it brings the dates, or rows of one of these tables.
pub(super) fn is_touched(loader: &Loader<'_>, table: &TablePlan, made_of: &[&TablePlan]) -> bool {
    made_of.iter().chain([&table]).any(|of| !loader.feeds(of).is_empty())
}

/// Makes the table what the query says: rows that are not there are inserted, those that it does not say are deleted. In this order,
/// because the query may ask the table for its dates.
pub(super) fn refresh(loader: &mut Loader<'_>, table: &TablePlan, wanted: &str) {
    let (name, all_columns) = (name_of(table), column_names(table));
    let (nullable, told_apart): (Vec<_>, Vec<_>) = table.columns.iter().partition(|column| column.nullable);
    let same = |left: &str, right: &str| {
        let keys = told_apart.iter().map(|column| &column.name);
        let rest = nullable.iter().map(|column| &column.name);
        let rest = rest.map(|column| format!("{} IS NOT DISTINCT FROM {}", of(left, column), of(right, column)));
        all([equal(left, right, keys)].into_iter().chain(rest))
    };
    let delete =
        format!("DELETE FROM {name} AS t WHERE NOT EXISTS (SELECT 1 FROM ({wanted}) AS w WHERE {})", same("w", "t"));
    let insert = format!(
        "INSERT INTO {name} ({}) SELECT {} FROM ({wanted}) AS w WHERE NOT EXISTS (SELECT 1 FROM {name} AS t WHERE {})",
        names(&all_columns),
        columns("w", &all_columns),
        same("w", "t"),
    );
    loader.push(table, "what holds", insert);
    loader.push(table, "what holds no more", delete);
}
