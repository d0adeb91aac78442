//! The contract of [`Recent`], sentence by sentence. What an engine may do but need not (keep, let go) is only checked for
//! what it must not break.

use std::sync::Arc;

use playhead_domain::{Offset, State};
use playhead_ports::{Delta, Epoch, Held, Recent};

use crate::samples::{joined, partition, state, user, video};
use crate::sentence::Sentence;

/// Checks every sentence; `make` gives a new, empty store each time.
pub async fn recent(make: impl AsyncFn() -> Arc<dyn Recent>) {
    the_epoch_stays(&*make().await).await;
    what_is_merged_is_read(make().await).await;
    merging_again_changes_nothing(&*make().await).await;
    entries_come_in_the_order_of_the_videos(&*make().await).await;
    a_users_entries_come_by_video(&*make().await).await;
    what_is_kept_is_joined(&*make().await).await;
    another_epochs_whole_is_declined(&*make().await).await;
    only_what_is_below_is_released(&*make().await).await;
    a_forgetting_drops_what_is_below(&*make().await).await;
    what_is_below_a_forgetting_is_ignored(&*make().await).await;
    what_was_joined_with_it_is_forgotten_with_it(&*make().await).await;
    a_forgetting_is_told_until_the_base_has_passed_it(&*make().await).await;
    room_is_used_by_what_is_held(&*make().await).await;
}

fn delta(user_id: &str, video_id: &str, state: State) -> Delta {
    Delta { user_id: user(user_id), video_id: video(video_id), state }
}

async fn merge(recent: &dyn Recent, deltas: Vec<Delta>) {
    recent.merge(&partition(0), deltas).await.expect("merges");
}

async fn get_one(recent: &dyn Recent, user_id: &str, video_id: &str) -> Held {
    recent.get(&user(user_id), &[video(video_id)]).await.expect("reads").pop().expect("an answer for each video")
}

/// What is known of it here, whether it is all or not.
async fn known(recent: &dyn Recent, user_id: &str, video_id: &str) -> Option<State> {
    match get_one(recent, user_id, video_id).await {
        Held::Absent => None,
        Held::Delta(state) | Held::Whole(state) => Some(state),
    }
}

async fn forget(recent: &dyn Recent, user_id: &str, video_id: Option<&str>, below: u64) {
    let video_id = video_id.map(video);
    recent.forget(&partition(0), &user(user_id), video_id.as_ref(), Offset(below)).await.expect("forgets");
}

async fn the_epoch_stays(recent: &dyn Recent) {
    let _sentence = Sentence("The identity of what is held now.");
    let epoch = recent.epoch().await.expect("reads");
    merge(recent, vec![delta("u", "a", state("p", 1))]).await;
    assert_eq!(recent.epoch().await.expect("reads"), epoch);
    assert!(!epoch.0.is_empty());
}

