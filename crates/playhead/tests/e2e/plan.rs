//! Events that a player might send, such that what a read must say can be told whatever became of each of them.
//!
//! Within a play time and number rise together, so every event that arrives moves the newest play on or leaves it: an answer
//! that nobody heard can make a position newer, never older.

use playhead_domain::{Kind, Moment, Timestamp};
use playhead_testkit::{EventBuilder, Seeded, event};

/// 2023-11-14T22:13:20Z, so that plays run over midnight.
const BEGIN_MS: i64 = 1_700_000_000_000;
const STEP_MS: i64 = 2_000;
const PLAY_AFTER_PLAY_MS: i64 = 90_000;
const DURATION_MS: u64 = 240_000;
/// A pair of user and video keeps 32 slices: fewer plays than that, over two days, lose none of the newest day.
const PLAYS_PER_WRITER: u64 = 3;

/// One event on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Planned {
    pub(crate) user: String,
    pub(crate) video: String,
    pub(crate) play: String,
    pub(crate) moment: Moment,
}

impl Planned {
    /// As the interfaces take it.
    pub(crate) fn event(&self) -> EventBuilder {
        let event = event().user(&self.user).video(&self.video).play(&self.play).kind(self.moment.kind);
        let event = event.at(self.moment.event_time.0).position(self.moment.position_ms).seq(self.moment.seq);
        match self.moment.duration_ms {
            Some(duration_ms) => event.duration(duration_ms),
            None => event,
        }
    }
}

/// A position that is older than every planned one, for a `PUT` whose answer alone matters.
pub(crate) fn some_position() -> serde_json::Value {
    serde_json::json!({"event_time": 1_600_000_000_000_i64, "position_ms": 1, "play_id": "some"})
}

/// Who is watching what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Audience {
    pub(crate) users: u64,
    pub(crate) videos: u64,
}

impl Audience {
    pub(crate) fn user(user: u64) -> String {
        format!("user-{user}")
    }

    pub(crate) fn video(video: u64) -> String {
        format!("video-{video}")
    }
}

/// The events of one writer, in their order. Writers share users and videos, never plays.
pub(crate) struct Plan {
    audience: Audience,
    writer: usize,
    rng: Seeded,
    /// The next number of each play.
    next: Vec<u64>,
    /// Some that were handed out, to be sent again.
    sent: Vec<Planned>,
}

const REMEMBERED: usize = 64;

impl Plan {
    pub(crate) fn new(audience: Audience, writer: usize, seed: u64) -> Self {
        let plays = usize::try_from(audience.users * audience.videos * PLAYS_PER_WRITER).expect("few");
        let rng = Seeded::with_seed(seed.wrapping_add(writer as u64));
        Self { audience, writer, rng, next: vec![0; plays], sent: Vec::new() }
    }

    pub(crate) fn rng(&mut self) -> &mut Seeded {
        &mut self.rng
    }

    /// The next events: mostly new ones, out of order in part, some of them sent before.
    pub(crate) fn batch(&mut self, count: usize) -> Vec<Planned> {
        let mut batch: Vec<Planned> = (0..count).map(|_| self.one()).collect();
        if self.rng.u8(..10) < 3 {
            self.rng.shuffle(&mut batch);
        }
        batch
    }

    fn one(&mut self) -> Planned {
        if !self.sent.is_empty() && self.rng.u8(..20) == 0 {
            return self.sent[self.rng.usize(..self.sent.len())].clone();
        }
        let planned = self.fresh();
        if self.sent.len() < REMEMBERED {
            self.sent.push(planned.clone());
        } else {
            let place = self.rng.usize(..REMEMBERED);
            self.sent[place] = planned.clone();
        }
        planned
    }

    fn fresh(&mut self) -> Planned {
        let place = self.rng.usize(..self.next.len());
        let seq = self.next[place];
        self.next[place] += 1;
        let (pair, number) = (place as u64 / PLAYS_PER_WRITER, place as u64 % PLAYS_PER_WRITER);
        let (user, video) = (pair / self.audience.videos, pair % self.audience.videos);
        let begin_ms = BEGIN_MS + i64::try_from(number).expect("few") * PLAY_AFTER_PLAY_MS + self.writer as i64 * 137;
        let elapsed_ms = i64::try_from(seq).expect("few") * STEP_MS;
        let kind = match self.rng.u8(..20) {
            0 => Kind::Seek,
            1 => Kind::Pause,
            2 if self.rng.u8(..8) == 0 => Kind::Ended,
            _ => Kind::Progress,
        };
        // A seek goes somewhere near; what follows it plays on from the old line, which is a jump as well.
        let astray_ms = if kind == Kind::Seek { self.rng.u64(..600_000) } else { 0 };
        let line_ms = seq * 1_900 + number * 11 + self.writer as u64;
        let moment = Moment {
            seq,
            event_time: Timestamp(begin_ms + elapsed_ms),
            position_ms: line_ms + astray_ms,
            kind,
            duration_ms: (self.rng.u8(..10) > 0).then_some(DURATION_MS),
        };
        let play = format!("w{}-u{user}-v{video}-{number}", self.writer);
        Planned { user: Audience::user(user), video: Audience::video(video), play, moment }
    }
}
