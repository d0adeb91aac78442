//! Marts over other marts. Counts and sums get the difference that the touched rows make, so that a key of a million rows costs
//! no more than one of ten; what cannot be added up is computed again from the rows of the touched keys.

use playhead_ports::FieldType;

use super::condition::condition;
use super::loader::Loader;
use super::mart::{after, all_of, before, key_is_there, measured, touched};
use super::writer::{all, columns, equal, list, names, of, quoted, table as name_of};
use crate::plan::system::ROWS;
use crate::plan::{Layer, TablePlan};
use crate::spec::{Mart, Measure};

pub(super) fn touch(name: &str, mart: &Mart, fine: &str) -> String {
    let part = |table: String| {
        format!("SELECT {} FROM {table} AS f WHERE {}", columns("f", &mart.key), key_is_there("f", mart))
    };
    let parts = [part(before(fine)), part(after(fine))].join(" UNION ");
    format!("INSERT INTO {} ({}) {parts}", touched(name), names(&mart.key))
}

pub(super) fn compute(loader: &Loader<'_>, table: &TablePlan, mart: &Mart, fine: &str) -> String {
    let conditions = all(mart.filter.iter().map(|one| condition("r", one)));
    if mart.adds_up() {
        differences(loader, table, mart, fine, &conditions)
    } else {
        anew(loader, table, mart, fine, &conditions)
    }
}

fn anew(loader: &Loader<'_>, table: &TablePlan, mart: &Mart, fine: &str, conditions: &str) -> String {
    let measure = |column: &str| match mart.measures.get(column) {
        Some(measure) => measured(loader.dialect, measure, type_of(table, column), &[]),
        None => of("r", column),
    };
    let from = loader.plan.table(Layer::Cdm, fine).map(name_of).unwrap_or_default();
    format!(
        "SELECT {} FROM {from} AS r JOIN {} AS w ON {} WHERE {conditions} GROUP BY {}",
        list(all_of(table).map(measure)),
        touched(&table.name),
        equal("r", "w", &mart.key),
        columns("r", &mart.key),
    )
}

/// What is held, and what the touched rows are, less what they were.
fn differences(loader: &Loader<'_>, table: &TablePlan, mart: &Mart, fine: &str, conditions: &str) -> String {
    let value = |column: &str| match mart.measures.get(column) {
        Some(Measure::Sum(summed)) => format!("COALESCE({}, 0)", of("r", summed)),
        Some(_) => "1".into(),
        None if column == ROWS => "1".into(),
        None => of("r", column),
    };
    let is_key = |column: &str| mart.key.iter().any(|key| key == column);
    let part = |from: String, sign: &str| {
        let signed = |column: &str| match value(column) {
            value if is_key(column) => value,
            value => format!("{sign}{value} AS {}", quoted(column)),
        };
        let columns = list(all_of(table).map(signed));
        format!("SELECT {columns} FROM {from} AS r WHERE {} AND {conditions}", key_is_there("r", mart))
    };
    let held = format!(
        "SELECT {} FROM {} AS t JOIN {} AS w ON {}",
        columns("t", all_of(table)),
        name_of(table),
        touched(&table.name),
        equal("t", "w", &mart.key),
    );
    let sum = |column: &str| match is_key(column) {
        true => of("d", column),
        false => format!("CAST(SUM({}) AS {})", of("d", column), loader.dialect.type_name(type_of(table, column))),
    };
    format!(
        "SELECT {} FROM ({held} UNION ALL {} UNION ALL {}) AS d GROUP BY {} HAVING SUM({}) <> 0",
        list(all_of(table).map(sum)),
        part(after(fine), ""),
        part(before(fine), "-"),
        columns("d", &mart.key),
        of("d", ROWS),
    )
}

fn type_of(table: &TablePlan, column: &str) -> FieldType {
    table.columns.iter().find(|found| found.name == column).map_or(FieldType::Int, |found| found.of)
}
