//! The whole examination on a folder that is not there yet, and on one that a server has used.

use std::sync::Arc;

use playhead_ports::{EventLog, Record, Topic, TopicPartition};
use playhead_segments::SegmentLog;
use playhead_system::SystemClock;

use super::*;

fn examination(data: &Path) -> Examination {
    let local = |port| ([127, 0, 0, 1], port).into();
    let config = Config { data: data.to_owned(), http: local(0), grpc: local(0), ..Config::default() };
    Examination { config, config_trouble: None, full: false }
}

fn of<'a>(findings: &'a [Finding], check: &str) -> &'a Finding {
    findings.iter().find(|finding| finding.check == check).unwrap_or_else(|| panic!("no check {check}: {findings:?}"))
}

async fn written(folder: &Path) {
    let log = SegmentLog::open(folder, playhead_segments::Config::default(), Arc::new(SystemClock)).expect("a log");
    let topic = Topic::new("watch");
    log.create(&topic, 1).await.expect("a topic");
    for n in 0..10u8 {
        let record = Record { key: vec![n].into(), value: vec![n; 100].into(), ..Record::default() };
        let answers = log.append(&TopicPartition::new(&topic, 0), vec![record]).await;
        assert!(answers[0].is_ok(), "{answers:?}");
    }
    log.shutdown();
}

fn segment_of(log: &Path) -> PathBuf {
    let folder = log.join("watch/0");
    let mut entries = std::fs::read_dir(folder).expect("a partition").flatten().map(|entry| entry.path());
    entries.find(|path| path.extension().is_some_and(|of| of == "seg")).expect("a segment")
}

#[test]
fn everything_is_looked_at_before_the_first_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("not/yet");
    let findings = examine(&examination(&data));
    for check in ["config", "library", "data", "disk", "fsync", "clock", "http", "grpc", "files", "memory"] {
        let finding = of(&findings, check);
        assert_ne!(finding.verdict, Verdict::Fail, "{finding:?}");
        assert_eq!(finding.verdict == Verdict::Ok, finding.advice.is_none(), "{finding:?}");
    }
    assert!(!data.exists(), "a doctor makes nothing");
}

#[test]
fn a_broken_configuration_hides_no_other_finding() {
    let folder = tempfile::tempdir().expect("a folder");
    let trouble = Some("playhead.toml:4: unknown key `x`".to_owned());
    let findings = examine(&Examination { config_trouble: trouble, ..examination(folder.path()) });
    assert_eq!(of(&findings, "config").verdict, Verdict::Fail);
    assert_eq!(of(&findings, "library").verdict, Verdict::Ok);
}

#[tokio::test]
async fn a_flipped_byte_of_the_log_is_a_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    written(&log).await;
    let whole = examine(&examination(folder.path()));
    assert_eq!(of(&whole, "log").verdict, Verdict::Ok);
    assert!(of(&whole, "log").found.starts_with("every frame is whole: 10 records"), "{:?}", of(&whole, "log"));
    let path = segment_of(&log);
    let mut bytes = std::fs::read(&path).expect("a segment");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).expect("a segment");
    let broken = examine(&examination(folder.path()));
    assert_eq!(of(&broken, "log").verdict, Verdict::Fail);
}
