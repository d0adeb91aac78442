//! Random folds, clearings, compactions and reopenings, against a plain map.

mod values;

use std::collections::BTreeMap;

use playhead_domain::{Offset, State, UserId, VideoId};
use playhead_fjall::{FjallBase, FjallStore};
use playhead_ports::{Base, CommitError, Fold, Forgetting};
use proptest::prelude::*;
use values::{advance, next_of, open, state};

const USERS: u64 = 4;
const VIDEOS: u64 = 4;
const OFFSETS: u64 = 30;

type Key = (u64, u64);

#[derive(Debug, Clone)]
enum Act {
    Fold { forgets: Vec<(u64, Option<u64>, u64)>, joins: BTreeMap<Key, Vec<u64>> },
    FoldOfAnother,
    Clear,
    Compact,
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    let forget = (0..USERS, prop::option::of(0..VIDEOS), 0..OFFSETS);
    let offsets = prop::collection::vec(0..OFFSETS, 1..4);
    let joins = prop::collection::btree_map((0..USERS, 0..VIDEOS), offsets, 0..8);
    let fold = (prop::collection::vec(forget, 0..2), joins).prop_map(|(forgets, joins)| Act::Fold { forgets, joins });
    prop_oneof![20 => fold, 2 => Just(Act::FoldOfAnother), 1 => Just(Act::Clear), 1 => Just(Act::Compact), 2 => Just(Act::Reopen)]
}

fn user(n: u64) -> UserId {
    // One id is the beginning of another.
    "u".repeat(usize::try_from(n + 1).expect("small")).parse().expect("an id")
}

fn video(n: u64) -> VideoId {
    format!("v{n}").parse().expect("an id")
}

fn joined(offsets: &[u64]) -> State {
    offsets.iter().fold(State::default(), |mut whole, offset| {
        whole.join(&state(*offset));
        whole
    })
}

#[derive(Default)]
struct Model {
    held: BTreeMap<Key, State>,
    next: u64,
}

impl Model {
    fn fold(&mut self, forgets: &[(u64, Option<u64>, u64)], joins: &BTreeMap<Key, Vec<u64>>) {
        for (user, video, below) in forgets {
            let is_meant = |key: &Key| key.0 == *user && video.is_none_or(|video| video == key.1);
            for (_, state) in self.held.iter_mut().filter(|(key, _)| is_meant(key)) {
                state.forget_below(Offset(*below));
            }
            self.held.retain(|_, state| !state.is_empty());
        }
        for (key, offsets) in joins {
            self.held.entry(*key).or_default().join(&joined(offsets));
        }
        self.next += 1;
    }
}

fn fold_of(forgets: &[(u64, Option<u64>, u64)], joins: &BTreeMap<Key, Vec<u64>>) -> Fold {
    let forgetting = |&(u, v, below): &(u64, Option<u64>, u64)| Forgetting {
        user_id: user(u),
        video_id: v.map(video),
        below: Offset(below),
    };
    Fold {
        forgets: forgets.iter().map(forgetting).collect(),
        joins: joins.iter().map(|(&(u, v), offsets)| (user(u), video(v), joined(offsets))).collect(),
    }
}

async fn everything(base: &FjallBase) -> BTreeMap<Key, State> {
    let videos: Vec<_> = (0..VIDEOS).map(video).collect();
    let mut found = BTreeMap::new();
    for u in 0..USERS {
        let by_user = base.by_user(&user(u)).await.expect("reads");
        let single = base.get(&user(u), &videos).await.expect("reads");
        let present = videos.iter().cloned().zip(single.iter().cloned());
        assert_eq!(by_user, present.filter_map(|(video, state)| Some((video, state?))).collect::<Vec<_>>());
        found.extend((0..).zip(single).filter_map(|(v, state)| Some(((u, v), state?))));
    }
    found
}

async fn run(acts: &[Act]) {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store: FjallStore = open(dir.path());
    let mut model = Model::default();
    for act in acts {
        let base = store.base();
        match act {
            Act::Fold { forgets, joins } => {
                base.fold(fold_of(forgets, joins), &[advance(model.next, model.next + 1)]).await.expect("folds");
                model.fold(forgets, joins);
            }
            Act::FoldOfAnother => {
                let joins = BTreeMap::from([((0, 0), vec![1])]);
                let wrong = advance(model.next + 1, model.next + 2);
                assert_eq!(base.fold(fold_of(&[], &joins), &[wrong]).await, Err(CommitError::Moved));
            }
            Act::Clear => {
                base.clear().await.expect("clears");
                model = Model::default();
            }
            Act::Compact => store.compact().await.expect("compacts"),
            Act::Reopen => {
                drop((base, store));
                store = open(dir.path());
            }
        }
        let base = store.base();
        assert_eq!(everything(&base).await, model.held, "after {act:?}");
        assert_eq!(next_of(&base).await.unwrap_or(0), model.next, "after {act:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn any_history_stores_what_a_plain_map_stores(acts in prop::collection::vec(act(), 0..40)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
        runtime.block_on(run(&acts));
    }
}
