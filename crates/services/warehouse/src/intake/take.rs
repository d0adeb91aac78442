//! A batch of messages of one source: read, made into rows, written into temporary tables.

use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;
use playhead_ports::Staged;
use smol_str::SmolStr;

use super::enrich::{Asked, Dictionaries};
use super::fields::{Around, Writer, fill_sets};
use super::headers::headers_text;
use super::json::{Document, Kind};
use super::model::{Enrichment, Mark, Message, MessageVersion, Missed, Taken, Wanted};
use super::program::Program;
use super::rows::Making;
use super::time::write_time;
use super::value::Value;
use super::walk::Tree;
use super::watch;
use crate::hash::{Digest, Hasher};
use crate::plan::Plan;
use crate::spec::{Algorithm, Format, Loads, Mode, Spec, VaultRules};

/// How messages of each source become rows. Made once for a spec.
#[derive(Debug)]
pub struct Intake {
    programs: BTreeMap<String, Program>,
}

impl Intake {
    /// The intake of a checked spec and its plan.
    pub fn new(spec: &Spec, plan: &Plan) -> Self {
        let program = |(name, source)| (String::clone(name), Program::of(spec, plan, name, source));
        Self { programs: spec.source.iter().map(program).collect() }
    }

    /// What must be looked up before these messages of a source are taken.
    pub fn wanted(&self, source: &str, messages: &[Message]) -> Wanted {
        let mut wanted = Wanted::default();
        let Some(program) = self.programs.get(source).filter(|program| program.asks_dictionaries) else {
            return wanted;
        };
        let enrichment = Enrichment::default();
        let mark = Mark { load_time: playhead_domain::Timestamp(0), record_source: None };
        let mut batch = Batch::new(program, &enrichment, &mark);
        for message in messages {
            // What is wrong with a message is told when it is taken.
            if let Ok(Some(Done { version, asked, .. })) = batch.message(message, |_, _| {})
                && !asked.missing.is_empty()
            {
                wanted.versions.insert(version);
                wanted.entries.extend(asked.missing);
            }
        }
        wanted
    }

    /// The messages of a file as the loads that they are, by period: all of them without one, but for staged rows whose
    /// source says otherwise.
    pub fn loads(&self, source: &str, messages: Vec<Message>, mark: &Mark) -> BTreeMap<String, Vec<Message>> {
        let program = self.programs.get(source).filter(|program| program.loads != Loads::One);
        let Some(program) = program else { return BTreeMap::from([(String::new(), messages)]) };
        let enrichment = Enrichment::default();
        let mut batch = Batch::new(program, &enrichment, mark);
        let mut loads: BTreeMap<String, Vec<Message>> = BTreeMap::new();
        for message in messages {
            let mut period = String::new();
            // What is wrong with a message is told when it is taken.
            let _ = batch.message(&message, |around, _| period = period_of(program.loads, around.load_time));
            loads.entry(period).or_default().push(message);
        }
        loads
    }

    /// Makes rows of messages of a source. What is repeated in the batch is taken once.
    pub fn take(&self, source: &str, messages: &[Message], enrichment: &Enrichment, mark: &Mark) -> Taken {
        let mut taken = Taken::default();
        let Some(program) = self.programs.get(source) else { return taken };
        let mut batch = Batch::new(program, enrichment, mark);
        let mut tables = Tables::new(program);
        let mut seen = HashSet::new();
        let is_loaded_by_load = program.is_staged && program.rules.mode == Mode::AutomateDv;
        for (place, message) in messages.iter().enumerate() {
            let done = batch.message(message, |around, rows| {
                let key =
                    (around.message.clone(), around.version, around.content.clone(), place_in_load(program, around));
                if is_loaded_by_load || seen.insert(key) {
                    tables.write(program, around, rows);
                }
            });
            match done {
                Ok(None) => {}
                Ok(Some(Done { version, asked, .. })) if asked.missing.is_empty() => {
                    taken.pins.extend(asked.pins(&version));
                }
                Ok(Some(Done { version, asked, .. })) => {
                    taken.misses.push(Missed { place, version, missing: asked.missing });
                }
                Err(why) => taken.rejects.push((place, why)),
            }
        }
        tables.finish(program);
        taken.staged = tables.filled();
        taken
    }
}

