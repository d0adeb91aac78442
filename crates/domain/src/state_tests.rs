//! The laws of the merge, on random histories, with more plays than slices are kept.

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

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
