//! The contract of [`Base`], sentence by sentence. Durability is each engine's own test: it knows how to be reopened.

use std::sync::Arc;

use playhead_domain::{Offset, State, UserId, VideoId};
use playhead_ports::{Advance, Base, Checkpoint, CommitError, Fold, Forgetting};

use crate::samples::{advance, advance_of, joined, partition, state, user, video};
use crate::sentence::Sentence;

/// Checks every sentence; `make` gives a new, empty base each time.
pub async fn base(make: impl AsyncFn() -> Arc<dyn Base>) {
    states_come_in_the_order_of_the_videos(&*make().await).await;
    a_users_videos_come_by_video(&*make().await).await;
    checkpoints_tell_how_far_it_is(&*make().await).await;
    a_fold_joins(&*make().await).await;
    a_moved_checkpoint_refuses_the_whole_fold(&*make().await).await;
    a_partition_without_a_checkpoint_stands_at_0_of_any_log(&*make().await).await;
    of_two_folds_from_one_checkpoint_one_goes_in(make().await).await;
    a_forgetting_drops_what_is_below(&*make().await).await;
    a_forgetting_comes_before_the_joins(&*make().await).await;
    clear_drops_everything(&*make().await).await;
}

fn join(user_id: &str, video_id: &str, state: State) -> (UserId, VideoId, State) {
    (user(user_id), video(video_id), state)
}

fn joins(joins: Vec<(UserId, VideoId, State)>) -> Fold {
    Fold { forgets: Vec::new(), joins }
}

fn forget(user_id: &str, video_id: Option<&str>, below: u64) -> Forgetting {
    Forgetting { user_id: user(user_id), video_id: video_id.map(video), below: Offset(below) }
}

async fn fold(base: &dyn Base, fold: Fold, advances: &[Advance]) {
    base.fold(fold, advances).await.expect("folds");
}

async fn get_one(base: &dyn Base, user_id: &str, video_id: &str) -> Option<State> {
    base.get(&user(user_id), &[video(video_id)]).await.expect("reads").pop().expect("an answer for each video")
}

/// Where the partition stands, if it stands anywhere.
async fn next_of(base: &dyn Base, number: u32) -> Option<u64> {
    let found = base.checkpoints(&[partition(number)]).await.expect("reads").pop().expect("an answer for each");
    found.map(|checkpoint| checkpoint.next.0)
}

async fn states_come_in_the_order_of_the_videos(base: &dyn Base) {
    let _sentence = Sentence("The state of each of the videos, in their order; none where nothing is known.");
    fold(base, joins(vec![join("u", "a", state("p", 1)), join("u", "b", state("p", 2))]), &[advance(0, 0, 3)]).await;
    let asked = [video("b"), video("x"), video("a"), video("b")];
    let found = base.get(&user("u"), &asked).await.expect("reads");
    assert_eq!(found, [Some(state("p", 2)), None, Some(state("p", 1)), Some(state("p", 2))]);
    assert_eq!(base.get(&user("v"), &asked[..1]).await.expect("reads"), [None]);
    assert_eq!(base.get(&user("u"), &[]).await.expect("reads"), []);
}

async fn a_users_videos_come_by_video(base: &dyn Base) {
    let _sentence = Sentence("The states of all of a user's videos, by video.");
    let all = [("u", "b"), ("u", "a"), ("u", "a.b"), ("u1", "a"), ("u.", "a"), ("u-", "a"), ("t", "z")];
    let all = all.iter().zip(1..).map(|((user, video), offset)| join(user, video, state("p", offset))).collect();
    fold(base, joins(all), &[advance(0, 0, 9)]).await;
    let found = base.by_user(&user("u")).await.expect("reads");
    let expected = [(video("a"), state("p", 2)), (video("a.b"), state("p", 3)), (video("b"), state("p", 1))];
    assert_eq!(found, expected);
    assert_eq!(base.by_user(&user("nobody")).await.expect("reads"), []);
}

async fn checkpoints_tell_how_far_it_is(base: &dyn Base) {
    let _sentence = Sentence("How far the base has got in each partition.");
    fold(base, Fold::default(), &[advance(2, 0, 7), advance(0, 0, 3)]).await;
    let found = base.checkpoints(&[partition(0), partition(1), partition(2)]).await.expect("reads");
    let at = |number, next| {
        let log_id = "log-1".parse().expect("any text is a log's id");
        Checkpoint { at: partition(number), log_id, next: Offset(next) }
    };
    assert_eq!(found, [Some(at(0, 3)), None, Some(at(2, 7))]);
}

async fn a_fold_joins(base: &dyn Base) {
    let _sentence = Sentence("Joins the changes into what is stored and advances the checkpoints, together.");
    let parts = [state("p", 1), state("p", 5), state("q", 3)];
    for (number, part) in (0..).zip(&parts) {
        fold(base, joins(vec![join("u", "a", part.clone())]), &[advance(0, number, number + 1)]).await;
        assert_eq!(next_of(base, 0).await, Some(number + 1));
    }
    assert_eq!(get_one(base, "u", "a").await, Some(joined(&parts)));
    fold(base, joins(vec![join("u", "a", parts[0].clone())]), &[advance(0, 3, 4)]).await;
    assert_eq!(get_one(base, "u", "a").await, Some(joined(&parts)));
}

