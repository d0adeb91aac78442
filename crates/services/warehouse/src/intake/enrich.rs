//! What dictionaries say: pinned first, then what they know now; and what of it is pinned.
//!
//! A pin is an object with a field for every question that was asked of the entry: its path, and where an element was looked
//! for, by what. So the same questions have the same answers at a replay, and a pin stays small whatever the entry is.

use std::collections::HashMap;

use bytes::Bytes;
use playhead_ports::{DictionaryKey, FieldType};

use super::json::{Document, write_text};
use super::model::{Enrichment, MessageVersion, Pin};
use super::program::LookupProgram;
use super::value::{Raw, Value};
use super::walk::Tree;
use crate::spec::Miss;

/// An entry that is known, read.
struct Entry<'e> {
    text: &'e str,
    document: Document,
}

impl<'e> Entry<'e> {
    /// Bytes that are no JSON say nothing.
    fn read(bytes: &'e Bytes) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut document = Document::default();
        document.read(text).ok()?;
        Some(Self { text, document })
    }

    fn tree(&self) -> Tree<'e, '_> {
        Tree { text: self.text, document: &self.document }
    }

    /// The answer; none if there is no such element.
    fn answer(&self, lookup: &LookupProgram, matching: &[(&str, Option<String>)]) -> Option<Raw<'e>> {
        let tree = self.tree();
        let mut at = Document::ROOT;
        if let Some(within) = &lookup.within {
            let array = tree.find(at, within).ok()??;
            let has = |element, (field, value): &(&str, Option<String>)| {
                let found = self.document.field(self.text, element, field).ok().flatten();
                text_of(&tree.raw(found)).is_some_and(|found| value.as_deref() == Some(found))
            };
            at = self.document.elements(array).find(|element| matching.iter().all(|pair| has(*element, pair)))?;
        }
        Some(tree.raw(tree.find(at, &lookup.path).ok()?))
    }
}

fn text_of<'r>(raw: &'r Raw<'_>) -> Option<&'r str> {
    match raw {
        Raw::Text(text) => Some(text),
        Raw::Number(text) => Some(text),
        _ => None,
    }
}

/// Questions, each with its answer as JSON.
type Answers = Vec<(String, String)>;

/// What was asked for one message.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// What is not known.
    pub(super) missing: Vec<DictionaryKey>,
    /// What was answered, by entry. None: there is no such entry.
    answers: Vec<(DictionaryKey, Option<Answers>)>,
}

impl Asked {
    fn miss(&mut self, key: DictionaryKey) {
        if !self.missing.contains(&key) {
            self.missing.push(key);
        }
    }

    fn note(&mut self, key: DictionaryKey, question: String, answer: &Raw<'_>) {
        let mut json = String::new();
        match answer {
            Raw::Nothing => json.push_str("null"),
            Raw::Text(text) => write_text(text, &mut json),
            Raw::Number(text) | Raw::Whole(text) => json.push_str(text),
            Raw::Bool(yes) => json.push_str(if *yes { "true" } else { "false" }),
        }
        let at = self.answers.iter().position(|(noted, _)| *noted == key).unwrap_or_else(|| {
            self.answers.push((key, None));
            self.answers.len() - 1
        });
        let answers = self.answers[at].1.get_or_insert_default();
        if !answers.iter().any(|(noted, _)| *noted == question) {
            answers.push((question, json));
        }
    }

    /// The pins of a version.
    pub(super) fn pins(self, version: &MessageVersion) -> impl Iterator<Item = Pin> {
        self.answers.into_iter().map(|(key, answers)| {
            let entry = answers.map(|answers| {
                let mut json = String::from("{");
                for (at, (question, answer)) in answers.iter().enumerate() {
                    json.push_str(if at > 0 { "," } else { "" });
                    write_text(question, &mut json);
                    json.push(':');
                    json.push_str(answer);
                }
                json.push('}');
                Bytes::from(json)
            });
            Pin { version: version.clone(), key, entry }
        })
    }
}

/// What was looked up for a batch, read.
pub(super) struct Dictionaries<'e> {
    enrichment: &'e Enrichment,
    entries: HashMap<DictionaryKey, Option<Entry<'e>>>,
    /// What was pinned with the message at hand.
    pinned: HashMap<&'e DictionaryKey, Option<Entry<'e>>>,
}

impl<'e> Dictionaries<'e> {
    pub(super) fn new(enrichment: &'e Enrichment) -> Self {
        Self { enrichment, entries: HashMap::new(), pinned: HashMap::new() }
    }

    /// Asks from now on for that version.
    pub(super) fn turn_to(&mut self, version: &MessageVersion) {
        self.pinned.clear();
        if let Some(pinned) = self.enrichment.pinned.get(version) {
            let read = |entry: &'e Option<Bytes>| entry.as_ref().and_then(Entry::read);
            self.pinned.extend(pinned.iter().map(|(key, entry)| (key, read(entry))));
        }
    }

    /// The answer; none if it is not known, which is noted.
    pub(super) fn ask(
        &mut self,
        lookup: &LookupProgram,
        values: &[Value<'_>],
        types: &[FieldType],
        asked: &mut Asked,
    ) -> Option<Raw<'e>> {
        let Some(id) = values[lookup.by].to_text(types[lookup.by]) else { return Some(Raw::Nothing) };
        let key = lookup.key(&id);
        let matching = lookup.matching.iter().map(|(field, at)| (field.as_str(), values[*at].to_text(types[*at])));
        let matching: Vec<_> = matching.collect();
        let question = question(lookup, &matching);
        match self.pinned.get(&key) {
            Some(None) => return Some(Raw::Nothing),
            Some(Some(entry)) => {
                let place = entry.document.field(entry.text, Document::ROOT, &question).ok().flatten();
                if place.is_some() {
                    return Some(entry.tree().raw(place));
                }
            }
            None => {}
        }
        let is_pinned = self.pinned.contains_key(&key);
        let (enrichment, of) = (self.enrichment, key.clone());
        let entry = self.entries.entry(key).or_insert_with_key(|key| enrichment.entries.get(key).and_then(Entry::read));
        let answer = entry.as_ref().and_then(|entry| entry.answer(lookup, &matching));
        match (answer, lookup.on_miss) {
            (Some(answer), _) => {
                if !is_pinned {
                    asked.note(of, question, &answer);
                }
                Some(answer)
            }
            (None, Miss::Null) => {
                if entry.is_some() && !is_pinned {
                    asked.note(of, question, &Raw::Nothing);
                } else if !is_pinned && !asked.answers.iter().any(|(key, _)| *key == of) {
                    asked.answers.push((of, None));
                }
                Some(Raw::Nothing)
            }
            (None, Miss::Wait) => {
                asked.miss(of);
                None
            }
        }
    }
}

/// What is asked of an entry, as it is pinned.
fn question(lookup: &LookupProgram, matching: &[(&str, Option<String>)]) -> String {
    let Some(within) = &lookup.within else { return lookup.path.shown.clone() };
    let pairs = matching.iter().map(|(field, value)| match value {
        Some(value) => format!("{field}={value:?}"),
        None => field.to_string(),
    });
    format!("{}[{}].{}", within.shown, pairs.collect::<Vec<_>>().join(","), lookup.path.shown)
}
