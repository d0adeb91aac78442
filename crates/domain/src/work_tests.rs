//! Watched time, and that advancing in order equals building anew.

use proptest::prelude::*;

use super::*;
use crate::Kind;

fn moment(seq: u64, second: i64, position_s: u64, kind: Kind) -> Moment {
    Moment {
        seq,
        event_time: Timestamp(second * 1_000),
        position_ms: position_s * 1_000,
        kind,
        duration_ms: Some(100_000),
    }
}

fn pair(events: &[(&str, Moment)]) -> PairWork {
    let plays: Vec<PlayId> = events.iter().map(|(play, _)| PlayId::from_stored(play)).collect();
    PairWork::rebuild(State::default(), plays.iter().zip(events).map(|(play, (_, moment))| (play, *moment))).0
}

#[test]
fn a_stretch_is_watched_up_to_four_times_speed_and_a_second() {
    let at = |second, position| moment(0, second, position, Kind::Progress);
    assert_eq!(stretch_between(&at(0, 0), &at(10, 41)), Some((0, 41_000)));
    assert_eq!(stretch_between(&at(0, 0), &at(10, 42)), None);
    assert_eq!(stretch_between(&at(0, 5), &at(10, 4)), None);
    assert_eq!(stretch_between(&at(10, 0), &at(0, 1)), None);
    assert_eq!(stretch_between(&at(0, 0), &moment(0, 10, 5, Kind::Seek)), None);
}

#[test]
fn watched_is_a_sum_and_unique_a_union() {
    let events = [
        ("a", moment(1, 0, 0, Kind::Progress)),
        ("a", moment(2, 10, 10, Kind::Progress)),
        ("b", moment(1, 100, 5, Kind::Progress)),
        ("b", moment(2, 110, 15, Kind::Progress)),
    ];
    let pair = pair(&events);
    assert_eq!((pair.watched_ms, pair.spans.length_ms(), pair.plays), (20_000, 15_000, 2));
    assert_eq!(pair.percents.iter().collect::<Vec<_>>(), (0..15).collect::<Vec<_>>());
}

#[test]
fn a_late_seek_takes_watched_time_away() {
    let mut events = vec![("a", moment(1, 0, 0, Kind::Progress)), ("a", moment(3, 20, 60, Kind::Progress))];
    assert_eq!(pair(&events).watched_ms, 60_000);
    events.push(("a", moment(2, 19, 50, Kind::Seek)));
    assert_eq!(pair(&events).watched_ms, 0);
}

#[test]
fn a_play_over_midnight_is_split_by_the_later_event() {
    let night = 86_400;
    let events = [
        ("a", moment(1, night - 10, 0, Kind::Progress)),
        ("a", moment(2, night - 5, 5, Kind::Progress)),
        ("a", moment(3, night + 5, 15, Kind::Ended)),
    ];
    let days = pair(&events).days;
    assert_eq!(days[&Day(0)], DayShare { plays: 1, viewers: 1, watched_ms: 5_000, completions: 0 });
    assert_eq!(days[&Day(1)], DayShare { plays: 0, viewers: 1, watched_ms: 10_000, completions: 1 });
}

proptest! {
    #[test]
    fn advancing_in_order_equals_building_anew(
        events in prop::collection::vec((0u8..3, 0u64..40, 0i64..200_000, 0u64..100, 0usize..4), 0..60)
    ) {
        let mut events: Vec<(PlayId, Moment)> = events
            .into_iter()
            .map(|(play, seq, second, position, kind)| {
                (PlayId::from_stored(&format!("p{play}")), moment(seq, second, position, Kind::ALL[kind]))
            })
            .collect();
        let anew = PairWork::rebuild(State::default(), events.iter().map(|(play, moment)| (play, *moment)));
        events.sort_by_key(|(_, moment)| *moment);
        let mut pair = PairWork::default();
        let mut plays: BTreeMap<PlayId, PlayWork> = BTreeMap::new();
        for (play_id, moment) in &events {
            let play = pair.advance(plays.get(play_id), moment);
            plays.insert(play_id.clone(), play);
        }
        prop_assert_eq!((pair, plays), anew);
    }
}
