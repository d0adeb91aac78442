//! The virtual viewers: what each does next, and what the server has acknowledged of it.
//!
//! What is expected of a read is worked out by the rules themselves ([`State`], [`Position`]), from the acknowledged events.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fastrand::Rng;
use playhead_domain::{Kind, Moment, Offset, PlayId, Position, State, Timestamp};

use crate::zipf::Zipf;

/// More shards than there are workers, so that they seldom meet.
const SHARDS: usize = 256;

/// A viewer and a video, by their ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) user: u32,
    pub(crate) video: u32,
}

/// The place of an event in merge order. A viewer's events are made in this order: times do not fall, plays and numbers rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Order {
    pub(crate) event_time: Timestamp,
    pub(crate) play: u32,
    pub(crate) seq: u64,
}

/// An event as it is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    pub(crate) key: Key,
    pub(crate) play: u32,
    pub(crate) moment: Moment,
}

impl Event {
    fn order(&self) -> Order {
        Order { event_time: self.moment.event_time, play: self.play, seq: self.moment.seq }
    }
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Acknowledged: it must be there for ever.
    Acknowledged,
    /// Refused: it is not there.
    Refused,
    /// No answer that says so: it may be there.
    Unknown,
}

/// What is remembered of a (user, video).
#[derive(Debug, Default)]
struct Memory {
    /// All acknowledged events.
    state: State,
    newest: Option<Order>,
    /// Events without an answer that says what became of them.
    unknown: u64,
}

/// What a read must give.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) key: Key,
    /// At least this.
    pub(crate) newest: Order,
    /// Exactly this, where the fate of every event is known.
    pub(crate) exact: Option<Position>,
}

/// Where a viewer is.
#[derive(Debug)]
struct Viewer {
    video: u32,
    play: u32,
    seq: u64,
    second: u64,
    last_time: Timestamp,
    kind: Kind,
}

#[derive(Default)]
struct Shard {
    viewers: HashMap<u32, Viewer>,
    memories: HashMap<Key, Memory>,
}

/// All viewers.
pub(crate) struct Audience {
    run: String,
    users: Zipf,
    videos: Zipf,
    shards: Vec<Mutex<Shard>>,
    keys_per_shard_max: usize,
    /// Events of pairs beyond those that are remembered.
    not_remembered: AtomicU64,
}

/// Seconds that a viewer plays between two events.
const STEP_S: u64 = 10;

impl Audience {
    pub(crate) fn new(run: &str, users: u32, videos: u32, keys_max: usize) -> Self {
        Self {
            run: run.to_owned(),
            users: Zipf::new(users),
            videos: Zipf::new(videos),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            keys_per_shard_max: keys_max.div_ceil(SHARDS),
            not_remembered: AtomicU64::new(0),
        }
    }

    /// The user's id. It has the run's name, so that a run knows all that was ever said of its users.
    pub(crate) fn user_id(&self, user: u32) -> String {
        format!("load-{}-{user}", self.run)
    }

    /// The play's id, rising with its number. Unique for a user, which is what the identity of an event asks for.
    pub(crate) fn play_id(&self, play: u32) -> String {
        format!("{}-{play:08}", self.run)
    }

    /// The next event of a viewer chosen by Zipf's law.
    pub(crate) fn next_event(&self, rng: &mut Rng, now: Timestamp) -> Event {
        let user = self.users.sample(rng);
        let mut shard = self.shard(user);
        let event = match shard.viewers.get_mut(&user) {
            Some(viewer) => {
                viewer.go_on(rng, &self.videos, now);
                viewer.event(user)
            }
            None => {
                let viewer = Viewer::new(self.videos.sample(rng), now);
                let event = viewer.event(user);
                shard.viewers.insert(user, viewer);
                event
            }
        };
        drop(shard);
        event
    }

    /// Notes what became of an event.
    pub(crate) fn note(&self, event: &Event, fate: Fate) {
        if fate == Fate::Refused {
            return;
        }
        let mut shard = self.shard(event.key.user);
        if shard.memories.len() >= self.keys_per_shard_max && !shard.memories.contains_key(&event.key) {
            self.not_remembered.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let memory = shard.memories.entry(event.key).or_default();
        if fate == Fate::Unknown {
            memory.unknown += 1;
            return;
        }
        let play_id = PlayId::from_stored(&self.play_id(event.play));
        memory.state.join(&State::of_event(play_id, event.moment, Offset(0)));
        memory.newest = memory.newest.max(Some(event.order()));
    }

    /// What to read, and the newest event that was acknowledged of it. Nothing before anyone has watched.
    pub(crate) fn next_read(&self, rng: &mut Rng) -> (Key, Option<Order>) {
        let user = self.users.sample(rng);
        let shard = self.shard(user);
        let video = shard.viewers.get(&user).map_or_else(|| self.videos.sample(rng), |viewer| viewer.video);
        let key = Key { user, video };
        let newest = shard.memories.get(&key).and_then(|memory| memory.newest);
        drop(shard);
        (key, newest)
    }

    /// What a read of every remembered pair must give from now on, sorted by user.
    pub(crate) fn expected(&self) -> Vec<Expected> {
        let mut all = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            all.extend(shard.memories.iter().filter_map(|(&key, memory)| {
                let exact = (memory.unknown == 0).then(|| Position::of(&memory.state)).flatten();
                Some(Expected { key, newest: memory.newest?, exact })
            }));
        }
        all.sort_by_key(|expected| expected.key);
        all
    }

