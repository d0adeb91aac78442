//! Columns: where their values come from, their limits, and conditions on them.

use std::collections::BTreeMap;

use playhead_ports::FieldType;

use super::names::named;
use super::sources::known;
use super::{Columns, Desk};
use crate::intake::{is_moment, made_of};
use crate::spec::{Bound, Column, Condition, Derive, Lookup};

/// Checks columns of a source or row set that has these and inherited ones.
pub(super) fn all(desk: &mut Desk<'_>, of: &[&str], columns: &BTreeMap<String, Column>, there: &Columns<'_>) {
    for (name, column) in columns {
        let path = [of, &["columns", name]].concat();
        let at = |key| [&path[..], &[key]].concat();
        named(desk, &path, name);
        let ways = [column.path.is_some(), column.lookup.is_some(), column.derive.is_some()];
        if ways.iter().filter(|is_given| **is_given).count() > 1 {
            desk.say(&path, "give one of path, lookup and derive".into());
        }
        let is_way = |path: &str| path == "." || !path.split('.').any(str::is_empty);
        if column.path.as_deref().is_some_and(|path| !is_way(path)) {
            desk.say(&at("path"), "must be names joined by dots".into());
        }
        if let Some(lookup) = &column.lookup {
            check_lookup(desk, &at("lookup"), lookup, columns, there);
        }
        if let Some(derive) = &column.derive {
            check_derived(desk, &at("derive"), column, derive, there);
        }
        if column.numbers && column.of.0 != FieldType::Text {
            desk.say(&at("numbers"), "is of texts alone".into());
        }
        if column.one_of.as_ref().is_some_and(Vec::is_empty) {
            desk.say(&at("one_of"), "must not be empty".into());
        }
        for (key, bound) in [("min", &column.min), ("max", &column.max)] {
            check_bound(desk, &at(key), column.of.0, bound.as_ref());
        }
        if runs_in_a_circle(name, columns) {
            desk.say(&path, "is made of itself in a circle".into());
        }
    }
}

fn check_bound(desk: &mut Desk<'_>, path: &[&str], of: FieldType, bound: Option<&Bound>) {
    let numbers = matches!(of, FieldType::Int | FieldType::Float | FieldType::Decimal { .. });
    let moments = matches!(of, FieldType::Date | FieldType::Time);
    match bound {
        Some(Bound::Number(_)) if !numbers => desk.say(path, "a number is a limit of numbers alone".into()),
        Some(Bound::Text(_)) if !moments => desk.say(path, "a text is a limit of days and times alone".into()),
        Some(Bound::Text(text)) if !is_moment(text) => desk.say(path, format!("{text:?} is no day or time")),
        _ => {}
    }
}

fn check_lookup(
    desk: &mut Desk<'_>,
    path: &[&str],
    lookup: &Lookup,
    columns: &BTreeMap<String, Column>,
    there: &Columns<'_>,
) {
    let at = |key| [path, &[key]].concat();
    let spec = desk.spec;
    if !spec.dictionary.contains_key(&lookup.dictionary) {
        let known: Vec<&str> = spec.dictionary.keys().map(String::as_str).collect();
        desk.unknown(&at("dictionary"), "dictionary", &lookup.dictionary, &known);
    }
    known(desk, &at("by"), std::slice::from_ref(&lookup.by), there);
    if is_looked_up(&lookup.by, columns, columns.len()) || inherits_lookup(desk, path, &lookup.by) {
        desk.say(&at("by"), "an id does not come from a dictionary itself".into());
    }
    if lookup.within.is_some() == lookup.matching.is_empty() {
        desk.say(path, "give both within and matching, or neither".into());
    }
    let columns: Vec<String> = lookup.matching.values().cloned().collect();
    known(desk, &at("matching"), &columns, there);
}

