//! Marts and their tags.

use playhead_ports::FieldType;

use super::columns::conditions;
use super::names::named;
use super::sources::known;
use super::{Columns, Desk};
use crate::spec::{Mart, Measure, Tag};

/// What a mart that is made of another one begins its `from` with.
const OF_MART: &str = "mart:";

pub(super) fn check(desk: &mut Desk<'_>) {
    for (name, mart) in &desk.spec.mart {
        check_mart(desk, name, mart);
    }
}

fn check_mart(desk: &mut Desk<'_>, name: &str, mart: &Mart) {
    desk.list(&["mart", name, "key"], &mart.key, false);
    if mart.measures.is_empty() {
        desk.say(&["mart", name, "measures"], "must not be empty".into());
    }
    let Some(columns) = columns_of(desk, &mart.from, desk.spec.mart.len()) else {
        let known: Vec<String> = desk.spec.mart.keys().map(|mart| format!("{OF_MART}{mart}")).collect();
        let known: Vec<&str> = desk.row_sets().into_iter().chain(known.iter().map(String::as_str)).collect();
        desk.unknown(&["mart", name, "from"], "source, row set or other mart", &mart.from, &known);
        return;
    };
    known(desk, &["mart", name, "key"], &mart.key, &columns);
    conditions(desk, &["mart", name, "where"], &mart.filter, &columns);
    for (column, measure) in &mart.measures {
        let path = ["mart", name, "measures", column];
        named(desk, &path, column);
        if mart.key.contains(column) {
            desk.say(&path, "is in the key".into());
        }
        let of = match measure {
            Measure::Count => continue,
            Measure::CountDistinct(of) | Measure::Sum(of) | Measure::Last(of) | Measure::Min(of) | Measure::Max(of) => {
                of
            }
        };
        known(desk, &path, std::slice::from_ref(of), &columns);
        let is_number = |of: &FieldType| matches!(of, FieldType::Int | FieldType::Float | FieldType::Decimal { .. });
        if matches!(measure, Measure::Sum(_)) && columns.get(of.as_str()).is_some_and(|of| !is_number(of)) {
            desk.say(&path, format!("{of:?} is no number"));
        }
    }
    for (table, tag) in &mart.tag {
        check_tag(desk, &["mart", name, "tag", table], mart, tag);
    }
}

fn check_tag(desk: &mut Desk<'_>, path: &[&str], mart: &Mart, tag: &Tag) {
    let at = |key| [path, &[key]].concat();
    match mart.measures.get(&tag.measure) {
        Some(Measure::Count | Measure::CountDistinct(_)) => {}
        Some(_) => desk.say(&at("measure"), "must be a count or a count_distinct".into()),
        None => {
            let known: Vec<&str> = mart.measures.keys().map(String::as_str).collect();
            desk.unknown(&at("measure"), "measure", &tag.measure, &known);
        }
    }
    if !mart.key.contains(&tag.by) {
        let known: Vec<&str> = mart.key.iter().map(String::as_str).collect();
        desk.unknown(&at("by"), "column of the key", &tag.by, &known);
    }
    if tag.at_least == 0 || tag.thresholds.values().any(|least| *least == 0) {
        desk.say(path, "a threshold is at least 1".into());
    }
}

/// The columns of a row set or of a mart; none if there is no such one, or marts are made of themselves.
fn columns_of<'a>(desk: &Desk<'a>, from: &str, depth: usize) -> Option<Columns<'a>> {
    let Some(of) = from.strip_prefix(OF_MART) else { return desk.columns(from) };
    let (_, mart) = desk.spec.mart.get_key_value(of)?;
    let below = columns_of(desk, &mart.from, depth.checked_sub(1)?)?;
    let keys = mart.key.iter().filter_map(|column| Some((column.as_str(), *below.get(column.as_str())?)));
    let measures = mart.measures.iter().map(|(name, measure)| {
        let of = match measure {
            Measure::Count | Measure::CountDistinct(_) => FieldType::Int,
            Measure::Sum(of) | Measure::Last(of) | Measure::Min(of) | Measure::Max(of) => {
                below.get(of.as_str()).copied().unwrap_or(FieldType::Int)
            }
        };
        (name.as_str(), of)
    });
    Some(keys.chain(measures).collect())
}