    /// Events of pairs that were not remembered, because there were too many.
    pub(crate) fn not_remembered(&self) -> u64 {
        self.not_remembered.load(Ordering::Relaxed)
    }

    fn shard(&self, user: u32) -> MutexGuard<'_, Shard> {
        lock(&self.shards[user as usize % SHARDS])
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The video's id.
pub(crate) fn video_id(video: u32) -> String {
    format!("load-video-{video}")
}

/// The video's length: 10 to 120 minutes, always the same for a video.
fn duration_s(video: u32) -> u64 {
    600 + u64::from(video) * 7_919 % 6_600
}

impl Viewer {
    fn new(video: u32, now: Timestamp) -> Self {
        Self { video, play: 1, seq: 1, second: 0, last_time: now, kind: Kind::Progress }
    }

    /// Plays on, mostly; now and then jumps, gives up, and at the end begins another video.
    fn go_on(&mut self, rng: &mut Rng, videos: &Zipf, now: Timestamp) {
        self.last_time = self.last_time.max(now);
        if self.kind == Kind::Ended || rng.u32(0..200) == 0 {
            let (video, play) = (videos.sample(rng), self.play + 1);
            *self = Self { video, play, last_time: self.last_time, ..Self::new(video, now) };
            // Some take up where they or others have stopped.
            if rng.u32(0..4) == 0 {
                self.second = rng.u64(0..duration_s(video) / 2);
            }
            return;
        }
        self.seq += 1;
        (self.kind, self.second) = match rng.u32(0..100) {
            0..3 => (Kind::Seek, rng.u64(0..duration_s(self.video))),
            3..5 => (Kind::Pause, self.second),
            _ => (Kind::Progress, self.second + STEP_S),
        };
        if self.second >= duration_s(self.video) {
            (self.kind, self.second) = (Kind::Ended, duration_s(self.video));
        }
    }

    fn event(&self, user: u32) -> Event {
        Event {
            key: Key { user, video: self.video },
            play: self.play,
            moment: Moment {
                seq: self.seq,
                event_time: self.last_time,
                position_ms: self.second * 1_000 + self.seq % SEQ_MODULUS,
                kind: self.kind,
                duration_ms: Some(duration_s(self.video) * 1_000 + SEQ_MODULUS - 1),
            },
        }
    }
}

/// A position's milliseconds tell its number modulo this: answers do not carry the number, and events of one millisecond
/// would otherwise look alike.
pub(crate) const SEQ_MODULUS: u64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_events_of_a_viewer_rise_in_merge_order() {
        let audience = Audience::new("t", 3, 5, 100);
        let mut rng = Rng::with_seed(11);
        let mut last: HashMap<u32, Order> = HashMap::new();
        for n in 0..5_000i64 {
            // The clock of the test steps back now and then: a viewer's does not.
            let event = audience.next_event(&mut rng, Timestamp(1_000_000 + n / 7 - n % 3));
            if let Some(before) = last.insert(event.key.user, event.order()) {
                assert!(before < event.order(), "seed 11, event {n}");
            }
            assert!(event.moment.position_ms <= event.moment.duration_ms.expect("a duration"));
        }
        assert_eq!(last.len(), 3);
    }

    #[test]
    fn the_newest_acknowledged_event_is_expected() {
        let audience = Audience::new("t", 1, 1, 100);
        let mut rng = Rng::with_seed(3);
        let events: Vec<Event> = (0..20).map(|n| audience.next_event(&mut rng, Timestamp(n * 1_000))).collect();
        for event in events.iter().rev() {
            audience.note(event, Fate::Acknowledged);
        }
        let expected = audience.expected();
        assert_eq!(expected.len(), 1);
        let newest = events.last().expect("an event");
        assert_eq!(expected[0].newest, newest.order());
        assert_eq!(expected[0].exact.as_ref().map(|exact| exact.position_ms), Some(newest.moment.position_ms));
        audience.note(newest, Fate::Unknown);
        assert_eq!(audience.expected()[0].exact, None, "an event of unknown fate leaves only a bound");
    }

    #[test]
    fn pairs_beyond_the_bound_are_not_remembered() {
        let audience = Audience::new("t", 100_000, 10, 0);
        let event = audience.next_event(&mut Rng::with_seed(5), Timestamp(1));
        audience.note(&event, Fate::Acknowledged);
        assert_eq!((audience.expected().len(), audience.not_remembered()), (0, 1));
    }
}