/// Whether the column of one of these sets is looked up, or made of one that is.
fn is_looked_up(column: &str, columns: &BTreeMap<String, Column>, depth: usize) -> bool {
    columns.get(column).is_some_and(|declared| {
        declared.lookup.is_some()
            || (depth > 0 && made_of(declared).into_iter().any(|of| is_looked_up(of, columns, depth - 1)))
    })
}

/// The same of row sets that the column may be inherited from.
fn inherits_lookup(desk: &Desk<'_>, path: &[&str], column: &str) -> bool {
    let mut at = match path {
        ["rows", name, ..] => desk.spec.rows.get(*name),
        _ => None,
    };
    for _ in 0..desk.spec.rows.len() {
        let Some(rows) = at else { return false };
        if is_looked_up(column, &rows.columns, rows.columns.len()) {
            return true;
        }
        at = desk.spec.rows.get(&rows.from);
    }
    false
}

fn check_derived(desk: &mut Desk<'_>, path: &[&str], column: &Column, derive: &Derive, there: &Columns<'_>) {
    let of: Vec<String> = made_of(column).into_iter().map(str::to_owned).collect();
    known(desk, path, &of, there);
    if of.is_empty() && !matches!(derive, Derive::Literal(_)) {
        desk.say(path, "must be made of a column".into());
    }
    let type_of = |name: &String| there.get(name.as_str()).copied();
    let is_number = |of: FieldType| matches!(of, FieldType::Int | FieldType::Float | FieldType::Decimal { .. });
    if matches!(derive, Derive::Sum(_) | Derive::Less(..) | Derive::Product(_)) {
        for name in of.iter().filter(|name| type_of(name).is_some_and(|of| !is_number(of))) {
            desk.say(path, format!("{name:?} is no number"));
        }
        if !is_number(column.of.0) {
            desk.say(path, "the column must be a number, too".into());
        }
    }
    let is_hash = matches!(derive, Derive::HashKey(_) | Derive::Hashdiff(_));
    if is_hash && !matches!(column.of.0, FieldType::Bytes | FieldType::Text) {
        desk.say(path, "a hash is bytes or text".into());
    }
    if let Derive::Day(name) = derive {
        let is_moment = |of| matches!(of, FieldType::Time | FieldType::Date);
        if type_of(name).is_some_and(|of| !is_moment(of)) || column.of.0 != FieldType::Date {
            desk.say(path, format!("{name:?} must be a time, and the column a date"));
        }
    }
}

fn runs_in_a_circle(name: &str, columns: &BTreeMap<String, Column>) -> bool {
    let mut reached: Vec<&str> = columns.get(name).map(made_of).unwrap_or_default();
    let mut at = 0;
    while at < reached.len() {
        if reached[at] == name {
            return true;
        }
        for of in columns.get(reached[at]).map(made_of).unwrap_or_default() {
            if !reached.contains(&of) {
                reached.push(of);
            }
        }
        at += 1;
    }
    false
}

/// Checks conditions on these columns.
pub(super) fn conditions(desk: &mut Desk<'_>, path: &[&str], of: &[Condition], columns: &Columns<'_>) {
    for (at, condition) in of.iter().enumerate() {
        let place = at.to_string();
        let path = [path, &[place.as_str()]].concat();
        known(desk, &path, std::slice::from_ref(&condition.column), columns);
        let ways = [
            condition.equals.is_some(),
            condition.not.is_some(),
            condition.one_of.is_some(),
            condition.null.is_some(),
            condition.at_least.is_some(),
            condition.at_most.is_some(),
        ];
        if ways.iter().filter(|is_given| **is_given).count() != 1 {
            desk.say(&path, "give one of equals, not, in, null, at_least and at_most".into());
        }
        let is_number = |of: &FieldType| matches!(of, FieldType::Int | FieldType::Float | FieldType::Decimal { .. });
        let compares = condition.at_least.is_some() || condition.at_most.is_some();
        if compares && columns.get(condition.column.as_str()).is_some_and(|of| !is_number(of)) {
            desk.say(&path, format!("{:?} is no number", condition.column));
        }
    }
}
