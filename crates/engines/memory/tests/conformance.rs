//! The contract of `Recent`, kept in memory.

use std::sync::Arc;

use playhead_memory::{Config, MemoryRecent};
use playhead_ports::{Epoch, Recent};

#[tokio::test(flavor = "multi_thread")]
async fn recent_in_memory_keeps_the_contract() {
    playhead_conformance::recent(async || {
        Arc::new(MemoryRecent::new(&Config::default(), Epoch("an-epoch".into()))) as Arc<dyn Recent>
    })
    .await;
}
