//! The contracts of `Base`, `Working` and `Dictionaries`, kept by fjall.

use std::sync::Arc;

use playhead_fjall::{Config, FjallDictionaries, FjallStore};
use playhead_ports::{Base, Dictionaries, Working};
use tempfile::TempDir;

/// A store in a folder of its own. All folders live until the suite has ended.
fn store(dirs: &std::sync::Mutex<Vec<TempDir>>) -> FjallStore {
    let dir = tempfile::tempdir().expect("a folder");
    let store = FjallStore::open(dir.path(), &Config::default()).expect("opens");
    dirs.lock().expect("not poisoned").push(dir);
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_in_fjall_keep_the_contract() {
    let dirs = Default::default();
    playhead_conformance::base(async || Arc::new(store(&dirs).base()) as Arc<dyn Base>).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn working_state_in_fjall_keeps_the_contract() {
    let dirs = Default::default();
    playhead_conformance::working(async || Arc::new(store(&dirs).working()) as Arc<dyn Working>).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dictionaries_in_fjall_keep_the_contract() {
    let dirs: std::sync::Mutex<Vec<TempDir>> = Default::default();
    playhead_conformance::dictionaries(async || {
        let dir = tempfile::tempdir().expect("a folder");
        let store = FjallDictionaries::open(dir.path(), &Config::default()).expect("opens");
        dirs.lock().expect("not poisoned").push(dir);
        Arc::new(store) as Arc<dyn Dictionaries>
    })
    .await;
}
