//! What a batch must know of its keys: gathered by key from the working state, never by scanning history.

use std::collections::{HashMap, HashSet};

use playhead_domain::{Fact, Offset, PairWork, PlayWork, Stable, WatchEvent};
use playhead_ports::{SinkError, Working, WorkingError, WorkingKey};
use serde::de::DeserializeOwned;

use super::content::Content;
use super::keys::{self, EventKeys, Pair};

/// A fact with its place.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) partition: u32,
    pub(crate) offset: Offset,
    pub(crate) fact: Fact,
}

/// What is known of the keys of a batch.
#[derive(Debug, Default)]
pub struct Context {
    pub(crate) facts: Vec<Placed>,
    /// The keys of each event, in the order of the events among the facts.
    pub(crate) keys: Vec<EventKeys>,
    /// Records that are no facts, as (place in the batch, why).
    pub(crate) unknown: Vec<(usize, String)>,
    pub(crate) pairs: HashMap<Pair, PairWork>,
    pub(crate) plays: HashMap<WorkingKey, PlayWork>,
    /// Events of the batch that are stored already.
    pub(crate) known: HashMap<WorkingKey, Content>,
    /// All stored events of the pairs that have a late one.
    pub(crate) histories: HashMap<Pair, Vec<(WorkingKey, Content)>>,
    /// The stored keys of each forgetting, by its place among the facts.
    pub(crate) forgotten: HashMap<usize, Vec<WorkingKey>>,
}

impl Context {
    /// Looks up what the facts need.
    pub(crate) async fn gather(working: &dyn Working, facts: Vec<Placed>) -> Result<Self, SinkError> {
        let keys = keys::of_events(facts.iter().filter_map(event_of));
        let mut context = Self { facts, keys, ..Self::default() };
        context.find_forgotten(working).await?;
        context.find_pairs(working).await?;
        context.find_plays(working).await?;
        context.find_late(working).await?;
        Ok(context)
    }

    fn events(&self) -> impl Iterator<Item = (&WatchEvent, &EventKeys)> {
        self.facts.iter().filter_map(event_of).zip(&self.keys)
    }

    /// A forgetting touches every pair of its user, so all of their keys are found.
    async fn find_forgotten(&mut self, working: &dyn Working) -> Result<(), SinkError> {
        for (place, placed) in self.facts.iter().enumerate() {
            let Fact::Forgotten(forget) = &placed.fact else { continue };
            let mut found = Vec::new();
            for kind in keys::KINDS {
                let prefix = keys::prefix(kind, &forget.user_id, forget.video_id.as_ref());
                for (key, value) in working.scan(&prefix).await.map_err(away)? {
                    if kind == keys::PAIR
                        && let Some(video) = keys::video_of_pair(&key)
                    {
                        self.pairs.insert((forget.user_id.clone(), video), decode(&value)?);
                    }
                    found.push(key);
                }
            }
            self.forgotten.insert(place, found);
        }
        Ok(())
    }

    async fn find_pairs(&mut self, working: &dyn Working) -> Result<(), SinkError> {
        let wanted: HashSet<Pair> = self
            .facts
            .iter()
            .filter_map(|placed| match &placed.fact {
                Fact::Watched(event) => Some((event.user_id.clone(), event.video_id.clone())),
                Fact::Marked(mark) => Some((mark.user_id.clone(), mark.video_id.clone())),
                Fact::Forgotten(_) | Fact::Described(_) => None,
            })
            .filter(|pair| !self.pairs.contains_key(pair))
            .collect();
        let wanted: Vec<Pair> = wanted.into_iter().collect();
        let keys = wanted.iter().map(|(user, video)| keys::pair(user, video)).collect();
        let found = working.get(keys).await.map_err(away)?;
        for (pair, value) in wanted.into_iter().zip(found) {
            let work = value.map_or(Ok(PairWork::default()), |value| decode(&value))?;
            self.pairs.insert(pair, work);
        }
        Ok(())
    }

    async fn find_plays(&mut self, working: &dyn Working) -> Result<(), SinkError> {
        let wanted: HashSet<&WorkingKey> = self.keys.iter().map(|keys| &keys.play).collect();
        let found = get_all(working, wanted.into_iter().cloned().collect()).await?;
        self.plays = found;
        Ok(())
    }

    /// An event that is not newer than all of its play is a duplicate or late. What is stored of it tells which; for a late
    /// one all events of its pair are read.
    async fn find_late(&mut self, working: &dyn Working) -> Result<(), SinkError> {
        let suspects = self.suspects();
        if suspects.is_empty() {
            return Ok(());
        }
        let wanted = suspects.iter().map(|(key, _, _)| key.clone()).collect();
        self.known = get_all(working, wanted).await?;
        let late: HashSet<Pair> = suspects
            .into_iter()
            .filter(|(key, content, _)| self.known.get(key).is_none_or(|held| content.beats(held)))
            .map(|(_, _, pair)| pair)
            .collect();
        for pair in late {
            let stored = working.scan(&keys::events_of(&pair.0, &pair.1)).await.map_err(away)?;
            let history =
                stored.into_iter().map(|(key, value)| Ok((key, decode(&value)?))).collect::<Result<_, _>>()?;
            self.histories.insert(pair, history);
        }
        Ok(())
    }

    /// Events that do not simply go on, but for repetitions within the batch.
    fn suspects(&self) -> Vec<(WorkingKey, Content, Pair)> {
        let mut newest: HashMap<&WorkingKey, u64> =
            self.plays.iter().map(|(key, play)| (key, play.newest.seq)).collect();
        let mut in_batch: HashMap<&WorkingKey, Content> = HashMap::with_capacity(self.keys.len());
        let mut suspects = Vec::new();
        for (event, keys) in self.events() {
            let content = Content::of(event);
            let goes_on = newest.get(&keys.play).is_none_or(|&seq| event.seq > seq);
            if goes_on {
                newest.insert(&keys.play, event.seq);
                in_batch.insert(&keys.event, content);
            } else if in_batch.get(&keys.event).is_none_or(|held| content.beats(held)) {
                suspects.push((keys.event.clone(), content, (event.user_id.clone(), event.video_id.clone())));
            }
        }
        suspects
    }
}

fn event_of(placed: &Placed) -> Option<&WatchEvent> {
    match &placed.fact {
        Fact::Watched(event) => Some(event),
        _ => None,
    }
}

async fn get_all<T: DeserializeOwned>(
    working: &dyn Working,
    keys: Vec<WorkingKey>,
) -> Result<HashMap<WorkingKey, T>, SinkError> {
    let found = working.get(keys.clone()).await.map_err(away)?;
    keys.into_iter()
        .zip(found)
        .filter_map(|(key, value)| Some((key, value?)))
        .map(|(key, value)| Ok((key, decode(&value)?)))
        .collect()
}

fn decode<T: DeserializeOwned>(value: &[u8]) -> Result<T, SinkError> {
    Stable::decode(value)
        .map_err(|error| SinkError::Permanent(format!("working state: {error}; run `playhead rebuild marts`")))
}

fn away(error: WorkingError) -> SinkError {
    SinkError::Transient(error.to_string())
}
