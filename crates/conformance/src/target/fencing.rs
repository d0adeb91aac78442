//! Checkpoints that fence: who has lost its place loads nothing.

use std::sync::Arc;

use playhead_domain::Offset;
use playhead_ports::{Advance, Checkpoint, CommitError, Target};

use super::{TAKE, next_of, seen, sql, with_table, words};
use crate::samples::{advance, advance_of, partition};
use crate::sentence::Sentence;

pub(super) async fn check(make: &impl AsyncFn() -> Arc<dyn Target>) {
    {
        let _s = Sentence("A checkpoint that does not stand where its advance begins gives `CommitError::Moved`.");
        let target = with_table(make).await;
        target.load("loader", &[words(&[(1, "one")])], &sql(&[TAKE]), &[advance(0, 0, 5)]).await.expect("loads");
        let elsewhere = [
            vec![advance(0, 0, 5)],
            vec![advance(0, 4, 9)],
            vec![advance(0, 6, 9)],
            vec![advance(1, 3, 9)],
            vec![advance_of("log-2", 0, 5, 9)],
            vec![advance_of("log-2", 0, 0, 9)],
            vec![advance(1, 0, 2), advance(0, 0, 9)],
        ];
        for steps in elsewhere {
            let moved = target.load("loader", &[words(&[(2, "two")])], &sql(&[TAKE]), &steps).await;
            assert_eq!(moved, Err(CommitError::Moved), "{steps:?}");
        }
        assert_eq!(seen(&*target).await.len(), 1);
        assert_eq!((next_of(&*target, "loader", 0).await, next_of(&*target, "loader", 1).await), (Some(5), None));
        let steps = [advance(0, 5, 6), advance(1, 0, 0)];
        target.load("loader", &[], &[], &steps).await.expect("the target goes on after a refusal");
    }
    {
        let _s = Sentence("`CommitError::Moved` also for an advance that ends where it begins.");
        let target = with_table(make).await;
        target.load("loader", &[], &[], &[advance(0, 0, 5)]).await.expect("loads");
        target.load("loader", &[words(&[(1, "one")])], &sql(&[TAKE]), &[advance(0, 5, 5)]).await.expect("loads");
        for wrong in [advance(0, 0, 0), advance(0, 4, 4), advance_of("log-2", 0, 5, 5)] {
            let moved = target.load("loader", &[words(&[(2, "two")])], &sql(&[TAKE]), &[wrong]).await;
            assert_eq!(moved, Err(CommitError::Moved));
        }
        assert_eq!(seen(&*target).await.len(), 1);
    }
    {
        let _s = Sentence("Going back is `CommitError::Permanent`.");
        let target = with_table(make).await;
        target.load("loader", &[], &[], &[advance(0, 0, 5)]).await.expect("loads");
        let back = target.load("loader", &[words(&[(1, "one")])], &sql(&[TAKE]), &[advance(0, 5, 4)]).await;
        assert!(matches!(back, Err(CommitError::Permanent(_))), "{back:?}");
        assert_eq!((seen(&*target).await, next_of(&*target, "loader", 0).await), (vec![], Some(5)));
    }
    {
        let _s =
            Sentence("Puts the consumer's checkpoints where they are told, wherever they stood and of whichever log.");
        let target = with_table(make).await;
        let of = |log: &str, at: u32, next: u64| Checkpoint {
            at: partition(at),
            log_id: log.parse().expect("an id"),
            next: Offset(next),
        };
        target.load("a", &[], &[], &[advance(0, 0, 5)]).await.expect("loads");
        target.load("b", &[], &[], &[advance(0, 0, 6)]).await.expect("loads");
        let wanted = [of("log-9", 0, 2), of("log-9", 1, 7)];
        target.place("a", &wanted).await.expect("places");
        target.place("a", &wanted).await.expect("places the same again");
        let standing = target.checkpoints("a", &[partition(0), partition(1)]).await.expect("reads");
        assert_eq!(standing, wanted.clone().map(Some));
        assert_eq!(next_of(&*target, "b", 0).await, Some(6));
        target.load("a", &[], &[], &[advance_of("log-9", 0, 2, 3)]).await.expect("goes on from there");
        let old = target.load("a", &[], &[], &[advance(0, 5, 6)]).await;
        assert_eq!(old, Err(CommitError::Moved));
    }
    {
        let _s = Sentence("Checkpoints say of which log they are, for each consumer by itself.");
        let target = with_table(make).await;
        target.load("a", &[], &[], &[advance_of("log-7", 3, 0, 5)]).await.expect("loads");
        target.load("b", &[], &[], &[advance_of("log-8", 3, 0, 6)]).await.expect("loads");
        let found = target.checkpoints("a", &[partition(2), partition(3)]).await.expect("reads");
        let [None, Some(standing)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((standing.log_id.to_string().as_str(), standing.next), ("log-7", Offset(5)));
        assert!(advance_of("log-7", 3, 0, 5).is_made(Some(standing)));
        assert_eq!(next_of(&*target, "b", 3).await, Some(6));
    }
    two_at_once(make).await;
    several_partitions_at_once(make).await;
}

async fn two_at_once(make: &impl AsyncFn() -> Arc<dyn Target>) {
    let _s = Sentence("Of two loads from one place at once, one goes in and the other has moved.");
    let target = with_table(make).await;
    for next in 0..10 {
        let staged = [words(&[(i64::try_from(next).expect("small"), "w")])];
        let (taken, step) = (sql(&[TAKE]), [advance(0, next, next + 1)]);
        let load = || target.load("loader", &staged, &taken, &step);
        let (one, two) = tokio::join!(load(), load());
        match (&one, &two) {
            (Ok(_), Err(CommitError::Moved)) | (Err(CommitError::Moved), Ok(_)) => {}
            _ => panic!("{one:?} and {two:?}"),
        }
    }
    assert_eq!(seen(&*target).await.len(), 10);
}

async fn several_partitions_at_once(make: &impl AsyncFn() -> Arc<dyn Target>) {
    let _s =
        Sentence("Loads of several partitions at once, in any order of their advances, go in one after the other.");
    let target = with_table(make).await;
    let loader = async |name: &'static str, turn: usize| {
        for next in 0..10 {
            let mut steps: Vec<Advance> = (0..4).map(|number| advance(number, next, next + 1)).collect();
            steps.rotate_left(turn);
            target.load(name, &[], &[], &steps).await.expect("nobody is in the way for ever");
        }
    };
    tokio::join!(loader("a", 0), loader("b", 1), loader("c", 2));
    for name in ["a", "b", "c"] {
        assert_eq!(next_of(&*target, name, 3).await, Some(10));
    }
}
