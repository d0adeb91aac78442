//! Tags: keys whose count has reached a threshold, with the event time of the row that reached it.
//!
//! Distinct values count from the event that had them first. A tag can go away: when a newer version of a message takes rows back.

use playhead_ports::Dialect;

use super::loader::Loader;
use super::mart::{after, counted, touched};
use super::settle::settle;
use super::writer::{columns, names, of, text};
use crate::plan::TablePlan;
use crate::plan::system::EVENT_TIME;
use crate::spec::{Mart, Measure, Tag};

pub(super) fn load(loader: &mut Loader<'_>, table: &TablePlan, tag: &Tag, mart: &Mart, mart_name: &str) {
    let Some(measure) = mart.measures.get(&tag.measure) else { return };
    let Some((kept, condition)) = counted(loader, mart) else { return };
    let all = || table.columns.iter().map(|column| column.name.as_str());
    let tag_text_of = |row: &str| format!("CAST({} AS text)", of(row, &tag.by));
    let threshold_of = |row: &str| threshold(loader.dialect, tag, &tag_text_of(row));
    // Keys whose count is less have no row that reached it.
    let enough = format!("{} >= {}", of("w", &tag.measure), threshold_of("w"));
    let keys = after(mart_name);
    let numbered = if loader.dialect == Dialect::Postgres {
        let events = events(measure, "", &format!("{kept} AS r WHERE {condition}"));
        format!(
            "SELECT {}, e.at, e.reached FROM {keys} AS w CROSS JOIN LATERAL \
             (SELECT x.at, ROW_NUMBER() OVER (ORDER BY x.at) AS reached FROM ({events}) AS x) AS e WHERE {enough}",
            columns("w", &mart.key)
        )
    } else {
        let key = format!("{}, ", columns("r", &mart.key));
        let events = events(measure, &key, &format!("{kept} AS r, {keys} AS w WHERE {enough} AND {condition}"));
        format!(
            "SELECT e.*, ROW_NUMBER() OVER (PARTITION BY {} ORDER BY e.at) AS reached FROM ({events}) AS e",
            columns("e", &mart.key)
        )
    };
    let (tag_text, threshold) = (tag_text_of("n"), threshold_of("n"));
    let sql = format!(
        "INSERT INTO {} ({}) SELECT {}, {tag_text}, {threshold}, n.at FROM ({numbered}) AS n WHERE n.reached = {threshold}",
        after(&table.name),
        names(all()),
        columns("n", &mart.key),
    );
    loader.push(table, "which tags the touched keys have", sql);
    for (about, sql) in settle(loader.dialect, table, &after(&table.name), &touched(mart_name)) {
        loader.push(table, about, sql);
    }
}

/// When each thing happened that counts, by key if there is one.
fn events(measure: &Measure, key: &str, counted: &str) -> String {
    let event_time = of("r", EVENT_TIME);
    match measure {
        Measure::CountDistinct(column) => {
            let column = of("r", column);
            format!(
                "SELECT {key}MIN({event_time}) AS at FROM {counted} AND {column} IS NOT NULL GROUP BY {key}{column}"
            )
        }
        _ => format!("SELECT {key}{event_time} AS at FROM {counted}"),
    }
}

fn threshold(dialect: Dialect, tag: &Tag, tag_text: &str) -> String {
    let int = dialect.type_name(playhead_ports::FieldType::Int);
    if tag.thresholds.is_empty() {
        return format!("CAST({} AS {int})", tag.at_least);
    }
    let cases = tag.thresholds.iter().map(|(value, least)| format!("WHEN {tag_text} = {} THEN {least}", text(value)));
    let cases = cases.collect::<Vec<_>>().join(" ");
    format!("CAST(CASE {cases} ELSE {} END AS {int})", tag.at_least)
}
