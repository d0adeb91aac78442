//! Reference tables.
//!
//! Without history a code has one row: in mode `safe` of the newest event, in mode `automate_dv` of the load that had it first.
//! With history it has a row for each version: one that says the same as the version before it is none.

use playhead_ports::Dialect;

use super::loader::Loader;
use super::snapshot::{column_names, one_at_a_time, rows, type_of};
use super::writer::{all, columns, equal, list, names, of, ordered, quoted, table as name_of};
use crate::plan::TablePlan;
use crate::spec::Reference;

pub(super) fn load(loader: &mut Loader<'_>, table: &TablePlan) {
    let feeds = loader.feeds(table);
    let Some(of_spec) = loader.spec.reference.get(&table.name) else { return };
    if feeds.is_empty() {
        return;
    }
    let key: Vec<&str> = of_spec.key.iter().map(String::as_str).collect();
    let rows = rows(&feeds, &column_names(table), &key, |_, _| "NULL".into());
    let view = View::new(loader, table, of_spec, rows);
    let statements = match (of_spec.history, loader.is_safe()) {
        (true, _) => vec![("versions of codes", view.versions())],
        (false, true) => vec![("newer values", view.newer()), ("new codes", view.new_codes(" DESC"))],
        (false, false) => vec![("new codes", view.new_codes(""))],
    };
    one_at_a_time(loader, table);
    for (about, sql) in statements {
        loader.push(table, about, sql);
    }
}

struct View<'a> {
    dialect: Dialect,
    name: String,
    table: &'a TablePlan,
    of_spec: &'a Reference,
    all: Vec<&'a str>,
    /// What orders rows of a code in time.
    times: Vec<&'a str>,
    rows: String,
}

impl<'a> View<'a> {
    fn new(loader: &Loader<'a>, table: &'a TablePlan, of_spec: &'a Reference, rows: String) -> Self {
        let names = &loader.spec.pipeline.names;
        let event_time = loader.is_safe().then_some(names.event_time.as_str());
        let times = event_time.into_iter().chain([names.load_time.as_str()]).collect();
        let all = column_names(table);
        Self { dialect: loader.dialect, name: name_of(table), table, of_spec, all, times, rows }
    }

    /// The times, then all else that rows of a code may differ in.
    fn order(&self, direction: &str) -> String {
        let is_rest =
            |column: &&&str| !self.times.contains(*column) && !self.of_spec.key.iter().any(|key| key == **column);
        let rest = self.all.iter().filter(is_rest).copied();
        let by = |column: &str| ordered(self.dialect, type_of(self.table, column), &quoted(column));
        let times = self.times.iter().map(|column| format!("{}{direction}", by(column)));
        list(times.chain(rest.map(|column| format!("{} NULLS LAST", by(column)))))
    }

    /// One row a code of the load: the first in that direction.
    fn one_each(&self, direction: &str) -> String {
        let all = names(&self.all);
        format!(
            "SELECT {all} FROM (SELECT x.*, ROW_NUMBER() OVER (PARTITION BY {} ORDER BY {}) AS \"_n\" FROM ({}) AS x) AS y \
             WHERE \"_n\" = 1",
            names(&self.of_spec.key),
            self.order(direction),
            self.rows,
        )
    }

    fn new_codes(&self, direction: &str) -> String {
        format!(
            "INSERT INTO {name} ({all}) SELECT {selected} FROM ({rows}) AS s \
             WHERE NOT EXISTS (SELECT 1 FROM {name} AS t WHERE {same})",
            name = self.name,
            all = names(&self.all),
            selected = columns("s", &self.all),
            rows = self.one_each(direction),
            same = equal("t", "s", &self.of_spec.key),
        )
    }

    fn newer(&self) -> String {
        let set = self.all.iter().filter(|column| !self.of_spec.key.iter().any(|key| key == **column));
        let set = set.map(|column| format!("{} = {}", quoted(column), of("s", column)));
        let time = |alias: &str| list(self.times.iter().map(|column| of(alias, column)));
        format!(
            "UPDATE {} AS t SET {} FROM ({}) AS s WHERE {} AND ({}) > ({})",
            self.name,
            list(set),
            self.one_each(" DESC"),
            equal("t", "s", &self.of_spec.key),
            time("s"),
            time("t"),
        )
    }

    /// Rows that differ from the one before them, of the load or of the table. A version that is there is not taken again.
    fn versions(&self) -> String {
        let Self { name, times, of_spec, rows, .. } = self;
        let (diff, all_names) = (quoted(&of_spec.hashdiff), names(&self.all));
        let is_there = [equal("t", "y", &of_spec.key), equal("t", "y", times), format!("t.{diff} = y.{diff}")];
        format!(
            "INSERT INTO {name} ({all_names}) WITH s AS ({rows}) SELECT {all_names} FROM (SELECT x.*, \
             LAG({diff}) OVER (PARTITION BY {key} ORDER BY {times}, \"_new\", {order}) AS \"_before\" FROM \
             (SELECT {all_names}, 1 AS \"_new\" FROM s UNION ALL SELECT {all_names}, 0 FROM {name} AS t \
             WHERE EXISTS (SELECT 1 FROM s WHERE {same})) AS x) AS y \
             WHERE \"_new\" = 1 AND {diff} IS DISTINCT FROM \"_before\" AND NOT EXISTS (SELECT 1 FROM {name} AS t WHERE {is_there})",
            key = names(&of_spec.key),
            times = names(times),
            order = self.order(""),
            same = equal("t", "s", &of_spec.key),
            is_there = all(is_there),
        )
    }
}
