//! Reading a state, case by case.

use super::*;
use crate::{Moment, Offset};

const S: u64 = 1_000;

/// Events as (play, second of the clock, position in seconds, kind); a play named "~" is derived.
fn state(events: &[(&str, i64, u64, Kind)]) -> State {
    let mut state = State::default();
    for (n, &(play, second, position_s, kind)) in events.iter().enumerate() {
        let time = Timestamp(second * 1_000);
        let play_id = if play == "~" { PlayId::derived(time.day()) } else { PlayId::from_stored(play) };
        let moment = Moment {
            seq: u64::try_from(second).expect("a second"),
            event_time: time,
            position_ms: position_s * S,
            kind,
            duration_ms: Some(1_000 * S),
        };
        state.join(&State::of_event(play_id, moment, Offset(n as u64)));
    }
    state
}

fn read(events: &[(&str, i64, u64, Kind)]) -> (u64, u64, bool) {
    let position = Position::of(&state(events)).expect("a position");
    (position.position_ms / S, position.resume_ms / S, position.completed)
}

use Kind::{Ended, Progress, Seek};

#[test]
fn the_newest_position_wins_and_is_where_to_resume() {
    assert_eq!(read(&[("a", 0, 0, Progress), ("a", 60, 60, Progress)]), (60, 60, false));
}

#[test]
fn a_few_seconds_by_accident_do_not_move_the_resume_point() {
    let real = [("a", 0, 0, Progress), ("a", 600, 600, Progress)];
    let accident = [("b", 1_000, 3, Progress), ("b", 1_005, 8, Progress)];
    assert_eq!(read(&[real, accident].concat()), (8, 600, false));
}

#[test]
fn a_short_play_from_near_the_resume_point_goes_on() {
    let real = [("a", 0, 0, Progress), ("a", 600, 600, Progress)];
    assert_eq!(read(&[&real[..], &[("b", 1_000, 570, Progress)]].concat()), (570, 570, false));
    assert_eq!(read(&[&real[..], &[("b", 1_000, 569, Progress)]].concat()), (569, 600, false));
}

#[test]
fn a_play_spanning_thirty_seconds_settles() {
    let real = [("a", 0, 0, Progress), ("a", 600, 600, Progress)];
    let span = |last| read(&[&real[..], &[("b", 1_000, 100, Progress), ("b", last, 130, Progress)]].concat());
    assert_eq!(span(1_029), (130, 600, false));
    assert_eq!(span(1_030), (130, 130, false));
}

#[test]
fn a_derived_play_is_always_settled() {
    assert_eq!(read(&[("a", 0, 0, Progress), ("a", 600, 600, Progress), ("~", 1_000, 5, Progress)]), (5, 5, false));
}

#[test]
fn if_none_is_settled_the_last_play_says_where() {
    assert_eq!(read(&[("a", 0, 300, Progress), ("b", 10, 700, Progress)]), (700, 700, false));
}

#[test]
fn completion_resets_the_resume_point_and_watching_again_resets_completion() {
    let whole = [("a", 0, 0, Progress), ("a", 900, 950, Progress)];
    assert_eq!(read(&whole), (950, 0, true));
    let again = [("b", 2_000, 0, Progress), ("b", 2_040, 40, Progress)];
    assert_eq!(read(&[whole, again].concat()), (40, 40, false));
}

#[test]
fn a_seek_past_the_end_completes_nothing_but_ended_does() {
    assert_eq!(read(&[("a", 0, 0, Progress), ("a", 60, 990, Seek)]), (990, 990, false));
    assert_eq!(read(&[("a", 0, 500, Ended)]), (500, 0, true));
}

#[test]
fn an_unsettled_play_never_completes() {
    assert_eq!(read(&[("a", 0, 960, Progress)]), (960, 960, false));
}

#[test]
fn marks_hold_until_a_settled_play_comes_after_them() {
    let mut marked = state(&[("a", 0, 0, Progress), ("a", 600, 600, Progress)]);
    marked.join(&State::of_mark(MarkKind::Watched, Timestamp(700_000), Offset(9)));
    let read = |state: &State| {
        let position = Position::of(state).expect("a position");
        (position.position_ms / S, position.resume_ms / S, position.completed)
    };
    assert_eq!(read(&marked), (600, 0, true));
    marked.join(&State::of_mark(MarkKind::Unwatched, Timestamp(800_000), Offset(10)));
    assert_eq!(read(&marked), (600, 0, false));
    marked.join(&state(&[("b", 900, 0, Progress), ("b", 960, 60, Progress)]));
    assert_eq!(read(&marked), (60, 60, false));
}

#[test]
fn hidden_lasts_until_it_is_watched_again() {
    let mut hidden = state(&[("a", 0, 0, Progress)]);
    hidden.join(&State::of_mark(MarkKind::Hidden, Timestamp(10_000), Offset(9)));
    assert!(Position::of(&hidden).expect("a position").hidden);
    hidden.join(&state(&[("a", 11, 11, Progress)]));
    assert!(!Position::of(&hidden).expect("a position").hidden);
}

#[test]
fn a_video_that_is_only_marked_has_a_position_and_one_only_hidden_has_none() {
    let watched = Position::of(&State::of_mark(MarkKind::Watched, Timestamp(5), Offset(0))).expect("a position");
    assert!(watched.completed && watched.play_id.is_none());
    assert_eq!(Position::of(&State::of_mark(MarkKind::Hidden, Timestamp(5), Offset(0))), None);
}
