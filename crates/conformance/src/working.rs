//! The contract of [`Working`], sentence by sentence. Durability is each engine's own test: it knows how to be reopened.

use std::sync::Arc;

use bytes::Bytes;
use playhead_ports::{CommitError, Working, WorkingWrite};

use crate::samples::{advance, advance_of, partition};
use crate::sentence::Sentence;

/// Checks every sentence; `make` gives a new, empty store each time.
pub async fn working(make: impl AsyncFn() -> Arc<dyn Working>) {
    values_come_in_the_order_of_the_keys(&*make().await).await;
    a_scan_is_ascending_and_keeps_to_its_prefix(&*make().await).await;
    writes_and_checkpoints_go_together(&*make().await).await;
    a_moved_checkpoint_refuses_all_writes(&*make().await).await;
    of_two_writes_of_a_key_the_later_holds(&*make().await).await;
    clear_drops_everything(&*make().await).await;
}

fn put(key: &[u8], value: &[u8]) -> WorkingWrite {
    (Bytes::copy_from_slice(key), Some(Bytes::copy_from_slice(value)))
}

fn remove(key: &[u8]) -> WorkingWrite {
    (Bytes::copy_from_slice(key), None)
}

fn pair(key: &[u8], value: &[u8]) -> (Bytes, Bytes) {
    (Bytes::copy_from_slice(key), Bytes::copy_from_slice(value))
}

async fn next_of(store: &dyn Working, number: u32) -> Option<u64> {
    let found = store.checkpoints(&[partition(number)]).await.expect("reads").pop().expect("an answer for each");
    found.map(|checkpoint| checkpoint.next.0)
}

async fn values_come_in_the_order_of_the_keys(store: &dyn Working) {
    let _sentence = Sentence("The value of each key, in the order of the keys.");
    let large = vec![7; 300_000];
    let writes = vec![put(b"b", b"2"), put(b"a\0", b""), put(b"\xff\xff", b"3"), put(b"large", &large)];
    store.commit(writes, &[advance(0, 0, 1)]).await.expect("commits");
    let keys: [&[u8]; 6] = [b"\xff\xff", b"a", b"b", b"a\0", b"large", b"b"];
    let found = store.get(keys.map(Bytes::from_static).to_vec()).await.expect("reads");
    let expected: [Option<&[u8]>; 6] = [Some(b"3"), None, Some(b"2"), Some(b""), Some(&large), Some(b"2")];
    assert_eq!(found, expected.map(|value| value.map(Bytes::copy_from_slice)));
}

async fn a_scan_is_ascending_and_keeps_to_its_prefix(store: &dyn Working) {
    let _sentence = Sentence("All keys that begin with `prefix`, ascending, with their values.");
    let keys: [&[u8]; 8] = [b"a", b"ab", b"ab\0", b"ab\xff", b"ac", b"\0", b"\xff", b"\xff\xff\x01"];
    let writes = keys.iter().map(|key| put(key, key)).collect();
    store.commit(writes, &[advance(0, 0, 1)]).await.expect("commits");
    let scanned = [
        (&b"ab"[..], vec![&b"ab"[..], b"ab\0", b"ab\xff"]),
        (b"a", vec![b"a", b"ab", b"ab\0", b"ab\xff", b"ac"]),
        (b"\xff", vec![b"\xff", b"\xff\xff\x01"]),
        (b"", vec![b"\0", b"a", b"ab", b"ab\0", b"ab\xff", b"ac", b"\xff", b"\xff\xff\x01"]),
        (b"b", vec![]),
    ];
    for (prefix, expected) in scanned {
        let expected: Vec<_> = expected.into_iter().map(|key| pair(key, key)).collect();
        assert_eq!(store.scan(prefix).await.expect("reads"), expected, "{prefix:?}");
    }
}

async fn writes_and_checkpoints_go_together(store: &dyn Working) {
    let _sentence = Sentence("Makes the writes and the advance of the checkpoints, together or not at all.");
    assert_eq!(next_of(store, 0).await, None);
    store.commit(vec![put(b"k", b"1")], &[advance(0, 0, 5), advance(3, 0, 2)]).await.expect("commits");
    assert_eq!((next_of(store, 0).await, next_of(store, 1).await, next_of(store, 3).await), (Some(5), None, Some(2)));
    store.commit(vec![remove(b"k"), remove(b"none")], &[advance(0, 5, 6)]).await.expect("commits");
    assert_eq!(store.get(vec![Bytes::from_static(b"k")]).await.expect("reads"), [None]);
    assert_eq!(next_of(store, 0).await, Some(6));
}

async fn a_moved_checkpoint_refuses_all_writes(store: &dyn Working) {
    let _sentence = Sentence("Moved if a checkpoint does not stand where the advance begins.");
    store.commit(vec![put(b"k", b"1")], &[advance(0, 0, 5)]).await.expect("commits");
    let refused = [
        vec![advance(0, 0, 5)],
        vec![advance(0, 6, 7)],
        vec![advance_of("log-2", 0, 5, 6)],
        vec![advance(0, 5, 6), advance(1, 1, 2)],
    ];
    for advances in refused {
        let writes = vec![put(b"k", b"2"), put(b"l", b"2")];
        assert_eq!(store.commit(writes, &advances).await, Err(CommitError::Moved), "{advances:?}");
        assert_eq!(store.scan(b"").await.expect("reads"), [pair(b"k", b"1")]);
        assert_eq!((next_of(store, 0).await, next_of(store, 1).await), (Some(5), None));
    }
}

async fn of_two_writes_of_a_key_the_later_holds(store: &dyn Working) {
    let _sentence = Sentence("Of two writes of a key the later one holds.");
    let writes = vec![put(b"a", b"1"), put(b"b", b"1"), put(b"a", b"2"), remove(b"b"), remove(b"c"), put(b"c", b"3")];
    store.commit(writes, &[advance(0, 0, 1)]).await.expect("commits");
    assert_eq!(store.scan(b"").await.expect("reads"), [pair(b"a", b"2"), pair(b"c", b"3")]);
}

async fn clear_drops_everything(store: &dyn Working) {
    let _sentence = Sentence("Drops everything, checkpoints too, before a rebuild.");
    store.commit(vec![put(b"k", b"1")], &[advance(0, 0, 5), advance(1, 0, 1)]).await.expect("commits");
    store.clear().await.expect("clears");
    assert_eq!(store.scan(b"").await.expect("reads"), []);
    assert_eq!((next_of(store, 0).await, next_of(store, 1).await), (None, None));
    store.commit(vec![put(b"k", b"2")], &[advance_of("log-2", 0, 0, 5)]).await.expect("commits");
    assert_eq!(store.scan(b"").await.expect("reads"), [pair(b"k", b"2")]);
}
