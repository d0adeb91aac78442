//! The meaning of positions and marts, written down once more: slowly, from all events at once, without the program's code.

use std::collections::{BTreeMap, BTreeSet};

use crate::feed::Sent;

const DAY_MS: i64 = 86_400_000;
const SLICES: usize = 32;

type Event = (u64, i64, u64, u8, Option<u64>);

/// The row of a user and video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserVideo {
    pub(crate) position_ms: u64,
    pub(crate) resume_ms: u64,
    pub(crate) completed: bool,
    pub(crate) watched_ms: u64,
    pub(crate) unique_ms: u64,
    pub(crate) plays: u64,
    pub(crate) first: i64,
    pub(crate) last: i64,
}

/// All marts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) events: usize,
    pub(crate) user_video: BTreeMap<(String, String), UserVideo>,
    /// (video, day) to plays, viewers, watched, completions.
    pub(crate) daily: BTreeMap<(String, i64), [i64; 4]>,
    pub(crate) retention: BTreeMap<(String, i64), i64>,
}

fn kind_number(kind: &str) -> u8 {
    ["progress", "seek", "pause", "ended"].iter().position(|name| *name == kind).expect("a kind") as u8
}

fn completes(event: &Event) -> bool {
    let past = event.4.is_some_and(|duration| event.2 as f64 >= duration as f64 * 0.95);
    event.3 == 3 || (event.3 != 1 && past)
}

impl Reference {
    pub(crate) fn of(sent: &[Sent]) -> Self {
        let mut pairs: BTreeMap<(String, String), BTreeMap<String, BTreeSet<Event>>> = BTreeMap::new();
        for s in sent {
            let play = s.play.clone().unwrap_or_else(|| format!("~{}", s.time.div_euclid(DAY_MS)));
            let event = (s.seq.unwrap_or(s.time as u64), s.time, s.position, kind_number(s.kind), s.duration);
            pairs.entry((s.user.clone(), s.video.clone())).or_default().entry(play).or_default().insert(event);
        }
        let mut reference = Self::default();
        for (pair, plays) in pairs {
            let plays: BTreeMap<String, Vec<Event>> =
                plays.into_iter().map(|(play, events)| (play, one_an_identity(events))).collect();
            reference.add(&pair, &plays);
        }
        reference
    }

    fn add(&mut self, pair: &(String, String), plays: &BTreeMap<String, Vec<Event>>) {
        let mut points = BTreeSet::new();
        let mut percents = BTreeSet::new();
        let mut days: BTreeMap<i64, [i64; 4]> = BTreeMap::new();
        let mut watched = 0;
        for events in plays.values() {
            self.events += events.len();
            days.entry(events[0].1.div_euclid(DAY_MS)).or_default()[0] += 1;
            for event in events {
                days.entry(event.1.div_euclid(DAY_MS)).or_default()[1] = 1;
            }
            if let Some(completing) = events.iter().find(|event| completes(event)) {
                days.entry(completing.1.div_euclid(DAY_MS)).or_default()[3] += 1;
            }
            for two in events.windows(2) {
                let (a, b) = (&two[0], &two[1]);
                let length = b.2 as i64 - a.2 as i64;
                if b.3 == 1 || length < 0 || length > 4 * (b.1 - a.1) + 1_000 {
                    continue;
                }
                watched += length as u64;
                days.entry(b.1.div_euclid(DAY_MS)).or_default()[2] += length;
                points.insert((a.2, b.2));
                let Some(duration) = b.4.filter(|_| length > 0) else { continue };
                for percent in 0..100_u64 {
                    let (from, to) = (percent * duration, (percent + 1) * duration);
                    let last = percent == 99 && b.2 * 100 > 99 * duration;
                    if last || (a.2 * 100 < to && b.2 * 100 > from) {
                        percents.insert(percent as i64);
                    }
                }
            }
        }
        let all = || plays.values().flatten();
        let (position_ms, resume_ms, completed) = read(plays);
        let row = UserVideo {
            position_ms,
            resume_ms,
            completed,
            watched_ms: watched,
            unique_ms: union(&points),
            plays: plays.len() as u64,
            first: all().map(|event| event.1).min().expect("an event"),
            last: all().map(|event| event.1).max().expect("an event"),
        };
        self.user_video.insert(pair.clone(), row);
        for (day, share) in days {
            let total = self.daily.entry((pair.1.clone(), day)).or_default();
            for (total, share) in total.iter_mut().zip(share) {
                *total += share;
            }
        }
        for percent in percents {
            *self.retention.entry((pair.1.clone(), percent)).or_default() += 1;
        }
    }
}

/// Of two events of one identity one that is `ended` holds, then one that completes the play, then the greater.
fn one_an_identity(events: BTreeSet<Event>) -> Vec<Event> {
    let mut held: BTreeMap<(u64, i64), Event> = BTreeMap::new();
    let weight = |event: &Event| (event.3 == 3, completes(event), *event);
    for event in events {
        let of_identity = held.entry((event.0, event.1)).or_insert(event);
        if weight(&event) > weight(of_identity) {
            *of_identity = event;
        }
    }
    held.into_values().collect()
}

fn union(stretches: &BTreeSet<(u64, u64)>) -> u64 {
    let (mut total, mut reached) = (0, 0);
    for (from, to) in stretches {
        let from = (*from).max(reached);
        if *to > from {
            total += to - from;
            reached = *to;
        }
    }
    total
}

/// Position, resume point and completion, over the slices of the greatest (day, play).
fn read(plays: &BTreeMap<String, Vec<Event>>) -> (u64, u64, bool) {
    let mut slices: BTreeSet<(i64, &str)> = BTreeSet::new();
    for (play, events) in plays {
        slices.extend(events.iter().map(|event| (event.1.div_euclid(DAY_MS), play_key(play))));
    }
    let kept: BTreeSet<_> = slices.iter().rev().take(SLICES).copied().collect();
    let mut seen: Vec<(&str, Vec<&Event>)> = plays
        .iter()
        .map(|(play, events)| {
            let events = events.iter().filter(|event| kept.contains(&(event.1.div_euclid(DAY_MS), play_key(play))));
            (play.as_str(), events.collect::<Vec<_>>())
        })
        .filter(|(_, events)| !events.is_empty())
        .collect();
    seen.sort_by_key(|(play, events)| (events[0].1, *play));
    let last = |events: &[&Event]| **events.last().expect("an event");
    let newest = seen.iter().max_by_key(|(play, events)| (last(events).1, *play)).expect("a play");
    let (mut resume, mut completed, mut settled_before) = (0, false, false);
    for (play, events) in &seen {
        let times: Vec<i64> = events.iter().map(|event| event.1).collect();
        let span = times.iter().max().expect("a time") - times.iter().min().expect("a time");
        let settled = play.starts_with('~')
            || span >= 30_000
            || events[0].2.abs_diff(resume) <= 30_000
            || events.iter().any(|event| event.3 == 3);
        if settled || !settled_before {
            completed = settled && events.iter().any(|event| completes(event));
            resume = if completed { 0 } else { last(events).2 };
        }
        settled_before |= settled;
    }
    (last(&newest.1).2, resume, completed)
}

/// Derived plays are compared by their day, which the test's names keep.
fn play_key(play: &str) -> &str {
    play
}
