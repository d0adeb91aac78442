//! What a spec says, beyond its shape: names, references, types. All that is wrong is told at once.

mod columns;
mod marts;
mod names;
mod snapshots;
mod sources;
mod vault;

use std::collections::BTreeMap;

use playhead_ports::FieldType;

use super::complaint::{Complaint, nearest};
use super::places::Places;
use super::{Feed, Spec};

/// All that is wrong with what the spec says.
pub(super) fn check(spec: &Spec, file: &str, places: &Places) -> Vec<Complaint> {
    let mut desk = Desk { spec, file, places, complaints: Vec::new() };
    names::check(&mut desk);
    sources::check(&mut desk);
    vault::check(&mut desk);
    snapshots::check(&mut desk);
    marts::check(&mut desk);
    desk.complaints
}

/// Columns of a row set with their types, inherited ones among them.
type Columns<'a> = BTreeMap<&'a str, FieldType>;

/// A spec that is being checked.
struct Desk<'a> {
    spec: &'a Spec,
    file: &'a str,
    places: &'a Places,
    complaints: Vec<Complaint>,
}

impl<'a> Desk<'a> {
    fn say(&mut self, path: &[&str], text: String) {
        let line = self.places.line(path);
        self.complaints.push(Complaint { file: self.file.to_owned(), line, key: path.join("."), text });
    }

    /// Complains of a name that is none of these.
    fn unknown(&mut self, path: &[&str], what: &str, name: &str, known: &[&str]) {
        let near = nearest(name, known.iter().copied());
        self.say(path, format!("there is no {what} {name:?}{near}"));
    }

    /// Complains of a list that is empty, or has a name twice.
    fn list(&mut self, path: &[&str], list: &[String], may_be_empty: bool) {
        if list.is_empty() && !may_be_empty {
            self.say(path, "must not be empty".into());
        }
        for (at, name) in list.iter().enumerate() {
            if list[..at].contains(name) {
                self.say(path, format!("{name:?} is there twice"));
            }
        }
    }

    /// The columns of a source or row set; none if there is no such one.
    fn columns(&self, rows: &str) -> Option<Columns<'a>> {
        let mut columns = Columns::new();
        let mut at = rows;
        for _ in 0..=self.spec.rows.len() {
            if let Some(source) = self.spec.source.get(at) {
                columns.extend(source.columns.iter().map(|(name, column)| (name.as_str(), column.of.0)));
                return Some(columns);
            }
            let set = self.spec.rows.get(at)?;
            columns.extend(set.columns.iter().map(|(name, column)| (name.as_str(), column.of.0)));
            at = &set.from;
        }
        None
    }

    fn row_sets(&self) -> Vec<&'a str> {
        let spec = self.spec;
        spec.source.keys().chain(spec.rows.keys()).map(String::as_str).collect()
    }

    /// The columns of each feed under the names that the table has them by. A table that nothing feeds is there for others
    /// to refer to.
    fn feeds(&mut self, kind: &str, table: &str, from: &'a [Feed]) -> Vec<Columns<'a>> {
        let mut all = Vec::new();
        for (at, feed) in from.iter().enumerate() {
            let place = at.to_string();
            let path = [kind, table, "from", &place];
            let (rows, renamed) = match feed {
                Feed::Rows(rows) => (rows, None),
                Feed::Renamed { rows, columns } => (rows, Some(columns)),
            };
            let Some(mut columns) = self.columns(rows) else {
                let known = self.row_sets();
                self.unknown(&path, "source or row set", rows, &known);
                continue;
            };
            for (name, column) in renamed.into_iter().flatten() {
                match columns.get(column.as_str()) {
                    Some(of) => {
                        columns.insert(name, *of);
                    }
                    None => {
                        let known: Vec<&str> = columns.keys().copied().collect();
                        self.unknown(&path, &format!("column of {rows}"), column, &known);
                    }
                }
            }
            all.push(columns);
        }
        all
    }

    /// Complains of columns that a feed lacks, or that are of different types in two feeds.
    fn fed(&mut self, path: &[&str], columns: &[String], feeds: &[Columns<'a>]) {
        for column in columns {
            let mut of = None;
            for feed in feeds {
                match (feed.get(column.as_str()), of) {
                    (None, _) => {
                        let known: Vec<&str> = feed.keys().copied().collect();
                        self.unknown(path, "column", column, &known);
                    }
                    (Some(found), Some(before)) if *found != before => {
                        self.say(path, format!("{column:?} has different types in its row sets"));
                    }
                    (Some(found), _) => of = Some(*found),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
