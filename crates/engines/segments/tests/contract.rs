//! The log keeps the port's contract, with settings as they are by default and with tiny ones that make every boundary common.

mod support;

use std::sync::Arc;

use playhead_ports::{EventLog, Topic, TopicPartition};
use playhead_segments::{Config, SegmentGroup};
use support::{open, tiny};

async fn keeps_the_contract(config: Config) {
    // Folders live as long as the suite runs; each log is a new one.
    let folders = tempfile::tempdir().expect("a folder");
    let made = std::sync::atomic::AtomicUsize::new(0);
    playhead_conformance::log(async || {
        let number = made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        open(&folders.path().join(number.to_string()), config.clone()) as Arc<dyn EventLog>
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_keeps_its_contract() {
    keeps_the_contract(Config::default()).await;
}

#[tokio::test]
async fn tiny_segments_and_frames_keep_the_contract() {
    keeps_the_contract(tiny()).await;
}

#[tokio::test]
async fn the_group_gains_everything_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), Config::default());
    let (one, two) = (Topic::new("one"), Topic::new("two"));
    log.create(&one, 1).await.expect("made");
    log.create(&two, 3).await.expect("made");
    let group = SegmentGroup::join(&*log, &[one.clone(), two.clone()]).await.expect("joins");
    let all = [(&one, 0), (&two, 0), (&two, 1), (&two, 2)].map(|(topic, number)| TopicPartition::new(topic, number));
    playhead_conformance::group(Box::new(group), &all).await;
}