async fn what_is_merged_is_read(recent: Arc<dyn Recent>) {
    let _sentence = Sentence("What is merged is read by every caller from then on.");
    let tasks: Vec<_> = (0..8)
        .map(|caller| {
            let recent = Arc::clone(&recent);
            tokio::spawn(async move {
                let name = format!("u{caller}");
                for offset in 1..=50 {
                    merge(&*recent, vec![delta(&name, "a", state("p", offset))]).await;
                    let all: Vec<_> = (1..=offset).map(|offset| state("p", offset)).collect();
                    assert_eq!(known(&*recent, &name, "a").await, Some(joined(&all)));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    for caller in 0..8 {
        assert!(known(&*recent, &format!("u{caller}"), "a").await.is_some());
    }
}

async fn merging_again_changes_nothing(recent: &dyn Recent) {
    let _sentence = Sentence("Joins the deltas into what is held. Merging the same again changes nothing.");
    let parts = [state("p", 5), state("q", 2), state("p", 3)];
    let deltas = || parts.iter().map(|part| delta("u", "a", part.clone())).collect::<Vec<_>>();
    merge(recent, deltas()).await;
    let once = get_one(recent, "u", "a").await;
    assert_eq!(once, Held::Delta(joined(&parts)));
    let mut again = deltas();
    again.reverse();
    merge(recent, again).await;
    assert_eq!(get_one(recent, "u", "a").await, once);
}

async fn entries_come_in_the_order_of_the_videos(recent: &dyn Recent) {
    let _sentence = Sentence("What is held of each of the videos, in their order.");
    merge(recent, vec![delta("u", "a", state("p", 1)), delta("u", "b", state("p", 2))]).await;
    let asked = [video("b"), video("x"), video("a"), video("b")];
    let held = recent.get(&user("u"), &asked).await.expect("reads");
    let (a, b) = (Held::Delta(state("p", 1)), Held::Delta(state("p", 2)));
    assert_eq!(held, [b.clone(), Held::Absent, a, b]);
    assert_eq!(recent.get(&user("v"), &asked[..1]).await.expect("reads"), [Held::Absent]);
}

async fn a_users_entries_come_by_video(recent: &dyn Recent) {
    let _sentence = Sentence("What is held of all of a user's videos, by video; Absent does not occur.");
    let all = [("u", "b"), ("u", "a"), ("u", "a.b"), ("u1", "a"), ("u-", "a")];
    let all = all.iter().zip(1..).map(|((user, video), offset)| delta(user, video, state("p", offset))).collect();
    merge(recent, all).await;
    let expected = [(video("a"), 2), (video("a.b"), 3), (video("b"), 1)];
    let expected = expected.map(|(video, offset)| (video, Held::Delta(state("p", offset))));
    assert_eq!(recent.by_user(&user("u")).await.expect("reads"), expected);
    assert_eq!(recent.by_user(&user("nobody")).await.expect("reads"), []);
}

async fn what_is_kept_is_joined(recent: &dyn Recent) {
    let _sentence = Sentence("The store may decline; what it takes is joined with what it holds.");
    let epoch = recent.epoch().await.expect("reads");
    merge(recent, vec![delta("u", "a", state("p", 9))]).await;
    let whole = joined(&[state("o", 1), state("p", 4)]);
    recent.keep(&epoch, &user("u"), &video("a"), whole.clone()).await.expect("answers");
    match get_one(recent, "u", "a").await {
        Held::Absent => panic!("what was merged is gone"),
        Held::Delta(held) => assert_eq!(held, state("p", 9)),
        Held::Whole(held) => assert_eq!(held, joined(&[whole, state("p", 9)])),
    }
}

async fn another_epochs_whole_is_declined(recent: &dyn Recent) {
    let _sentence = Sentence("It declines if the epoch is not the current one.");
    let other = Epoch("another".into());
    recent.keep(&other, &user("u"), &video("a"), state("p", 1)).await.expect("answers");
    assert_eq!(get_one(recent, "u", "a").await, Held::Absent);
}

async fn only_what_is_below_is_released(recent: &dyn Recent) {
    let _sentence = Sentence("Entries of these keys whose greatest offset is below may go; no others.");
    let both = joined(&[state("p", 2), state("p", 7)]);
    merge(recent, vec![delta("u", "a", state("p", 1)), delta("u", "b", both.clone())]).await;
    merge(recent, vec![delta("u", "c", state("p", 7)), delta("v", "a", state("p", 3))]).await;
    let keys: Vec<_> = ["a", "b", "c", "none"].map(|id| (user("u"), video(id))).into();
    recent.release(&partition(0), &keys, Offset(7)).await.expect("releases");
    assert_eq!(known(recent, "u", "b").await, Some(both));
    assert_eq!(known(recent, "u", "c").await, Some(state("p", 7)));
    assert_eq!(known(recent, "v", "a").await, Some(state("p", 3)));
    merge(recent, vec![delta("u", "a", state("p", 8))]).await;
    let known_a = known(recent, "u", "a").await.expect("what came after the release is held");
    assert!(known_a.offsets().is_some_and(|range| range.greatest == Offset(8)));
}

async fn a_forgetting_drops_what_is_below(recent: &dyn Recent) {
    let _sentence = Sentence("Drops what knows of a record below `below`, of one video or of all of the user's.");
    let deltas = [("u", "a", 1), ("u", "b", 9), ("u1", "a", 2), ("w", "a", 3), ("w", "b", 4)];
    merge(recent, deltas.map(|(user, video, offset)| delta(user, video, state("p", offset))).into()).await;
    forget(recent, "u", None, 9).await;
    forget(recent, "w", Some("a"), 9).await;
    assert_eq!((known(recent, "u", "a").await, known(recent, "w", "a").await), (None, None));
    assert_eq!(recent.by_user(&user("u")).await.expect("reads"), [(video("b"), Held::Delta(state("p", 9)))]);
    assert_eq!(known(recent, "u1", "a").await, Some(state("p", 2)));
    assert_eq!(known(recent, "w", "b").await, Some(state("p", 4)));
}

async fn what_is_below_a_forgetting_is_ignored(recent: &dyn Recent) {
    let _sentence = Sentence("Ignores what is merged later of records below it.");
    forget(recent, "u", None, 9).await;
    forget(recent, "w", Some("a"), 9).await;
    let deltas = [("u", "a", 8), ("u", "b", 9), ("w", "a", 7), ("w", "b", 6), ("v", "a", 5)];
    merge(recent, deltas.map(|(user, video, offset)| delta(user, video, state("p", offset))).into()).await;
    assert_eq!((known(recent, "u", "a").await, known(recent, "w", "a").await), (None, None));
    assert_eq!(known(recent, "u", "b").await, Some(state("p", 9)));
    assert_eq!(known(recent, "w", "b").await, Some(state("p", 6)));
    assert_eq!(known(recent, "v", "a").await, Some(state("p", 5)));
    forget(recent, "u", None, 4).await;
    merge(recent, vec![delta("u", "a", state("p", 6))]).await;
    assert_eq!(known(recent, "u", "a").await, None, "an earlier forgetting does not undo a later one");
}

async fn what_was_joined_with_it_is_forgotten_with_it(recent: &dyn Recent) {
    let _sentence = Sentence("What was joined with such records is dropped with them; the consumer merges it again.");
    merge(recent, vec![delta("u", "a", state("p", 1)), delta("u", "a", state("p", 9))]).await;
    forget(recent, "u", None, 5).await;
    let known_a = known(recent, "u", "a").await;
    assert!(known_a.is_none_or(|state| state.offsets().is_none_or(|range| range.least >= Offset(5))));
    merge(recent, vec![delta("u", "a", state("p", 9))]).await;
    assert_eq!(known(recent, "u", "a").await, Some(state("p", 9)));
}

async fn a_forgetting_is_told_until_the_base_has_passed_it(recent: &dyn Recent) {
    let _sentence = Sentence("The user's forgettings that the base may not have passed yet.");
    let below =
        async |user_id: &str, video_id: &str| recent.veil(&user(user_id)).await.expect("reads").below(&video(video_id));
    // The base alone may have it: nothing is held here.
    forget(recent, "u", None, 9).await;
    forget(recent, "w", Some("a"), 7).await;
    assert_eq!([below("u", "a").await, below("u", "b").await], [Offset(9); 2]);
    assert_eq!([below("w", "a").await, below("w", "b").await], [Offset(7), Offset(0)]);
    assert_eq!(below("v", "a").await, Offset(0));
    merge(recent, vec![delta("u", "a", state("p", 11))]).await;
    assert_eq!(below("u", "a").await, Offset(9), "what is written afterwards does not lift it");
    recent.release(&partition(0), &[], Offset(9)).await.expect("releases");
    assert_eq!(below("u", "a").await, Offset(9), "the base stands before the forgetting, which lies at 9");
}

async fn room_is_used_by_what_is_held(recent: &dyn Recent) {
    let _sentence = Sentence("How full it is.");
    let before = recent.room();
    assert!(!before.is_full());
    merge(recent, (1..=10).map(|n| delta("u", &format!("v{n}"), state("p", n))).collect()).await;
    let after = recent.room();
    assert!(after.held >= before.held + 10 && after.most == before.most, "{before:?} {after:?}");
}
