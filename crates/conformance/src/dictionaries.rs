//! The contract of [`Dictionaries`], sentence by sentence.

use std::sync::Arc;

use bytes::Bytes;
use playhead_ports::{CommitError, Dictionaries, DictionaryChange, DictionaryKey};

use crate::samples::{advance, partition};
use crate::sentence::Sentence;

/// Checks every sentence; `make` gives a new, empty store each time.
pub async fn dictionaries(make: impl AsyncFn() -> Arc<dyn Dictionaries>) {
    entries_come_in_the_order_of_the_keys(&*make().await).await;
    dictionaries_are_apart_and_counted(&*make().await).await;
    of_two_changes_the_later_holds(&*make().await).await;
    changes_and_checkpoints_go_together(&*make().await).await;
    an_id_that_is_too_long_is_refused(&*make().await).await;
}

fn key(dictionary: &str, id: &str) -> DictionaryKey {
    DictionaryKey { dictionary: dictionary.into(), id: id.into() }
}

fn put(dictionary: &str, id: &str, entry: &str) -> DictionaryChange {
    (key(dictionary, id), Some(Bytes::copy_from_slice(entry.as_bytes())))
}

async fn found(store: &dyn Dictionaries, keys: &[DictionaryKey]) -> Vec<Option<String>> {
    let entries = store.get(keys).await.expect("reads");
    entries.into_iter().map(|entry| entry.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())).collect()
}

async fn entries_come_in_the_order_of_the_keys(store: &dyn Dictionaries) {
    let _sentence = Sentence("What each key has, in the order of the keys.");
    store
        .change(vec![put("users", "b", "2"), put("users", "", "0"), put("users", "ы", "3")], &[])
        .await
        .expect("changes");
    let keys = [key("users", "ы"), key("users", "a"), key("users", "b"), key("users", ""), key("users", "b")];
    let expected = [Some("3"), None, Some("2"), Some("0"), Some("2")];
    assert_eq!(found(store, &keys).await, expected.map(|entry| entry.map(str::to_owned)));
}

async fn dictionaries_are_apart_and_counted(store: &dyn Dictionaries) {
    let _sentence = Sentence("How many entries the dictionary has.");
    let changes = vec![put("user", "s1", "a"), put("users", "1", "b"), put("users", "2", "c")];
    store.change(changes, &[advance(0, 0, 1)]).await.expect("changes");
    assert_eq!(found(store, &[key("user", "s1"), key("users", "1"), key("user", "1")]).await[2], None);
    let counts = (store.count("user").await, store.count("users").await, store.count("use").await);
    assert_eq!(counts, (Ok(1), Ok(2), Ok(0)));
}

async fn of_two_changes_the_later_holds(store: &dyn Dictionaries) {
    let _sentence = Sentence("Of two changes of a key the later one holds.");
    let remove = |id: &str| (key("d", id), None);
    let changes = vec![put("d", "a", "1"), put("d", "b", "1"), put("d", "a", "2"), remove("b"), remove("c")];
    store.change(changes, &[]).await.expect("changes");
    assert_eq!(found(store, &[key("d", "a"), key("d", "b")]).await, [Some("2".to_owned()), None]);
    store.change(vec![remove("a")], &[]).await.expect("changes");
    assert_eq!(found(store, &[key("d", "a")]).await, [None]);
}

async fn changes_and_checkpoints_go_together(store: &dyn Dictionaries) {
    let _sentence = Sentence("Makes the changes and the advance of the checkpoints, together or not at all.");
    store.change(vec![put("d", "a", "1")], &[advance(0, 0, 5)]).await.expect("changes");
    let refused = store.change(vec![put("d", "a", "2")], &[advance(0, 0, 5)]).await;
    assert_eq!(refused, Err(CommitError::Moved));
    assert_eq!(found(store, &[key("d", "a")]).await, [Some("1".to_owned())]);
    let standing = store.checkpoints(&[partition(0), partition(1)]).await.expect("reads");
    assert_eq!(standing.into_iter().map(|at| at.map(|at| at.next.0)).collect::<Vec<_>>(), [Some(5), None]);
}

async fn an_id_that_is_too_long_is_refused(store: &dyn Dictionaries) {
    let _sentence = Sentence("An id that is too long is Permanent.");
    let long = "x".repeat(1025);
    let refused = store.change(vec![put("d", "a", "1"), put("d", &long, "1")], &[]).await;
    assert!(matches!(refused, Err(CommitError::Permanent(_))), "{refused:?}");
    assert_eq!(store.count("d").await, Ok(0));
    store.change(vec![put("d", &long[1..], "1")], &[]).await.expect("an id of 1 KiB is taken");
}
