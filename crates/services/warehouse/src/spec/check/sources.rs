//! Sources, dictionaries and row sets.

use playhead_ports::FieldType;

use super::columns::{all as check_columns, conditions};
use super::{Columns, Desk};
use crate::intake::WATCH_FIELDS;
use crate::spec::{Format, Loads, Source};

/// The longest message that may be asked for, bytes.
const BYTES_MAX: usize = 64 << 20;
/// The longest wait for a dictionary, s.
const WAIT_MAX_S: u64 = 30 * 86_400;

pub(super) fn check(desk: &mut Desk<'_>) {
    let spec = desk.spec;
    if spec.source.is_empty() {
        desk.say(&["source"], "there must be one".into());
    }
    for (name, source) in &spec.source {
        check_source(desk, name, source);
    }
    for (name, dictionary) in &spec.dictionary {
        if dictionary.id.is_empty() {
            desk.say(&["dictionary", name, "id"], "must not be empty".into());
        }
        if dictionary.wait_s > WAIT_MAX_S {
            desk.say(&["dictionary", name, "wait_s"], format!("must be at most {WAIT_MAX_S}"));
        }
        check_topic(desk, &["dictionary", name, "topic"], dictionary.topic.as_deref());
    }
    for name in spec.rows.keys() {
        check_rows(desk, name);
    }
}

fn check_source<'a>(desk: &mut Desk<'a>, name: &'a str, source: &'a Source) {
    let columns: Columns<'_> = source.columns.iter().map(|(name, column)| (name.as_str(), column.of.0)).collect();
    if source.staged && source.topic.is_some() {
        desk.say(&["source", name, "staged"], "rows of a topic are not staged already: give one of the two".into());
    }
    check_topic(desk, &["source", name, "topic"], source.topic.as_deref());
    if source.columns.is_empty() {
        desk.say(&["source", name, "columns"], "must not be empty".into());
    }
    if !source.staged {
        desk.list(&["source", name, "identity"], &source.identity, false);
    }
    known(desk, &["source", name, "identity"], &source.identity, &columns);
    desk.list(&["source", name, "keep"], &source.keep, true);
    known(desk, &["source", name, "keep"], &source.keep, &columns);
    let times = [FieldType::Time, FieldType::Date];
    let wanted: [(&str, &Option<String>, &[FieldType], &str); 4] = [
        ("version", &source.version, &[FieldType::Int, FieldType::Time, FieldType::Date], "an int, a time or a date"),
        ("event_time", &source.event_time, &times, "a time or a date"),
        ("load_time", &source.load_time, &times, "a time or a date"),
        ("record_source", &source.record_source, &[FieldType::Text], "a text"),
    ];
    for (key, column, types, shown) in wanted {
        let Some(column) = column else { continue };
        let path = ["source", name, key];
        known(desk, &path, std::slice::from_ref(column), &columns);
        if columns.get(column.as_str()).is_some_and(|of| !types.contains(of)) {
            desk.say(&path, format!("{column:?} must be {shown}"));
        }
    }
    if source.loads != Loads::One && (!source.staged || source.load_time.is_none()) {
        desk.say(&["source", name, "loads"], "is of staged rows with a load_time alone".into());
    }
    if source.bytes_max.is_some_and(|bytes| bytes == 0 || bytes > BYTES_MAX) {
        desk.say(&["source", name, "bytes_max"], format!("must be 1 to {BYTES_MAX}"));
    }
    for (column, declared) in &source.columns {
        let path = ["source", name, "columns", column];
        if declared.lookup.is_some() {
            let why = "a message is kept whatever dictionaries know: look up in rows made of it";
            desk.say(&["source", name, "columns", column, "lookup"], why.into());
        }
        let field = declared.path.as_deref().unwrap_or(column);
        if source.format == Format::Watch && declared.derive.is_none() && !WATCH_FIELDS.contains(&field) {
            desk.unknown(&path, "field of a fact", field, &WATCH_FIELDS);
        }
    }
    check_columns(desk, &["source", name], &source.columns, &columns);
    conditions(desk, &["source", name, "where"], &source.filter, &columns);
}

fn check_topic(desk: &mut Desk<'_>, path: &[&str], topic: Option<&str>) {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    if topic.is_some_and(|topic| topic.is_empty() || topic.len() > 200 || !topic.chars().all(is_plain)) {
        desk.say(path, "must be 1 to 200 characters of a-z, 0-9, '.', '_' and '-'".into());
    }
}

pub(super) fn known(desk: &mut Desk<'_>, path: &[&str], names: &[String], columns: &Columns<'_>) {
    for name in names.iter().filter(|name| !columns.contains_key(name.as_str())) {
        let known: Vec<&str> = columns.keys().copied().collect();
        desk.unknown(path, "column", name, &known);
    }
}

fn check_rows(desk: &mut Desk<'_>, name: &str) {
    let spec = desk.spec;
    let rows = &spec.rows[name];
    let Some(inherited) = desk.columns(&rows.from) else {
        let path = ["rows", name, "from"];
        if spec.rows.contains_key(&rows.from) {
            desk.say(&path, "rows are made of themselves in a circle, or of none".into());
        } else {
            let known = desk.row_sets();
            desk.unknown(&path, "source or row set", &rows.from, &known);
        }
        return;
    };
    let columns = desk.columns(name).unwrap_or_default();
    for column in rows.columns.keys().filter(|column| inherited.contains_key(column.as_str())) {
        desk.say(&["rows", name, "columns", column], format!("{} has a column of that name", rows.from));
    }
    if rows.each.as_ref().is_some_and(|each| each.split('.').any(str::is_empty) && each != ".") {
        desk.say(&["rows", name, "each"], "must be names joined by dots".into());
    }
    if rows.each.is_none() && !rows.unique.is_empty() {
        desk.say(&["rows", name, "unique"], "tells elements of an array apart: give `each`".into());
    }
    if rows.each.is_none() && rows.or_nothing {
        desk.say(&["rows", name, "or_nothing"], "is of the elements of an array: give `each`".into());
    }
    desk.list(&["rows", name, "unique"], &rows.unique, true);
    known(desk, &["rows", name, "unique"], &rows.unique, &columns);
    check_columns(desk, &["rows", name], &rows.columns, &columns);
    conditions(desk, &["rows", name, "where"], &rows.filter, &columns);
}
