//! Fields of temporary tables: what is written into each for a row.

use bytes::Bytes;
use playhead_ports::{FieldType, FieldValues, Staged};
use smol_str::SmolStr;

use super::program::{StageProgram, place};
use super::value::Value;
use crate::hash::{Digest, Hasher, in_order};
use crate::plan::{Origin, StageField, StagePlan};
use crate::spec::{Algorithm, Mode};

/// Where a field's value comes from, with places for names.
#[derive(Debug)]
pub(super) enum FieldProgram {
    Column(usize),
    HashKey(Vec<Vec<usize>>),
    Hashdiff(Vec<usize>),
    /// The places of the fields with the hash key and the hashdiff.
    SetHash(usize, usize),
    EventTime,
    LoadTime,
    RecordSource,
    Message,
    Content,
    Place,
    Version,
    Payload,
    Headers,
    Topic,
    Partition,
    Offset,
    Nothing,
}

impl FieldProgram {
    pub(super) fn of(field: &StageField, stage: &StagePlan, names: &[String], mode: Mode) -> Self {
        let one = |column: &String| place(names, column);
        let field_at = |name: &str| stage.fields.iter().position(|field| field.field.name == name);
        match &field.origin {
            Origin::Column(column) => one(column).map_or(Self::Nothing, Self::Column),
            Origin::HashKey(groups) => {
                Self::HashKey(groups.iter().map(|group| group.iter().filter_map(one).collect()).collect())
            }
            Origin::Hashdiff(columns) => Self::Hashdiff(in_order(mode, columns).into_iter().filter_map(one).collect()),
            Origin::SetHash { key, diff } => match (field_at(key), field_at(diff)) {
                (Some(key), Some(diff)) => Self::SetHash(key, diff),
                _ => Self::Nothing,
            },
            Origin::EventTime => Self::EventTime,
            Origin::LoadTime => Self::LoadTime,
            Origin::RecordSource => Self::RecordSource,
            Origin::Message => Self::Message,
            Origin::Content => Self::Content,
            Origin::Place => Self::Place,
            Origin::Version => Self::Version,
            Origin::Payload => Self::Payload,
            Origin::Headers => Self::Headers,
            Origin::Topic => Self::Topic,
            Origin::Partition => Self::Partition,
            Origin::Offset => Self::Offset,
            Origin::Named => Self::Nothing,
        }
    }
}

/// What a row has besides its columns.
#[derive(Debug, Clone)]
pub(super) struct Around {
    pub(super) message: Bytes,
    pub(super) content: Bytes,
    pub(super) version: i64,
    pub(super) place: i64,
    pub(super) event_time: i64,
    pub(super) load_time: i64,
    pub(super) record_source: SmolStr,
    pub(super) payload: Bytes,
    pub(super) headers: Option<SmolStr>,
    pub(super) topic: SmolStr,
    pub(super) partition: i64,
    pub(super) offset: i64,
}

/// Writes rows into temporary tables.
#[derive(Debug)]
pub(super) struct Writer {
    hasher: Hasher,
    scratch: String,
}

impl Writer {
    pub(super) fn new(hasher: Hasher) -> Self {
        Self { hasher, scratch: String::with_capacity(256) }
    }

