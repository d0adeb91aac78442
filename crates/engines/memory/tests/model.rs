//! Random histories of merges, releases, forgettings and reads, against a plain map.

use std::collections::BTreeMap;

use playhead_domain::{Kind, Moment, Offset, PlayId, State, Timestamp, UserId, VideoId};
use playhead_memory::{Config, MemoryRecent};
use playhead_ports::{Delta, Epoch, Held, Recent, Topic, TopicPartition};
use proptest::prelude::*;

const USERS: u64 = 4;
const VIDEOS: u64 = 3;
const OFFSETS: u64 = 40;

#[derive(Debug, Clone)]
enum Act {
    Merge(Vec<(u64, u64, u64)>),
    Release(Vec<(u64, u64)>, u64),
    Forget(u64, Option<u64>, u64),
}

fn act() -> impl Strategy<Value = Act> {
    let key = || (0..USERS, 0..VIDEOS);
    prop_oneof![
        6 => prop::collection::vec((0..USERS, 0..VIDEOS, 0..OFFSETS), 1..6).prop_map(Act::Merge),
        3 => (prop::collection::vec(key(), 0..8), 0..OFFSETS).prop_map(|(keys, below)| Act::Release(keys, below)),
        1 => (0..USERS, prop::option::of(0..VIDEOS), 0..OFFSETS).prop_map(|(u, v, below)| Act::Forget(u, v, below)),
    ]
}

fn user(n: u64) -> UserId {
    format!("u{n}").parse().expect("an id")
}

fn video(n: u64) -> VideoId {
    format!("v{n}").parse().expect("an id")
}

/// Users are spread over two partitions, as they are in a log.
fn partition_of(user: u64) -> u32 {
    u32::try_from(user % 2).expect("0 or 1")
}

fn at(partition: u32) -> TopicPartition {
    TopicPartition::new(&Topic::new("t"), partition)
}

/// One event; three plays, so that slices meet.
fn state(offset: u64) -> State {
    let moment = Moment {
        seq: offset,
        event_time: Timestamp(offset.cast_signed()),
        position_ms: offset,
        kind: Kind::Progress,
        duration_ms: None,
    };
    State::of_event(PlayId::from_stored(&format!("p{}", offset % 3)), moment, Offset(offset))
}

/// What the contract says, as plainly as can be.
#[derive(Default)]
struct Model {
    held: BTreeMap<(u64, u64), State>,
    released: BTreeMap<u32, u64>,
    forgotten: BTreeMap<(u64, u64), u64>,
}

impl Model {
    fn apply(&mut self, act: &Act) {
        match act {
            Act::Merge(events) => events.iter().for_each(|&(user, video, offset)| self.merge(user, video, offset)),
            Act::Release(keys, below) => {
                for partition in [0, 1] {
                    let mark = self.released.entry(partition).or_default();
                    *mark = (*mark).max(*below);
                }
                let is_below = |state: &State| state.offsets().is_none_or(|range| range.greatest < Offset(*below));
                self.held.retain(|key, state| !(keys.contains(key) && is_below(state)));
            }
            Act::Forget(user, only, below) => {
                for video in (0..VIDEOS).filter(|video| only.is_none_or(|only| only == *video)) {
                    let mark = self.forgotten.entry((*user, video)).or_default();
                    *mark = (*mark).max(*below);
                    if let Some(state) = self.held.get_mut(&(*user, video)) {
                        state.forget_below(Offset(*below));
                    }
                }
                self.held.retain(|_, state| !state.is_empty());
            }
        }
    }

    fn merge(&mut self, user: u64, video: u64, offset: u64) {
        let released = self.released.get(&partition_of(user)).copied().unwrap_or(0);
        let forgotten = self.forgotten.get(&(user, video)).copied().unwrap_or(0);
        if offset >= released.max(forgotten) {
            self.held.entry((user, video)).or_default().join(&state(offset));
        }
    }
}

async fn apply(recent: &MemoryRecent, act: &Act) {
    match act {
        Act::Merge(events) => {
            for &(u, v, offset) in events {
                let delta = Delta { user_id: user(u), video_id: video(v), state: state(offset) };
                recent.merge(&at(partition_of(u)), vec![delta]).await.expect("merges");
            }
        }
        Act::Release(keys, below) => {
            for partition in [0, 1] {
                let of_partition = keys.iter().filter(|(user, _)| partition_of(*user) == partition);
                let keys: Vec<_> = of_partition.map(|&(u, v)| (user(u), video(v))).collect();
                recent.release(&at(partition), &keys, Offset(*below)).await.expect("releases");
            }
        }
        Act::Forget(u, v, below) => {
            let video = v.map(video);
            recent.forget(&at(partition_of(*u)), &user(*u), video.as_ref(), Offset(*below)).await.expect("forgets");
        }
    }
}

/// Everything that is held, read both ways.
async fn everything(recent: &MemoryRecent) -> BTreeMap<(u64, u64), State> {
    let mut found = BTreeMap::new();
    let videos: Vec<_> = (0..VIDEOS).map(video).collect();
    for u in 0..USERS {
        let by_user = recent.by_user(&user(u)).await.expect("reads");
        let single = recent.get(&user(u), &videos).await.expect("reads");
        let present = videos.iter().cloned().zip(single.iter().cloned());
        assert_eq!(by_user, present.filter(|(_, held)| *held != Held::Absent).collect::<Vec<_>>());
        for (v, held) in (0..).zip(single) {
            match held {
                Held::Delta(state) => _ = found.insert((u, v), state),
                Held::Absent => {}
                Held::Whole(_) => panic!("nothing was kept"),
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_history_holds_what_a_plain_map_holds(acts in prop::collection::vec(act(), 0..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let recent = MemoryRecent::new(&Config::default(), Epoch("e".into()));
            let mut model = Model::default();
            for act in &acts {
                model.apply(act);
                apply(&recent, act).await;
                let found = everything(&recent).await;
                prop_assert_eq!(&found, &model.held, "after {:?}", act);
            }
            // Once the base has everything, nothing is left, and no room is lost.
            let keys = (0..USERS).flat_map(|u| (0..VIDEOS).map(move |v| (u, v))).collect();
            apply(&recent, &Act::Release(keys, OFFSETS)).await;
            prop_assert_eq!(recent.room().held, 0);
            Ok(())
        })?;
    }
}
