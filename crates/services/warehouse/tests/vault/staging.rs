//! Rows of a case as the temporary tables that a load brings along, for sources that are staged already.

use bytes::Bytes;
use playhead_ports::{Field, FieldType, FieldValues, Staged};
use playhead_warehouse::hash;
use playhead_warehouse::plan::{Origin, Plan, StageField, StageOf, StagePlan};
use playhead_warehouse::spec::{HashStore, Spec};

use crate::table::{Table, hex, shown, time};

/// The temporary table of a source's rows.
pub(crate) fn stage(spec: &Spec, plan: &Plan, source: &str, rows: &Table, load_time: &str) -> Staged {
    let stage = plan.stage(StageOf::Rows, source).unwrap_or_else(|| panic!("nothing is made of source {source:?}"));
    for column in &rows.columns {
        assert!(spec.source[source].columns.contains_key(column), "source {source:?} has no column {column:?}");
    }
    let rows = Rows { spec, source, stage, table: rows, load_time };
    let fields: Vec<Field> = stage.fields.iter().map(|field| field.field.clone()).collect();
    let values = stage.fields.iter().map(|field| rows.values(field)).collect();
    Staged { name: stage.name.clone(), fields, values }
}

struct Rows<'a> {
    spec: &'a Spec,
    source: &'a str,
    stage: &'a StagePlan,
    table: &'a Table,
    load_time: &'a str,
}

impl Rows<'_> {
    fn values(&self, field: &StageField) -> FieldValues {
        let texts: Vec<Option<String>> = (0..self.table.rows.len()).map(|row| self.value(field, row)).collect();
        let numbers = |parse: fn(&str) -> i64| texts.iter().map(|text| text.as_deref().map(parse)).collect();
        match field.field.of {
            FieldType::Text | FieldType::Json | FieldType::Decimal { .. } => {
                FieldValues::Text(texts.iter().map(|text| text.as_deref().map(Into::into)).collect())
            }
            FieldType::Int => FieldValues::Int(numbers(|text| text.parse().expect("a whole number"))),
            FieldType::Time => FieldValues::Int(numbers(micros)),
            FieldType::Date => FieldValues::Int(numbers(|text| micros(text) / 86_400_000_000)),
            FieldType::Float => FieldValues::Float(
                texts.iter().map(|text| text.as_deref().map(|text| text.parse().expect("a number"))).collect(),
            ),
            FieldType::Bool => {
                FieldValues::Bool(texts.iter().map(|text| text.as_deref().map(|text| text == "true")).collect())
            }
            FieldType::Bytes => FieldValues::Bytes(texts.iter().map(|text| text.as_deref().map(bytes)).collect()),
        }
    }

    fn cell(&self, row: usize, column: &str) -> Option<&str> {
        let at = self.table.columns.iter().position(|name| name == column)?;
        self.table.rows[row][at].as_deref()
    }

    /// The field's value in a row, as text.
    fn value(&self, field: &StageField, row: usize) -> Option<String> {
        let source = &self.spec.source[self.source];
        let given = |column: &Option<String>| column.as_deref().and_then(|column| self.cell(row, column));
        let load_time = given(&source.load_time).unwrap_or(self.load_time);
        Some(match &field.origin {
            Origin::Column(column) => self.cell(row, column)?.to_owned(),
            Origin::HashKey(groups) => self.key(row, groups)?,
            Origin::Hashdiff(columns) => self.diff(row, columns),
            Origin::SetHash { key, diff } => self.set(row, key, diff)?,
            Origin::EventTime => given(&source.event_time).unwrap_or(load_time).to_owned(),
            Origin::LoadTime => load_time.to_owned(),
            Origin::RecordSource => given(&source.record_source).unwrap_or(self.source).to_owned(),
            Origin::Message | Origin::Content => hex(format!("{:?}", self.table.rows[row]).as_bytes()),
            Origin::Place | Origin::Version => "0".to_owned(),
            other => panic!("a staged row has no {other:?}"),
        })
    }

    /// The texts of columns as they are hashed.
    fn texts(&self, row: usize, columns: &[String]) -> Vec<Option<String>> {
        let of = |column: &String| self.spec.source[self.source].columns[column].of.0;
        let text = |column: &String| self.cell(row, column).map(|cell| hashed(cell, of(column)));
        columns.iter().map(text).collect()
    }

    fn key(&self, row: usize, groups: &[Vec<String>]) -> Option<String> {
        let mut hasher = hash::Hasher::new(self.spec.vault);
        for group in groups {
            self.texts(row, group).iter().for_each(|text| hasher.add(text.as_deref()));
            hasher.end_group();
        }
        Some(self.stored(hasher.key()?.as_bytes()))
    }

    fn diff(&self, row: usize, columns: &[String]) -> String {
        let mut columns = columns.to_vec();
        columns.sort();
        self.stored(hash::diff(&self.spec.vault, &self.texts(row, &columns)).as_bytes())
    }

    /// The hash of the set of rows of the load that have the same key.
    fn set(&self, row: usize, key: &str, diff: &str) -> Option<String> {
        let value = |name: &str, row| {
            let field = self.stage.fields.iter().find(|field| field.field.name == name).expect("a staged field");
            self.value(field, row)
        };
        let own = value(key, row)?;
        let members = (0..self.table.rows.len()).filter(|row| value(key, *row).as_ref() == Some(&own));
        let mut members: Vec<Option<String>> = members.map(|row| value(diff, row)).collect();
        members.sort();
        members.dedup();
        Some(self.stored(hash::diff(&self.spec.vault, &members).as_bytes()))
    }

    fn stored(&self, hash: &[u8]) -> String {
        match self.spec.vault.store {
            HashStore::Binary => hex(hash),
            HashStore::Text => hex(hash).to_uppercase(),
        }
    }
}

/// A value as it is hashed: times without a fraction that is nothing.
fn hashed(cell: &str, of: FieldType) -> String {
    match of {
        FieldType::Time => shown(cell, of).trim_end_matches('0').trim_end_matches('.').to_owned(),
        _ => cell.to_owned(),
    }
}

fn micros(text: &str) -> i64 {
    let since = time(text).duration_since(time("1970-01-01"));
    i64::try_from(since.as_micros()).expect("a time within some thousand years")
}

fn bytes(text: &str) -> Bytes {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("digits"));
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap_or_else(|_| panic!("{text:?} is not hexadecimal"))).collect()
}