/// The start of the time's text that all times of its load have in common. Texts of times are in the order of the times.
fn period_of(loads: Loads, load_time: i64) -> String {
    let mut text = String::new();
    write_time(load_time, &mut text);
    text.truncate(match loads {
        Loads::One => 0,
        Loads::Year => "2024".len(),
        Loads::Month => "2024-01".len(),
        Loads::Day => "2024-01-01".len(),
        Loads::Hour => "2024-01-01 00".len(),
        Loads::Time => text.len(),
    });
    text
}

/// Staged rows of one load are one message, and are told apart by their places.
fn place_in_load(program: &Program, around: &Around) -> i64 {
    if program.is_staged { around.place } else { 0 }
}

/// A message of which rows were made.
struct Done {
    version: MessageVersion,
    asked: Asked,
}

/// The message's own row stands first among the rows, where the source is staged by itself.
type Rows<'r, 'a> = (&'r [Value<'a>], &'r [(usize, Vec<Value<'a>>)]);

struct Batch<'p, 'e> {
    program: &'p Program,
    dictionaries: Dictionaries<'e>,
    mark: &'p Mark,
    document: Document,
    identity: Hasher,
}

impl<'p, 'e> Batch<'p, 'e> {
    fn new(program: &'p Program, enrichment: &'e Enrichment, mark: &'p Mark) -> Self {
        let rules = VaultRules { mode: Mode::Safe, algorithm: Algorithm::Sha256, ..VaultRules::default() };
        let dictionaries = Dictionaries::new(enrichment);
        Self { program, dictionaries, mark, document: Document::default(), identity: Hasher::new(rules) }
    }

    /// Makes rows of a message, and hands them to `write` unless it waits. None: the source does not take such ones.
    fn message(
        &mut self,
        message: &Message,
        write: impl FnOnce(&Around, Rows<'_, '_>),
    ) -> Result<Option<Done>, String> {
        let program = self.program;
        if message.bytes.len() > program.bytes_max {
            return Err(format!("is longer than {} bytes: {}", program.bytes_max, message.bytes.len()));
        }
        let written;
        let text = match program.format {
            Format::Json => std::str::from_utf8(&message.bytes)
                .map_err(|error| format!("is no UTF-8 from byte {} on", error.valid_up_to()))?,
            Format::Watch => {
                written = watch::object_of(&message.bytes).map_err(|error| error.to_string())?;
                &written
            }
        };
        self.document.read(text)?;
        if self.document.kind(Document::ROOT) != Kind::Object {
            return Err("must be an object".into());
        }
        let tree = Tree { text, document: &self.document };
        let (asked, rows) = (Asked::default(), Vec::new());
        let mut making = Making { program, tree, dictionaries: &mut self.dictionaries, asked, rows };
        let Some(root) = making.root()? else { return Ok(None) };
        let around = around(program, message, self.mark, &root, &mut self.identity)?;
        let version = MessageVersion {
            message: around.message.clone(),
            version: around.version,
            content: around.content.clone(),
        };
        making.dictionaries.turn_to(&version);
        making.below(0, &root, Document::ROOT)?;
        if making.asked.missing.is_empty() {
            write(&around, (&root, &making.rows));
        }
        Ok(Some(Done { version, asked: making.asked }))
    }
}