    pub(super) fn row(
        &mut self,
        stage: &StageProgram,
        to: &mut Staged,
        values: &[Value<'_>],
        types: &[FieldType],
        around: &Around,
    ) {
        for (field, column) in stage.fields.iter().zip(&mut to.values) {
            match field {
                FieldProgram::Column(at) => self.push(column, &values[*at], types[*at]),
                FieldProgram::HashKey(groups) => {
                    for group in groups {
                        group.iter().for_each(|at| self.hash(&values[*at], types[*at]));
                        self.hasher.end_group();
                    }
                    push_digest(column, self.hasher.key());
                }
                FieldProgram::Hashdiff(columns) => {
                    columns.iter().for_each(|at| self.hash(&values[*at], types[*at]));
                    push_digest(column, Some(self.hasher.diff()));
                }
                // Filled when all rows of the message are there.
                FieldProgram::SetHash(..) | FieldProgram::Nothing => push_nothing(column),
                FieldProgram::EventTime => push_int(column, around.event_time),
                FieldProgram::LoadTime => push_int(column, around.load_time),
                FieldProgram::Place => push_int(column, around.place),
                FieldProgram::Version => push_int(column, around.version),
                FieldProgram::Partition => push_int(column, around.partition),
                FieldProgram::Offset => push_int(column, around.offset),
                FieldProgram::RecordSource => push_text(column, Some(around.record_source.clone())),
                FieldProgram::Topic => push_text(column, Some(around.topic.clone())),
                FieldProgram::Headers => push_text(column, around.headers.clone()),
                FieldProgram::Message => push_bytes(column, &around.message),
                FieldProgram::Content => push_bytes(column, &around.content),
                FieldProgram::Payload => push_bytes(column, &around.payload),
            }
        }
    }

    fn hash(&mut self, value: &Value<'_>, of: FieldType) {
        match value {
            Value::Null => self.hasher.add(None),
            Value::Text(text) => self.hasher.add(Some(text)),
            value => {
                self.scratch.clear();
                value.write(of, &mut self.scratch);
                self.hasher.add(Some(&self.scratch));
            }
        }
    }

    fn push(&mut self, column: &mut FieldValues, value: &Value<'_>, of: FieldType) {
        match (column, value) {
            (FieldValues::Text(column), Value::Text(text)) => column.push(Some(SmolStr::new(text))),
            (FieldValues::Text(column), Value::Null) => column.push(None),
            (FieldValues::Text(column), value) => {
                self.scratch.clear();
                value.write(of, &mut self.scratch);
                column.push(Some(SmolStr::new(&self.scratch)));
            }
            (FieldValues::Int(column), Value::Int(number)) => column.push(Some(*number)),
            (FieldValues::Float(column), Value::Float(number)) => column.push(Some(*number)),
            (FieldValues::Bool(column), Value::Bool(yes)) => column.push(Some(*yes)),
            (FieldValues::Bytes(column), Value::Bytes(bytes)) => column.push(Some(Bytes::copy_from_slice(bytes))),
            (column, _) => push_nothing(column),
        }
    }
}

/// Fills the hashes of sets for the rows of one message, which stand from there on.
pub(super) fn fill_sets(stage: &StageProgram, to: &mut Staged, from: usize, algorithm: Algorithm) {
    for (at, field) in stage.fields.iter().enumerate() {
        let FieldProgram::SetHash(key, diff) = field else { continue };
        let bytes_at = |column: &FieldValues, row: usize| -> Option<Bytes> {
            match column {
                FieldValues::Bytes(values) => values[row].clone(),
                FieldValues::Text(values) => values[row].as_ref().map(|text| Bytes::copy_from_slice(text.as_bytes())),
                _ => None,
            }
        };
        let rows = to.rows();
        let mut found: Vec<(Option<Bytes>, Option<Bytes>, usize)> =
            (from..rows).map(|row| (bytes_at(&to.values[*key], row), bytes_at(&to.values[*diff], row), row)).collect();
        found.sort();
        for set in found.chunk_by(|one, other| one.0 == other.0) {
            let Some(_) = &set[0].0 else { continue };
            let mut diffs: Vec<&[u8]> = set.iter().filter_map(|(_, diff, _)| diff.as_deref()).collect();
            diffs.dedup();
            let digest = Digest::of(algorithm, &diffs.concat());
            for (.., row) in set {
                match &mut to.values[at] {
                    FieldValues::Bytes(values) => values[*row] = Some(digest.to_bytes()),
                    FieldValues::Text(values) => values[*row] = Some(digest.to_text()),
                    _ => {}
                }
            }
        }
    }
}

fn push_nothing(column: &mut FieldValues) {
    match column {
        FieldValues::Text(values) => values.push(None),
        FieldValues::Int(values) => values.push(None),
        FieldValues::Float(values) => values.push(None),
        FieldValues::Bool(values) => values.push(None),
        FieldValues::Bytes(values) => values.push(None),
    }
}

fn push_int(column: &mut FieldValues, number: i64) {
    match column {
        FieldValues::Int(values) => values.push(Some(number)),
        column => push_nothing(column),
    }
}

fn push_text(column: &mut FieldValues, text: Option<SmolStr>) {
    match column {
        FieldValues::Text(values) => values.push(text),
        column => push_nothing(column),
    }
}

fn push_bytes(column: &mut FieldValues, bytes: &Bytes) {
    match column {
        FieldValues::Bytes(values) => values.push(Some(bytes.clone())),
        column => push_nothing(column),
    }
}

fn push_digest(column: &mut FieldValues, digest: Option<Digest>) {
    match column {
        FieldValues::Bytes(values) => values.push(digest.map(Digest::to_bytes)),
        FieldValues::Text(values) => values.push(digest.map(Digest::to_text)),
        column => push_nothing(column),
    }
}
