//! The clock rule: when an event happened, if the player's clock is off.
//!
//! It knows the request, our clock, and what is kept of the event's own play; nothing of other plays.

use playhead_domain::{State, Timestamp, WatchEvent};

use crate::config::Config;
use crate::watch::Receipt;

/// A player's clock that is off, as its `sent_time` shows, corrects its events; what still lies in the future happened now;
/// the past is never changed.
pub(crate) fn corrected(sent: Timestamp, receipt: Receipt, received: Timestamp, config: &Config) -> Timestamp {
    if receipt.backfill {
        return sent;
    }
    let offset_ms = receipt.sent_time.map_or(0, |sent_time| received.since_ms(sent_time));
    let is_off = offset_ms.unsigned_abs() > config.clock_offset_ms_max;
    let time = if is_off { sent.plus_ms(offset_ms).max(Timestamp::TOLD_MIN) } else { sent };
    let ahead_ms = time.since_ms(received);
    let in_future = u64::try_from(ahead_ms).is_ok_and(|ahead_ms| ahead_ms > config.future_ms_max);
    if in_future { received } else { time }
}

/// Whether the rule has changed the event's time.
pub(crate) fn is_corrected(event: &WatchEvent) -> bool {
    event.event_time != event.event_time_sent
}

/// A corrected event is no later than what is known to come after it in its play, or to be the same event. So one that is
/// sent again, and corrected to a later time, does not become the newest that was watched.
pub(crate) fn settle(event: &mut WatchEvent, known: &State) {
    if let Some(newest) = known.newest_of(&event.play_id)
        && event.seq <= newest.seq
    {
        event.event_time = event.event_time.min(newest.event_time);
    }
}

#[cfg(test)]
mod tests {
    use playhead_domain::{Kind, Offset, PlayId};

    use super::*;

    fn event(play: &str, seq: u64, event_time: i64) -> WatchEvent {
        WatchEvent {
            user_id: "u".parse().expect("an id"),
            video_id: "v".parse().expect("an id"),
            play_id: play.parse::<PlayId>().expect("an id"),
            seq,
            event_time: Timestamp(event_time),
            event_time_sent: Timestamp(event_time + 3_600_000),
            received_time: Timestamp(event_time),
            position_ms: 10,
            duration_ms: None,
            kind: Kind::Progress,
            device: None,
            session: None,
        }
    }

    fn known(events: &[WatchEvent]) -> State {
        let mut state = State::default();
        for event in events {
            state.join(&State::of_event(event.play_id.clone(), event.moment(), Offset(0)));
        }
        state
    }

    #[test]
    fn an_event_sent_again_keeps_the_time_of_the_first() {
        let (first, mut again) = (event("a", 1, 1_000), event("a", 1, 9_000));
        settle(&mut again, &known(&[first]));
        assert_eq!(again.event_time, Timestamp(1_000));
    }

    #[test]
    fn one_that_comes_before_another_in_its_play_is_no_later() {
        let mut late = event("a", 3, 9_000);
        settle(&mut late, &known(&[event("a", 2, 1_000), event("a", 5, 4_000), event("b", 7, 2_000)]));
        assert_eq!(late.event_time, Timestamp(4_000));
    }

    #[test]
    fn what_comes_after_and_what_is_of_another_play_keeps_its_time() {
        let state = known(&[event("a", 2, 1_000)]);
        for mut fresh in [event("a", 3, 9_000), event("b", 1, 9_000)] {
            settle(&mut fresh, &state);
            assert_eq!(fresh.event_time, Timestamp(9_000));
        }
    }
}
