//! The laws of the merge, on random histories, with more plays than slices are kept.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::Kind;

/// A random event: few plays, times and numbers, so that ties and repetitions are common.
fn event() -> impl Strategy<Value = State> {
    let plays = prop_oneof![0u32..4, 0u32..60];
    (plays, 0u64..6, 0i64..200, 0u64..5, 0usize..4, prop::option::of(1u64..6), 0u64..50).prop_map(
        |(play, seq, hours, position_ms, kind, duration_ms, offset)| {
            let moment = Moment {
                seq,
                event_time: Timestamp(hours * 3_600_000),
                position_ms,
                kind: Kind::ALL[kind],
                duration_ms,
            };
            State::of_event(PlayId::from_stored(&format!("p{play}")), moment, Offset(offset))
        },
    )
}

fn mark() -> impl Strategy<Value = State> {
    (0usize..3, 0i64..9, 0u64..50)
        .prop_map(|(kind, time, offset)| State::of_mark(MarkKind::ALL[kind], Timestamp(time), Offset(offset)))
}

fn history() -> impl Strategy<Value = Vec<State>> {
    prop::collection::vec(prop_oneof![9 => event(), 1 => mark()], 0..120)
}

fn joined<'a>(parts: impl IntoIterator<Item = &'a State>) -> State {
    parts.into_iter().fold(State::default(), |mut whole, part| {
        whole.join(part);
        whole
    })
}

/// A random event of few identities: its play, and its moment.
fn content() -> impl Strategy<Value = (u8, Moment)> {
    (0u8..3, 0u64..4, 0u64..120, 0usize..4, prop::option::of(1u64..120)).prop_map(
        |(play, seq, position_ms, kind, duration_ms)| {
            let event_time = Timestamp(i64::try_from(seq).expect("small") * 20_000);
            (play, Moment { seq, event_time, position_ms, kind: Kind::ALL[kind], duration_ms })
        },
    )
}

/// The state of these events, all of one record.
fn of_contents<'a>(events: impl IntoIterator<Item = &'a (u8, Moment)>) -> State {
    let of =
        |(play, moment): &(u8, Moment)| State::of_event(PlayId::from_stored(&format!("p{play}")), *moment, Offset(0));
    joined(&events.into_iter().map(of).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_content_that_does_not_hold_changes_nothing(events in prop::collection::vec(content(), 1..40)) {
        let mut held: BTreeMap<(u8, u64), (u8, Moment)> = BTreeMap::new();
        for event in &events {
            let held = held.entry((event.0, event.1.seq)).or_insert(*event);
            if event.1.weight() > held.1.weight() {
                *held = *event;
            }
        }
        prop_assert_eq!(of_contents(&events), of_contents(held.values()));
    }

    #[test]
    fn merging_is_commutative(a in history(), b in history()) {
        let (a, b) = (joined(&a), joined(&b));
        prop_assert_eq!(joined([&a, &b]), joined([&b, &a]));
    }

    #[test]
    fn merging_is_associative(a in history(), b in history(), c in history()) {
        let (a, b, c) = (joined(&a), joined(&b), joined(&c));
        prop_assert_eq!(joined([&joined([&a, &b]), &c]), joined([&a, &joined([&b, &c])]));
    }

    #[test]
    fn merging_is_idempotent(a in history()) {
        let a = joined(&a);
        prop_assert_eq!(joined([&a, &a]), a);
    }

    #[test]
    fn any_order_with_any_repetition_gives_the_same(
        (history, shuffled) in history().prop_flat_map(|h| {
            let twice: Vec<State> = h.iter().chain(&h).cloned().collect();
            (Just(h), Just(twice).prop_shuffle())
        })
    ) {
        prop_assert_eq!(joined(&history), joined(&shuffled));
    }

    #[test]
    fn the_slices_of_the_greatest_keys_are_kept(history in history()) {
        let mut keys: Vec<SliceKey> =
            history.iter().flat_map(|part| part.slices().iter().map(|(key, _)| key.clone())).collect();
        keys.sort();
        keys.dedup();
        let kept: Vec<SliceKey> = joined(&history).slices().iter().map(|(key, _)| key.clone()).collect();
        prop_assert_eq!(&kept[..], &keys[keys.len().saturating_sub(SLICES_MAX)..]);
    }

    #[test]
    fn a_state_survives_its_byte_form(history in history()) {
        let state = joined(&history);
        let bytes = crate::Stable::encode(&state);
        prop_assert_eq!(crate::Stable::decode::<State>(&bytes).expect("decodes"), state);
    }

    #[test]
    fn forgetting_leaves_nothing_below(history in history(), below in 0u64..50) {
        let mut state = joined(&history);
        state.forget_below(Offset(below));
        prop_assert!(state.offsets().is_none_or(|range| range.least >= Offset(below)));
    }
}

/// docs/api.md says so: the state does not know identities, and each time may be the right one.
#[test]
fn an_event_whose_time_was_corrected_anew_reaches_from_its_least_to_its_greatest_time() {
    let of = |event_time| Moment { seq: 1, event_time, position_ms: 5, kind: Kind::Progress, duration_ms: None };
    let events = [(0, of(Timestamp(10_000))), (0, of(Timestamp(50_000)))];
    let state = of_contents(&events);
    let [(_, slice)] = state.slices() else { panic!("one slice") };
    assert_eq!((slice.time_least, slice.time_greatest), (Timestamp(10_000), Timestamp(50_000)));
    assert_eq!((slice.first, slice.newest), (events[0].1, events[1].1));
}
