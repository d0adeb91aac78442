//! Small values for the suites: users, videos, states, partitions and steps of checkpoints.

use playhead_domain::{Kind, Moment, Offset, PlayId, State, Timestamp, UserId, VideoId};
use playhead_ports::{Advance, Topic, TopicPartition};

/// The user of that id.
pub(crate) fn user(id: &str) -> UserId {
    id.parse().expect("an id")
}

/// The video of that id.
pub(crate) fn video(id: &str) -> VideoId {
    id.parse().expect("an id")
}

/// The state of one event of a play; the offset tells events apart.
pub(crate) fn state(play: &str, offset: u64) -> State {
    let moment = Moment {
        seq: offset,
        event_time: Timestamp(1_700_000_000_000 + i64::try_from(offset).expect("a small offset")),
        position_ms: offset * 1_000,
        kind: Kind::Progress,
        duration_ms: Some(5_400_000),
    };
    State::of_event(PlayId::from_stored(play), moment, Offset(offset))
}

/// What all of them know together.
pub(crate) fn joined(states: &[State]) -> State {
    states.iter().fold(State::default(), |mut whole, part| {
        whole.join(part);
        whole
    })
}

/// A partition of the suites' topic.
pub(crate) fn partition(number: u32) -> TopicPartition {
    TopicPartition::new(&Topic::new("conformance"), number)
}

/// The step of a partition's checkpoint, of the log `log-1`.
pub(crate) fn advance(number: u32, from: u64, to: u64) -> Advance {
    advance_of("log-1", number, from, to)
}

/// The step of a partition's checkpoint.
pub(crate) fn advance_of(log: &str, number: u32, from: u64, to: u64) -> Advance {
    let log_id = log.parse().expect("any text is a log's id");
    Advance { at: partition(number), log_id, from: Offset(from), to: Offset(to) }
}
