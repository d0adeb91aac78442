//! The contracts of `Base` and `Working`, kept by fjall.

use std::sync::Arc;

use playhead_fjall::{Config, FjallStore};
use playhead_ports::{Base, Working};
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
