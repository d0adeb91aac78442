//! A batch: gathered, made into rows, loaded. The log, files, replay and redrive all go this way.

use std::collections::HashMap;
use std::ops::AddAssign;
use std::sync::Arc;

use bytes::Bytes;
use playhead_domain::Timestamp;
use playhead_ports::{Advance, CommitError, DictionaryKey, SinkError, Staged};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::Pipeline;
use super::between::taken;
use super::staging::{Row, Value, staged};
use crate::intake::{Enrichment, Mark, Message, MessageVersion, Missed, Pin, Taken, headers_text};
use crate::plan::{StageOf, system};

/// How many texts of missing ids stand in a waiting message.
const MISSING_SHOWN: usize = 16;

/// What became of messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loaded {
    /// Taken in.
    pub loaded: u64,
    /// Waiting for a dictionary.
    pub waiting: u64,
    /// Rejected.
    pub rejected: u64,
}

impl AddAssign for Loaded {
    fn add_assign(&mut self, other: Self) {
        self.loaded += other.loaded;
        self.waiting += other.waiting;
        self.rejected += other.rejected;
    }
}

/// What a batch needs that is not in its messages.
#[derive(Debug, Clone)]
pub struct Gathered {
    enrichment: Enrichment,
    now: Timestamp,
    mark: Mark,
}

impl Gathered {
    /// The same for messages that were taken in at that time.
    pub(super) fn loaded_at(mut self, time: Timestamp) -> Self {
        self.mark.load_time = time;
        self
    }
}

/// What dictionaries said when versions were first taken.
pub(super) type Pinned = HashMap<MessageVersion, HashMap<DictionaryKey, Option<Bytes>>>;

/// A batch that is ready to be loaded.
#[derive(Debug, Clone, Default)]
pub(super) struct Made {
    pub(super) staged: Arc<Vec<Staged>>,
    /// What of it is pinned, for those who come next before it is in.
    pub(super) pinned: Arc<Pinned>,
    /// The places of messages that are rejected, with the reason.
    pub(super) rejects: Vec<(usize, String)>,
    pub(super) counts: Loaded,
}

impl Pipeline {
    /// Looks up what messages of a source ask dictionaries. `before` was pinned by a batch that may not be in yet. Changes
    /// nothing.
    pub(super) async fn gather(
        &self,
        source: &str,
        messages: &[Message],
        before: &Pinned,
    ) -> Result<Gathered, SinkError> {
        let mark = Mark { load_time: self.load_time(), record_source: self.record_source().map(Into::into) };
        let mut gathered = Gathered { enrichment: Enrichment::default(), now: self.now(), mark };
        if self.spec().dictionary.is_empty() {
            return Ok(gathered);
        }
        let wanted = self.intake().wanted(source, messages);
        let on_their_way = |version: &MessageVersion| Some((version.clone(), before.get(version)?.clone()));
        let on_their_way: Pinned = wanted.versions.iter().filter_map(on_their_way).collect();
        let versions = wanted.versions.into_iter().collect();
        gathered.enrichment.pinned = self.pins(versions).await?;
        for (version, pins) in on_their_way {
            gathered.enrichment.pinned.entry(version).or_default().extend(pins);
        }
        let keys: Vec<DictionaryKey> = wanted.entries.into_iter().collect();
        let found = self.dictionaries().get(&keys).await.map_err(|error| SinkError::Transient(error.to_string()))?;
        let known = keys.into_iter().zip(found).filter_map(|(key, entry)| Some((key, entry?)));
        gathered.enrichment.entries = known.collect::<HashMap<_, _>>();
        Ok(gathered)
    }

    /// Makes rows of messages of a source. `deadlines` has those of messages that wait already, ms since 1970.
    pub(super) fn make(
        &self,
        source: &str,
        gathered: &Gathered,
        messages: &[Message],
        deadline: impl Fn(usize) -> Option<i64>,
    ) -> Made {
        let taken = self.intake().take(source, messages, &gathered.enrichment, &gathered.mark);
        let Taken { staged: mut tables, mut rejects, misses, pins } = taken;
        let mut waiting = Vec::new();
        for miss in misses {
            let until = deadline(miss.place).unwrap_or_else(|| self.waits_until(&miss, gathered.now));
            let missing = missing_text(&miss.missing);
            if until <= gathered.now.0 {
                rejects.push((miss.place, format!("enrich: no dictionary has learned {missing} in time")));
            } else {
                waiting.push((miss, missing, until));
            }
        }
        rejects.sort_by_key(|(place, _)| *place);
        let counts = Loaded {
            loaded: (messages.len() - rejects.len() - waiting.len()) as u64,
            waiting: waiting.len() as u64,
            rejected: rejects.len() as u64,
        };
        tables.extend(self.staged_pins(&pins, gathered.mark.load_time));
        let rows = waiting.iter().map(|(miss, missing, until)| {
            let mut row = place_of(source, &messages[miss.place], gathered.mark.load_time);
            row.extend([
                (system::MESSAGE, Value::Bytes(Some(miss.version.message.clone()))),
                (system::VERSION, Value::Int(Some(miss.version.version))),
                (system::CONTENT, Value::Bytes(Some(miss.version.content.clone()))),
                ("missing", missing.as_str().into()),
                ("deadline", Value::Int(Some(until.saturating_mul(1_000)))),
            ]);
            row
        });
        tables.extend(self.staged_shared(StageOf::Waiting, rows.collect()));
        let rows = rejects.iter().map(|(place, reason)| {
            self.reject_row(source, &messages[*place], "prepare", reason, gathered.mark.load_time)
        });
        tables.extend(self.staged_shared(StageOf::Rejects, rows.collect()));
        let mut pinned = Pinned::default();
        for Pin { version, key, entry } in pins {
            pinned.entry(version).or_default().insert(key, entry);
        }
        Made { staged: Arc::new(tables), pinned: Arc::new(pinned), rejects, counts }
    }