/// What all rows of a message have besides their columns.
fn around(
    program: &Program,
    message: &Message,
    mark: &Mark,
    root: &[Value<'_>],
    identity: &mut Hasher,
) -> Result<Around, String> {
    let set = &program.sets[0];
    let number = |at: Option<usize>| match at.map(|at| &root[at]) {
        Some(Value::Int(number)) => Some((*number, set.types[at.unwrap_or(0)])),
        _ => None,
    };
    let micros = |at: Option<usize>| {
        number(at).map(|(value, of)| if of == playhead_ports::FieldType::Date { value * 86_400_000_000 } else { value })
    };
    let offset = i64::try_from(message.offset.0).unwrap_or(i64::MAX);
    let load_time = micros(program.load_time).unwrap_or_else(|| mark.load_time.0.saturating_mul(1_000));
    let named = program.record_source.and_then(|at| root[at].to_text(set.types[at]));
    let record_source = match (named, &mark.record_source) {
        (Some(text), _) => SmolStr::from(text),
        (None, Some(text)) => SmolStr::new(text),
        (None, None) => SmolStr::new(message.at.topic.as_str()),
    };
    let whole = Digest::of(Algorithm::Sha256, &message.bytes);
    identity.add(Some(&program.name));
    let (content, place, version);
    if program.is_staged {
        // The rows of one load of one record source are one message: a set is whole, and a load that comes again is the same.
        identity.add(Some(&record_source));
        identity.add(Some(&load_time.to_string()));
        content = None;
        version = load_time;
        let start: [u8; 8] = whole.as_bytes()[..8].try_into().expect("a hash has more bytes");
        place = i64::from_be_bytes(start) & i64::MAX;
    } else {
        for at in &program.identity {
            let text = root[*at].to_text(set.types[*at]);
            if text.is_none() {
                return Err(format!("{}: is missing, and part of the identity", set.names[*at]));
            }
            identity.add(text.as_deref());
        }
        content = Some(short(&whole));
        version = number(program.version).map_or(offset, |(number, _)| number);
        place = 0;
    }
    let hash = short(&identity.diff());
    Ok(Around {
        content: content.unwrap_or_else(|| hash.clone()),
        message: hash,
        version,
        place,
        event_time: micros(program.event_time).unwrap_or_else(|| received(program, message, load_time)),
        load_time,
        record_source,
        payload: message.bytes.clone(),
        headers: headers_text(&message.headers),
        topic: SmolStr::new(message.at.topic.as_str()),
        partition: i64::from(message.at.partition),
        offset,
    })
}

fn received(program: &Program, message: &Message, load_time: i64) -> i64 {
    if program.is_staged { load_time } else { message.received_time.0.saturating_mul(1_000) }
}

/// Half of a hash tells messages apart: 16 bytes.
fn short(digest: &Digest) -> Bytes {
    Bytes::copy_from_slice(&digest.as_bytes()[..16])
}

/// The temporary tables of a batch.
struct Tables {
    messages: Option<Staged>,
    sets: Vec<Option<Staged>>,
    writer: Writer,
}

impl Tables {
    fn new(program: &Program) -> Self {
        Self {
            messages: program.messages.as_ref().map(|stage| stage.empty.clone()),
            sets: program.sets.iter().map(|set| set.stage.as_ref().map(|stage| stage.empty.clone())).collect(),
            writer: Writer::new(Hasher::new(program.rules)),
        }
    }

    fn write(&mut self, program: &Program, around: &Around, (root, rows): Rows<'_, '_>) {
        let Self { messages, sets, writer } = self;
        let own = &program.sets[0];
        if let (Some(stage), Some(to)) = (&program.messages, messages) {
            writer.row(stage, to, root, &own.types, around);
        }
        let before: Vec<usize> = sets.iter().map(|to| to.as_ref().map_or(0, Staged::rows)).collect();
        if let (Some(stage), Some(to)) = (&own.stage, &mut sets[0]) {
            writer.row(stage, to, root, &own.types, around);
        }
        let mut around = around.clone();
        let first = around.place;
        let mut places = vec![0; sets.len()];
        for (index, row) in rows {
            let set = &program.sets[*index];
            let (Some(stage), Some(to)) = (&set.stage, &mut sets[*index]) else { continue };
            around.place = first.wrapping_add(places[*index]) & i64::MAX;
            places[*index] += 1;
            writer.row(stage, to, row, &set.types, &around);
        }
        for ((set, to), from) in program.sets.iter().zip(sets).zip(before) {
            // The sets of staged rows are as wide as the load, and filled when it is whole.
            if let (Some(stage), Some(to), false) = (&set.stage, to, program.is_staged) {
                fill_sets(stage, to, from, program.rules.algorithm);
            }
        }
    }

    fn finish(&mut self, program: &Program) {
        for (set, to) in program.sets.iter().zip(&mut self.sets) {
            if let (Some(stage), Some(to), true) = (&set.stage, to, program.is_staged) {
                fill_sets(stage, to, 0, program.rules.algorithm);
            }
        }
    }

    fn filled(self) -> Vec<Staged> {
        self.messages.into_iter().chain(self.sets.into_iter().flatten()).filter(|table| table.rows() > 0).collect()
    }
}

#[cfg(test)]
#[path = "take_tests.rs"]
mod tests;