async fn a_moved_checkpoint_refuses_the_whole_fold(base: &dyn Base) {
    let _sentence = Sentence("Together or not at all; Moved if a checkpoint does not stand where the advance begins.");
    let before = state("p", 1);
    let first = [advance(0, 0, 5), advance(1, 0, 5)];
    fold(base, joins(vec![join("u", "a", before.clone())]), &first).await;
    let refused = [
        vec![advance(0, 0, 5)],
        vec![advance(0, 4, 6)],
        vec![advance(0, 6, 7)],
        vec![advance_of("log-2", 0, 5, 6)],
        vec![advance(0, 5, 6), advance(1, 4, 6)],
        vec![advance(0, 5, 6), advance(2, 1, 2)],
    ];
    for advances in refused {
        let change = Fold {
            forgets: vec![forget("u", Some("a"), 100)],
            joins: vec![join("u", "b", state("p", 2)), join("u", "a", state("p", 9))],
        };
        assert_eq!(base.fold(change, &advances).await, Err(CommitError::Moved), "{advances:?}");
        assert_eq!(base.by_user(&user("u")).await.expect("reads"), [(video("a"), before.clone())]);
        assert_eq!((next_of(base, 0).await, next_of(base, 1).await, next_of(base, 2).await), (Some(5), Some(5), None));
    }
}

async fn a_partition_without_a_checkpoint_stands_at_0_of_any_log(base: &dyn Base) {
    let _sentence = Sentence("A partition without a checkpoint stands at 0 of any log.");
    assert_eq!(base.fold(Fold::default(), &[advance(0, 1, 2)]).await, Err(CommitError::Moved));
    fold(base, Fold::default(), &[advance_of("log-1", 0, 0, 2), advance_of("log-9", 1, 0, 4)]).await;
    assert_eq!((next_of(base, 0).await, next_of(base, 1).await), (Some(2), Some(4)));
}

async fn of_two_folds_from_one_checkpoint_one_goes_in(base: Arc<dyn Base>) {
    let _sentence = Sentence("Moved if a checkpoint does not stand where the advance begins, of two at once too.");
    for round in 0..20 {
        let contest = (1..=4).map(|n| {
            let base = Arc::clone(&base);
            let change = joins(vec![join("u", &format!("v{n}"), state("p", round + 1))]);
            tokio::spawn(async move { base.fold(change, &[advance(0, round, round + 1)]).await })
        });
        let mut won = 0;
        for contestant in contest.collect::<Vec<_>>() {
            match contestant.await.expect("no panic") {
                Ok(()) => won += 1,
                Err(error) => assert_eq!(error, CommitError::Moved),
            }
        }
        assert_eq!(won, 1, "round {round}");
    }
}

async fn a_forgetting_drops_what_is_below(base: &dyn Base) {
    let _sentence = Sentence("A forgetting drops whatever is stored that knows of a record below its offset.");
    let kept = state("q", 8);
    let change = vec![
        join("u", "a", state("p", 1)),
        join("u", "b", joined(&[state("p", 2), kept.clone()])),
        join("u1", "a", state("p", 3)),
        join("w", "a", state("p", 4)),
        join("w", "b", state("p", 5)),
    ];
    fold(base, joins(change), &[advance(0, 0, 9)]).await;
    let forgets = vec![forget("u", None, 8), forget("w", Some("a"), 9), forget("nobody", None, 9)];
    fold(base, Fold { forgets, joins: Vec::new() }, &[advance(0, 9, 10)]).await;
    assert_eq!(base.by_user(&user("u")).await.expect("reads"), [(video("b"), kept)]);
    assert_eq!(base.by_user(&user("u1")).await.expect("reads"), [(video("a"), state("p", 3))]);
    assert_eq!(base.by_user(&user("w")).await.expect("reads"), [(video("b"), state("p", 5))]);
    assert_eq!(get_one(base, "u", "a").await, None);
}

async fn a_forgetting_comes_before_the_joins(base: &dyn Base) {
    let _sentence = Sentence("What is to go, before anything is joined.");
    fold(base, joins(vec![join("u", "a", state("p", 1)), join("u", "b", state("p", 2))]), &[advance(0, 0, 3)]).await;
    let change = Fold {
        forgets: vec![forget("u", None, 3), forget("u", Some("c"), 3)],
        joins: vec![join("u", "a", state("p", 4)), join("u", "c", state("p", 5))],
    };
    fold(base, change, &[advance(0, 3, 6)]).await;
    let expected = [(video("a"), state("p", 4)), (video("c"), state("p", 5))];
    assert_eq!(base.by_user(&user("u")).await.expect("reads"), expected);
}

async fn clear_drops_everything(base: &dyn Base) {
    let _sentence = Sentence("Drops everything, checkpoints too, before a rebuild.");
    let change = || joins(vec![join("u", "a", state("p", 1)), join("v", "a", state("p", 2))]);
    fold(base, change(), &[advance(0, 0, 3), advance(1, 0, 1)]).await;
    base.clear().await.expect("clears");
    assert_eq!((get_one(base, "u", "a").await, get_one(base, "v", "a").await), (None, None));
    assert_eq!((next_of(base, 0).await, next_of(base, 1).await), (None, None));
    fold(base, change(), &[advance_of("log-2", 0, 0, 3)]).await;
    assert_eq!(get_one(base, "u", "a").await, Some(state("p", 1)));
}