    /// Loads what was made with the advance of checkpoints, together or not at all.
    pub(super) async fn load(&self, made: &Made, advances: &[Advance]) -> Result<(), CommitError> {
        let mut tables = Vec::clone(&made.staged);
        if self.input().is_some() && !advances.is_empty() {
            tables.push(taken(advances));
        }
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        let statements = self.statements(&names);
        if !made.staged.is_empty() {
            tables.extend(self.plan().work_tables());
        }
        self.target().load(self.name(), &tables, &statements, advances).await.map(|_| ())
    }

    /// Takes messages of a source in, past any checkpoint; what is there already stays as it is. A batch that fails is
    /// halved until the message that it fails for is alone, which is rejected.
    pub(super) async fn take_in(
        &self,
        source: &str,
        messages: Vec<Message>,
        deadline: &(dyn Fn(&Message) -> Option<i64> + Send + Sync),
    ) -> Result<Loaded, CommitError> {
        let mut all = Loaded::default();
        let mut left = vec![messages];
        while let Some(mut messages) = left.pop() {
            if messages.is_empty() {
                continue;
            }
            let gathered = self
                .gather(source, &messages, &Pinned::default())
                .await
                .map_err(|error| CommitError::Transient(error.to_string()))?;
            let made = self.make(source, &gathered, &messages, |place| deadline(&messages[place]));
            match self.load(&made, &[]).await {
                Ok(()) => all += made.counts,
                Err(CommitError::Permanent(reason)) if messages.len() == 1 => {
                    self.reject(source, &messages[0], &reason).await?;
                    all.rejected += 1;
                }
                Err(CommitError::Permanent(_)) => {
                    left.push(messages.split_off(messages.len() / 2));
                    left.push(messages);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    /// Notes a message that the target will never take.
    pub(super) async fn reject(&self, source: &str, message: &Message, reason: &str) -> Result<(), CommitError> {
        let row = self.reject_row(source, message, "commit", reason, self.load_time());
        let staged = self.staged_shared(StageOf::Rejects, vec![row]).into_iter().collect();
        self.load(&Made { staged: Arc::new(staged), ..Made::default() }, &[]).await
    }

    fn waits_until(&self, miss: &Missed, now: Timestamp) -> i64 {
        let of = |key: &DictionaryKey| self.spec().dictionary.get(key.dictionary.as_str()).map_or(0, |of| of.wait_s);
        let wait_s = miss.missing.iter().map(of).max().unwrap_or(0);
        now.0.saturating_add(i64::try_from(wait_s).unwrap_or(i64::MAX).saturating_mul(1_000)).min(Timestamp::MAX.0)
    }

    fn staged_shared(&self, of: StageOf, rows: Vec<Row>) -> Option<Staged> {
        let stage = self.shared_stage(of).filter(|_| !rows.is_empty())?;
        Some(staged(stage, &rows))
    }

    fn staged_pins(&self, pins: &[Pin], load_time: Timestamp) -> Option<Staged> {
        let row = |pin: &Pin| -> Row {
            let entry = pin.entry.as_ref().map(|entry| SmolStr::new(String::from_utf8_lossy(entry)));
            [
                (system::MESSAGE, Value::Bytes(Some(pin.version.message.clone()))),
                (system::VERSION, Value::Int(Some(pin.version.version))),
                (system::CONTENT, Value::Bytes(Some(pin.version.content.clone()))),
                ("dictionary", pin.key.dictionary.as_str().into()),
                ("id", pin.key.id.as_str().into()),
                ("entry", Value::Text(entry)),
                (system::LOAD_TIME, micros(load_time)),
            ]
            .into()
        };
        self.staged_shared(StageOf::Pins, pins.iter().map(row).collect())
    }

    fn reject_row(&self, source: &str, message: &Message, stage: &str, reason: &str, load_time: Timestamp) -> Row {
        let (stage, reason) = match reason.strip_prefix("enrich: ") {
            Some(reason) => ("enrich", reason),
            None => (stage, reason),
        };
        let mut row = place_of(source, message, load_time);
        row.extend([("stage", stage.into()), ("reason", Value::from(reason))]);
        row
    }
}

/// What is kept of a message that is not loaded.
fn place_of(source: &str, message: &Message, load_time: Timestamp) -> Row {
    [
        ("_source", source.into()),
        (system::TOPIC, message.at.topic.as_str().into()),
        (system::PARTITION, Value::Int(Some(i64::from(message.at.partition)))),
        (system::OFFSET, Value::Int(i64::try_from(message.offset.0).ok())),
        (system::LOAD_TIME, micros(load_time)),
        (system::PAYLOAD, Value::Bytes(Some(message.bytes.clone()))),
        (system::HEADERS, Value::Text(headers_text(&message.headers))),
    ]
    .into()
}

fn micros(time: Timestamp) -> Value {
    Value::Int(Some(time.0.saturating_mul(1_000)))
}

fn missing_text(missing: &[DictionaryKey]) -> String {
    let shown = missing.iter().take(MISSING_SHOWN).map(|key| format!("{} {}", key.dictionary, key.id));
    let shown = shown.collect::<Vec<_>>().join(", ");
    if missing.len() > MISSING_SHOWN { format!("{shown} and {} more", missing.len() - MISSING_SHOWN) } else { shown }
}
