//! The rows of one message: its columns, those of its row sets, and what is wrong with one of them.

use std::collections::HashSet;

use playhead_ports::FieldType;

use super::derive::derived;
use super::enrich::{Asked, Dictionaries};
use super::json::{Kind, Place};
use super::program::{ColumnProgram, How, Is, Program, SetProgram, Test};
use super::value::{Value, as_float};
use super::walk::Tree;

/// A message that rows are made of.
pub(super) struct Making<'a, 'd, 'e> {
    pub(super) program: &'d Program,
    pub(super) tree: Tree<'a, 'd>,
    pub(super) dictionaries: &'d mut Dictionaries<'e>,
    pub(super) asked: Asked,
    /// Rows with the places of their sets.
    pub(super) rows: Vec<(usize, Vec<Value<'a>>)>,
}

impl<'a, 'e: 'a> Making<'a, '_, 'e> {
    /// The message's own row; none if it is not one that the source takes.
    pub(super) fn root(&mut self) -> Result<Option<Vec<Value<'a>>>, String> {
        let mut row = Vec::new();
        let program = self.program;
        let is_taken = self.fill(&program.sets[0], super::json::Document::ROOT, &mut row)?;
        Ok(is_taken.then_some(row))
    }

    /// The rows of all sets that are made of that one's row.
    pub(super) fn below(&mut self, parent: usize, row: &[Value<'a>], at: Place) -> Result<(), String> {
        let program = self.program;
        for (index, set) in program.sets.iter().enumerate().skip(1).filter(|(_, set)| set.parent == parent) {
            match &set.each {
                None => {
                    let mut own = row.to_vec();
                    if self.fill(set, at, &mut own)? {
                        self.put(index, own, at)?;
                    }
                }
                Some(each) => self.exploded(index, set, &each.shown, row, at)?,
            }
        }
        Ok(())
    }

    fn exploded(
        &mut self,
        index: usize,
        set: &SetProgram,
        shown: &str,
        row: &[Value<'a>],
        at: Place,
    ) -> Result<(), String> {
        let Some(each) = &set.each else { return Ok(()) };
        let first = self.rows.len();
        if let Some(array) = self.tree.find(at, each)? {
            self.elements(index, set, shown, row, array)?;
        }
        if set.or_nothing && !self.rows[first..].iter().any(|(of, _)| *of == index) && set.stage.is_some() {
            let nothing = std::iter::repeat_n(Value::Null, set.columns.len());
            self.rows.push((index, row.iter().cloned().chain(nothing).collect()));
        }
        Ok(())
    }

    fn elements(
        &mut self,
        index: usize,
        set: &SetProgram,
        shown: &str,
        row: &[Value<'a>],
        array: Place,
    ) -> Result<(), String> {
        if self.tree.document.kind(array) != Kind::Array {
            return Err(format!("{shown}: must be a list"));
        }
        let mut seen = HashSet::new();
        let document = self.tree.document;
        for (number, element) in document.elements(array).enumerate() {
            let mut own = Vec::with_capacity(set.names.len());
            own.extend_from_slice(row);
            if !self.fill(set, element, &mut own).map_err(|why| format!("{shown}[{number}].{why}"))? {
                continue;
            }
            if !set.unique.is_empty() && !seen.insert(key_of(set, &own)) {
                let columns: Vec<String> = set.unique.iter().map(|at| shown_value(set, &own, *at)).collect();
                return Err(format!("{shown}[{number}]: {} is given twice", columns.join(", ")));
            }
            self.put(index, own, element)?;
        }
        Ok(())
    }

    fn put(&mut self, index: usize, row: Vec<Value<'a>>, at: Place) -> Result<(), String> {
        self.below(index, &row, at)?;
        if self.program.sets[index].stage.is_some() {
            self.rows.push((index, row));
        }
        Ok(())
    }

    /// Adds the set's own columns to a row; whether it is one that the set takes.
    fn fill(&mut self, set: &SetProgram, at: Place, row: &mut Vec<Value<'a>>) -> Result<bool, String> {
        let (first, rest) = set.columns.split_at(set.before_filter);
        let missing = self.asked.missing.len();
        for column in first {
            self.column(column, set, at, row)?;
        }
        // What is not known yet does not tell whether the row is taken.
        let is_known = self.asked.missing.len() == missing;
        if is_known && !set.filter.iter().all(|test| passes(test, row, &set.types)) {
            return Ok(false);
        }
        for column in rest {
            self.column(column, set, at, row)?;
        }
        Ok(true)
    }

    fn column(
        &mut self,
        column: &ColumnProgram,
        set: &SetProgram,
        at: Place,
        row: &mut Vec<Value<'a>>,
    ) -> Result<(), String> {
        let named = |why: String| match &column.how {
            How::Path(path) => format!("{}: {why}", path.shown),
            _ => format!("{}: {why}", column.name),
        };
        let value = match &column.how {
            How::Path(path) => {
                let raw = self.tree.raw(self.tree.find(at, path)?);
                column.wanted.value(&raw).map_err(named)?
            }
            How::Derive(how) => {
                let (value, of) = derived(how, row, &set.types).map_err(named)?;
                // What is made of what is not known yet is not known, either.
                if value.is_null() && !self.asked.missing.is_empty() {
                    Value::Null
                } else {
                    column.wanted.fitted(value, of).map_err(named)?
                }
            }
            How::Lookup(lookup) => match self.dictionaries.ask(lookup, row, &set.types, &mut self.asked) {
                Some(raw) => column
                    .wanted
                    .value(&raw)
                    .map_err(|why| named(format!("{why} (dictionary {})", lookup.dictionary)))?,
                None => Value::Null,
            },
        };
        row.push(value);
        Ok(())
    }
}

fn key_of(set: &SetProgram, row: &[Value<'_>]) -> Vec<Option<String>> {
    set.unique.iter().map(|at| row[*at].to_text(set.types[*at])).collect()
}

fn shown_value(set: &SetProgram, row: &[Value<'_>], at: usize) -> String {
    let text = row[at].to_text(set.types[at]);
    format!("{} {}", set.names[at], text.map_or_else(|| "nothing".to_owned(), |text| format!("{text:?}")))
}

fn passes(test: &Test, row: &[Value<'_>], types: &[FieldType]) -> bool {
    let value = &row[test.column];
    let is = |wanted: &String| match value {
        Value::Text(text) => text == wanted,
        value => value.to_text(types[test.column]).as_ref() == Some(wanted),
    };
    match &test.is {
        Is::Equal(wanted) => is(wanted),
        Is::Not(wanted) => !is(wanted),
        Is::OneOf(wanted) => wanted.iter().any(is),
        Is::Null(wanted) => value.is_null() == *wanted,
        Is::AtLeast(least) => as_float(value).is_some_and(|number| number >= *least),
        Is::AtMost(most) => as_float(value).is_some_and(|number| number <= *most),
    }
}
