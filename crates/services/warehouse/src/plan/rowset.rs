//! Row sets as a plan sees them: their columns, inherited ones among them, and the fields that tables want staged.

use std::collections::BTreeMap;

use playhead_ports::{Field, FieldType};

use super::system;
use super::{Origin, StageField};
use crate::spec::{Source, Spec};

/// A row set, and what is wanted of it.
pub(super) struct Rowset<'a> {
    pub(super) source_name: &'a str,
    pub(super) source: &'a Source,
    columns: BTreeMap<&'a str, FieldType>,
    pub(super) fields: Vec<StageField>,
    /// Whether a table is re-derived from its rows, so that they are kept.
    pub(super) is_kept: bool,
    pub(super) indexes: Vec<Vec<String>>,
}

impl<'a> Rowset<'a> {
    /// The row set of that name: a source's own, or one made of another.
    pub(super) fn find(spec: &'a Spec, name: &str) -> Option<Self> {
        let mut columns = BTreeMap::new();
        let mut at = name;
        // A chain longer than the row sets there are runs in a circle.
        for _ in 0..=spec.rows.len() {
            if let Some(rows) = spec.rows.get(at) {
                for (column, of) in &rows.columns {
                    columns.entry(column.as_str()).or_insert(of.of.0);
                }
                at = &rows.from;
            } else {
                let (source_name, source) = spec.source.get_key_value(at)?;
                for (column, of) in &source.columns {
                    columns.entry(column.as_str()).or_insert(of.of.0);
                }
                let fields = system_fields();
                return Some(Self { source_name, source, columns, fields, is_kept: false, indexes: Vec::new() });
            }
        }
        None
    }

    pub(super) fn has(&self, column: &str) -> bool {
        self.columns.contains_key(column)
    }

    /// The column's type, or that of a staged field.
    pub(super) fn of(&self, name: &str) -> FieldType {
        let staged = || self.fields.iter().find(|field| field.field.name == name).map(|field| field.field.of);
        self.columns.get(name).copied().or_else(staged).unwrap_or(FieldType::Text)
    }

    /// Stages a column, and tells its field.
    pub(super) fn want_column(&mut self, column: &str) -> String {
        let of = self.of(column);
        self.want(column, of, Origin::Column(column.to_owned()))
    }

    /// Stages a field, once.
    pub(super) fn want(&mut self, name: &str, of: FieldType, origin: Origin) -> String {
        if !self.fields.iter().any(|field| field.field.name == name) {
            self.fields.push(StageField { field: Field { name: name.to_owned(), of }, origin });
        }
        name.to_owned()
    }

    /// Finds kept rows by these fields, too.
    pub(super) fn index(&mut self, fields: Vec<String>) {
        self.is_kept = true;
        let is_served = |index: &Vec<String>| index.starts_with(&fields);
        if !self.indexes.iter().any(is_served) {
            self.indexes.push(fields);
        }
    }

    /// Whether versions of a message have an order of their own, which their event times do not tell.
    pub(super) fn has_versions(&self) -> bool {
        self.source.version.is_some() && self.source.version != self.source.event_time
    }
}

fn system_fields() -> Vec<StageField> {
    [
        (system::MESSAGE, FieldType::Bytes, Origin::Message),
        (system::VERSION, FieldType::Int, Origin::Version),
        (system::CONTENT, FieldType::Bytes, Origin::Content),
        (system::PLACE, FieldType::Int, Origin::Place),
        (system::EVENT_TIME, FieldType::Time, Origin::EventTime),
        (system::LOAD_TIME, FieldType::Time, Origin::LoadTime),
        (system::RECORD_SOURCE, FieldType::Text, Origin::RecordSource),
    ]
    .map(|(name, of, origin)| StageField { field: Field { name: name.to_owned(), of }, origin })
    .into()
}
