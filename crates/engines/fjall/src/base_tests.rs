//! What is broken in the files is said without naming anybody, and does not stop forgetting.

use playhead_domain::Timestamp;
use playhead_ports::Topic;

use super::*;
use crate::Config;

fn forget_all(user: &UserId) -> (Fold, Advance) {
    let forgets = vec![Forgetting { user_id: user.clone(), video_id: None, below: Offset(9) }];
    (Fold { forgets, joins: vec![] }, advance(0))
}

fn advance(from: u64) -> Advance {
    let log_id = "log-1".parse().expect("any text is a log's id");
    Advance { at: TopicPartition::new(&Topic::new("t"), 0), log_id, from: Offset(from), to: Offset(from + 1) }
}

/// A base that stores bytes which are no state, under `somebody` and `v`.
fn broken_base(dir: &std::path::Path) -> (FjallBase, UserId, VideoId) {
    let base = FjallBase::new(Arc::new(Shelf::open(dir, Config::default().positions()).expect("opens")));
    let (user, video): (UserId, VideoId) = ("somebody".parse().expect("an id"), "v".parse().expect("an id"));
    let opened = base.shelf.now().expect("open");
    opened.data.insert(key_of(&user, &video), [1, 255, 255]).expect("stored");
    (base, user, video)
}

#[tokio::test]
async fn a_broken_state_is_told_of_without_naming_the_user() {
    let dir = tempfile::tempdir().expect("a folder");
    let (base, user, video) = broken_base(dir.path());
    let told = [
        base.get(&user, std::slice::from_ref(&video)).await.map(|_| ()).expect_err("broken"),
        base.by_user(&user).await.map(|_| ()).expect_err("broken"),
    ];
    for error in told {
        assert!(matches!(error, BaseError::Broken(_)), "{error:?}");
        assert!(!error.to_string().contains("somebody") && error.to_string().contains("rebuild positions"), "{error}");
    }
    let joined = State::of_mark(playhead_domain::MarkKind::Hidden, Timestamp(1), Offset(0));
    let fold = Fold { forgets: vec![], joins: vec![(user, video, joined)] };
    assert!(matches!(base.fold(fold, &[advance(0)]).await, Err(CommitError::Permanent(_))));
}

#[tokio::test]
async fn a_broken_state_can_be_forgotten() {
    let dir = tempfile::tempdir().expect("a folder");
    let (base, user, _) = broken_base(dir.path());
    let (fold, advance) = forget_all(&user);
    base.fold(fold, &[advance]).await.expect("folds");
    assert_eq!(base.by_user(&user).await.expect("reads"), []);
}
