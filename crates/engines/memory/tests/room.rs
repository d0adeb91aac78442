//! Room, and what races may not leave behind.

use std::sync::Arc;

use playhead_domain::{Kind, Moment, Offset, PlayId, State, Timestamp, UserId, VideoId};
use playhead_memory::{Config, MemoryRecent};
use playhead_ports::{Delta, Epoch, Recent, Topic, TopicPartition};

fn at() -> TopicPartition {
    TopicPartition::new(&Topic::new("t"), 0)
}

fn key(n: u64) -> (UserId, VideoId) {
    (format!("u{n}").parse().expect("an id"), "v".parse().expect("an id"))
}

fn delta(n: u64, play: u64, offset: u64) -> Delta {
    let moment =
        Moment { seq: offset, event_time: Timestamp(0), position_ms: 0, kind: Kind::Progress, duration_ms: None };
    let state = State::of_event(PlayId::from_stored(&format!("p{play}")), moment, Offset(offset));
    let (user_id, video_id) = key(n);
    Delta { user_id, video_id, state }
}

fn recent(entries_max: usize) -> MemoryRecent {
    MemoryRecent::new(&Config { entries_max }, Epoch("e".into()))
}

#[tokio::test]
async fn it_is_full_when_as_many_plays_are_held_as_may_be() {
    let recent = recent(4);
    recent.merge(&at(), vec![delta(1, 1, 1), delta(2, 1, 2), delta(1, 2, 3)]).await.expect("merges");
    assert_eq!((recent.room().held, recent.room().is_full()), (3, false));
    recent.merge(&at(), vec![delta(1, 2, 4)]).await.expect("merges");
    assert!(!recent.room().is_full());
    recent.merge(&at(), vec![delta(3, 1, 5)]).await.expect("merges");
    assert!(recent.room().is_full());
    recent.release(&at(), &[key(1)], Offset(5)).await.expect("releases");
    assert_eq!(recent.room().held, 2);
}

#[tokio::test]
async fn a_forgetting_takes_room_until_the_base_has_passed_it() {
    let recent = recent(10);
    recent.forget(&at(), &key(1).0, None, Offset(5)).await.expect("forgets");
    recent.forget(&at(), &key(1).0, None, Offset(6)).await.expect("forgets");
    assert_eq!(recent.room().held, 1);
    recent.release(&at(), &[], Offset(6)).await.expect("releases");
    assert_eq!(recent.room().held, 1, "the base stands before the forgetting, which lies at 6");
    recent.release(&at(), &[], Offset(7)).await.expect("releases");
    assert_eq!(recent.room().held, 0);
    recent.merge(&at(), vec![delta(1, 1, 5)]).await.expect("merges");
    assert_eq!(recent.room().held, 0, "what the base has is ignored, forgotten or not");
    recent.forget(&at(), &key(1).0, None, Offset(4)).await.expect("forgets");
    assert_eq!(recent.room().held, 0, "nothing below a release is remembered");
}

/// An edge may merge long after the base has folded the same record; nobody would ever release that entry again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn merges_that_race_with_releases_leave_nothing_behind() {
    let recent = Arc::new(recent(1_000_000));
    let edges: Vec<_> = (0..4)
        .map(|edge| {
            let recent = Arc::clone(&recent);
            tokio::spawn(async move {
                for offset in (edge..20_000).step_by(4) {
                    recent.merge(&at(), vec![delta(offset % 50, 1, offset)]).await.expect("merges");
                }
            })
        })
        .collect();
    let keys: Vec<_> = (0..50).map(key).collect();
    for below in (0..=20_000).step_by(100) {
        recent.release(&at(), &keys, Offset(below)).await.expect("releases");
        tokio::task::yield_now().await;
    }
    for edge in edges {
        edge.await.expect("no panic");
    }
    assert_eq!(recent.room().held, 0);
}
