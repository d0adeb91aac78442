//! What was removed is gone from the files' bytes after `compact`.

mod values;

use std::path::Path;

use bytes::Bytes;
use playhead_ports::{Base, Fold, Working};
use values::{advance, forget, join, open, state};

/// The files below `dir` that hold the text.
fn files_with(dir: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else {
            let bytes = std::fs::read(&path).expect("readable");
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

const GONE: &str = "somebody-to-be-forgotten";

#[tokio::test(flavor = "multi_thread")]
async fn no_byte_of_a_removed_user_is_left_after_compact() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    let base = store.base();
    for n in 0..20 {
        let joins =
            (0..50).map(|v| join(if v % 2 == 0 { GONE } else { "stays" }, &format!("v{v}"), state(n))).collect();
        base.fold(Fold { forgets: vec![], joins }, &[advance(n, n + 1)]).await.expect("folds");
        if n % 5 == 0 {
            // Some of it lies in tables already.
            store.compact().await.expect("compacts");
        }
    }
    let working = store.working();
    let key = |name: &str| Bytes::from(format!("pair/{name}"));
    let writes = [GONE, "stays"].map(|name| (key(name), Some(Bytes::from(format!("value of {name}"))))).into();
    working.commit(writes, &[advance(0, 1)]).await.expect("commits");
    assert!(!files_with(dir.path(), GONE).is_empty());

    let forgets = vec![forget(GONE, 20)];
    base.fold(Fold { forgets, joins: vec![] }, &[advance(20, 21)]).await.expect("folds");
    working.commit(vec![(key(GONE), None)], &[advance(1, 2)]).await.expect("commits");
    store.compact().await.expect("compacts");
    assert_eq!(files_with(dir.path(), GONE), Vec::<String>::new());

    assert_eq!(base.by_user(&"stays".parse().expect("an id")).await.expect("reads").len(), 25);
    drop((base, working, store));
    let store = open(dir.path());
    assert_eq!(store.base().by_user(&"stays".parse().expect("an id")).await.expect("reads").len(), 25);
    assert_eq!(values::next_of(&store.base()).await, Some(21));
    assert_eq!(store.working().get(vec![key("stays"), key(GONE)]).await.expect("reads")[1], None);
    assert!(store.working().get(vec![key("stays")]).await.expect("reads")[0].is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_and_writes_go_on_while_it_compacts() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    let base = store.base();
    let joins = (0..2_000).map(|n| join(&format!("u{n}"), "v", state(1))).collect();
    base.fold(Fold { forgets: vec![], joins }, &[advance(0, 1)]).await.expect("folds");
    let compacting = tokio::spawn(async move {
        for _ in 0..5 {
            store.compact().await.expect("compacts");
        }
    });
    let mut next = 1;
    while !compacting.is_finished() {
        let fold = Fold { forgets: vec![], joins: vec![join("u1", "v", state(next))] };
        base.fold(fold, &[advance(next, next + 1)]).await.expect("folds");
        next += 1;
        let found = base.get(&"u7".parse().expect("an id"), &["v".parse().expect("an id")]).await.expect("reads");
        assert_eq!(found, [Some(state(1))]);
        assert_eq!(values::next_of(&base).await, Some(next));
    }
    compacting.await.expect("no panic");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cleared_is_gone_from_the_files_and_stays_gone() {
    let dir = tempfile::tempdir().expect("a folder");
    for round in 0..3 {
        let store = open(dir.path());
        let base = store.base();
        assert_eq!(values::next_of(&base).await, None, "round {round}");
        let fold = || Fold { forgets: vec![], joins: vec![join(GONE, "v", state(1))] };
        base.fold(fold(), &[advance(0, 1)]).await.expect("folds");
        store.compact().await.expect("compacts");
        base.fold(fold(), &[advance(1, 2)]).await.expect("folds");
        base.clear().await.expect("clears");
        assert_eq!(files_with(dir.path(), GONE), Vec::<String>::new());
    }
}
