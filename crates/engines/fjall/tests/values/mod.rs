//! Small values for the tests of this engine.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses some of these")]

use std::path::Path;

use playhead_domain::{Kind, Moment, Offset, PlayId, State, Timestamp, UserId, VideoId};
use playhead_fjall::{Config, FjallBase, FjallStore};
use playhead_ports::{Advance, Base, Forgetting, Topic, TopicPartition};

pub fn open(dir: &Path) -> FjallStore {
    FjallStore::open(dir, &Config::default()).expect("opens")
}

pub fn at() -> TopicPartition {
    TopicPartition::new(&Topic::new("t"), 0)
}

pub fn advance(from: u64, to: u64) -> Advance {
    let log_id = "log-1".parse().expect("any text is a log's id");
    Advance { at: at(), log_id, from: Offset(from), to: Offset(to) }
}

/// The state of one event; three plays, so that slices meet.
pub fn state(offset: u64) -> State {
    let moment = Moment {
        seq: offset,
        event_time: Timestamp(offset.cast_signed()),
        position_ms: offset,
        kind: Kind::Progress,
        duration_ms: None,
    };
    State::of_event(PlayId::from_stored(&format!("p{}", offset % 3)), moment, Offset(offset))
}

pub fn join(user: &str, video: &str, state: State) -> (UserId, VideoId, State) {
    (user.parse().expect("an id"), video.parse().expect("an id"), state)
}

pub fn forget(user: &str, below: u64) -> Forgetting {
    Forgetting { user_id: user.parse().expect("an id"), video_id: None, below: Offset(below) }
}

pub async fn next_of(base: &FjallBase) -> Option<u64> {
    let found = base.checkpoints(&[at()]).await.expect("reads").pop().expect("an answer for each");
    found.map(|checkpoint| checkpoint.next.0)
}
