//! Record tracking satellites: each key once for each load and source that it appeared in.

use super::loader::Loader;
use super::snapshot::{column_names, one_at_a_time, rows};
use super::writer::{list, names, of, quoted, table as name_of, text};
use crate::plan::{FeedPlan, TablePlan};

pub(super) fn load(loader: &mut Loader<'_>, table: &TablePlan) {
    let feeds = loader.feeds(table);
    let Some(of_spec) = loader.spec.record_tracking_satellite.get(&table.name) else { return };
    if feeds.is_empty() {
        return;
    }
    let names_of_all = &loader.spec.pipeline.names;
    let pk = table.columns[0].name.as_str();
    let rows_name = of_spec.rows.as_deref();
    let upper = |feed: &FeedPlan, _: &str| text(&feed.rows.to_uppercase());
    let rows = rows(&feeds, &column_names(table), &[pk], upper);
    let appearance = [pk, &names_of_all.load_time, &names_of_all.record_source].into_iter().chain(rows_name);
    let sql = insert_new(table, &appearance.collect::<Vec<_>>(), &rows);
    one_at_a_time(loader, table);
    loader.push(table, "appearances", sql);
}

/// One row each that is not there, by these columns; the last ones may be null.
pub(super) fn insert_new(table: &TablePlan, told_apart_by: &[&str], rows: &str) -> String {
    let (name, all) = (name_of(table), column_names(table));
    let is_nullable = |name: &str| table.columns.iter().any(|column| column.name == name && column.nullable);
    let same = told_apart_by.iter().map(|column| {
        let equal = if is_nullable(column) { "IS NOT DISTINCT FROM" } else { "=" };
        format!("{} {equal} {}", of("t", column), of("s", column))
    });
    format!(
        "INSERT INTO {name} ({all}) SELECT {all} FROM (SELECT s.*, ROW_NUMBER() OVER (PARTITION BY {by} ORDER BY {order}) \
         AS \"_n\" FROM ({rows}) AS s WHERE NOT EXISTS (SELECT 1 FROM {name} AS t WHERE {same})) AS x WHERE \"_n\" = 1",
        by = list(told_apart_by.iter().map(|column| quoted(column))),
        order = names(&all),
        all = names(&all),
        same = same.collect::<Vec<_>>().join(" AND "),
    )
}
