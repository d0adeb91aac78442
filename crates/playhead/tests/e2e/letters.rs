//! Dead letters: records that nobody can read go aside with all that is known of them, and hold up nothing.

use std::path::Path;
use std::sync::Arc;

use playhead_contracts::encode_fact;
use playhead_domain::{Fact, Kind, Offset, PlayId, Timestamp, UserId, VideoId, WatchEvent};
use playhead_ports::{EventLog, Most, Record, Stored, Topic, TopicPartition};
use playhead_segments::{Config, SegmentLog};
use playhead_testkit::{ManualClock, Program, event};
use serde_json::json;

use crate::{marts, setup};

const NOW_MS: i64 = 1_700_000_000_000;
const MOST: Most = Most { records: 1_000, bytes: 1 << 20 };

/// The log of a program that does not run.
pub(crate) struct StoppedLog {
    log: Arc<SegmentLog>,
    runtime: tokio::runtime::Runtime,
}

impl StoppedLog {
    pub(crate) fn open(data: &Path) -> Self {
        let clock = Arc::new(ManualClock::at(NOW_MS));
        let log = SegmentLog::open(&data.join("log"), Config::default(), clock).expect("the log opens");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { log, runtime }
    }

    /// Appends one record; its offset.
    pub(crate) fn append(&self, topic: &str, key: &str, value: &[u8]) -> Offset {
        let record = Record {
            key: key.to_owned().into(),
            value: value.to_vec().into(),
            time: Timestamp(NOW_MS),
            headers: Vec::new(),
        };
        let at = TopicPartition::new(&Topic::new(topic), 0);
        self.runtime.block_on(self.log.append(&at, vec![record])).remove(0).expect("it is appended")
    }

    /// Everything of a topic.
    pub(crate) fn read(&self, topic: &str) -> Vec<Stored> {
        let at = TopicPartition::new(&Topic::new(topic), 0);
        self.runtime.block_on(async {
            let bounds = self.log.bounds(&at).await.expect("the topic is there");
            let mut reader = self.log.reader(&at, bounds.start).await.expect("it can be read");
            let mut all = Vec::new();
            while all.last().is_none_or(|last: &Stored| last.offset.next() < bounds.end) && bounds.start < bounds.end {
                let chunk = reader.next(MOST, std::time::Duration::from_secs(1)).await.expect("it is read");
                // After a restore a log may end with offsets that no record has.
                if chunk.is_empty() {
                    break;
                }
                all.extend(chunk);
            }
            all
        })
    }
}

fn good(user: &str, seq: u64) -> Fact {
    Fact::Watched(WatchEvent {
        user_id: UserId::from_stored(user),
        video_id: VideoId::from_stored("v"),
        play_id: PlayId::from_stored("p"),
        seq,
        event_time: Timestamp(NOW_MS + seq as i64),
        event_time_sent: Timestamp(NOW_MS + seq as i64),
        received_time: Timestamp(NOW_MS),
        position_ms: seq,
        duration_ms: None,
        kind: Kind::Progress,
        device: None,
        session: None,
    })
}

/// Bytes that are no fact, each in its own way.
fn poison() -> Vec<Vec<u8>> {
    let cut = encode_fact(&good("cut", 1));
    vec![
        b"this was never a record".to_vec(),
        vec![0xff; 300],
        Vec::new(),
        cut[..cut.len() / 2].to_vec(),
        encode_fact(&good("two words", 1)),
        encode_fact(&good(&"x".repeat(65), 1)),
        match good("far", 1) {
            Fact::Watched(event) => encode_fact(&Fact::Watched(WatchEvent { position_ms: u64::MAX, ..event })),
            other => encode_fact(&other),
        },
    ]
}

#[test]
fn poison_goes_to_the_dead_letters_and_the_good_around_it_is_loaded() {
    let mut program = setup().start();
    let before = event().user("before").play("p").seq(1);
    program.http().put(&before.path(), &before.put_json()).expect("an answer").expect_status(200);
    assert_eq!(program.terminate(std::time::Duration::from_secs(240)).code(), Some(0));

    let log = StoppedLog::open(program.data_dir());
    let mut bad = Vec::new();
    for (number, value) in poison().into_iter().enumerate() {
        let offset = log.append("watch", "somebody", &value);
        bad.push((offset, value));
        log.append("watch", "good", &encode_fact(&good("good", number as u64)));
    }
    let unknown_video = log.append("videos", "v", b"no description");
    drop(log);

    program.start();
    let after = event().user("after").play("p").seq(1);
    program.http().put(&after.path(), &after.put_json()).expect("an answer").expect_status(200);
    marts::wait_loaded(&program);
    let rows = program.sql("SELECT user_id, count(*) FROM watch_events GROUP BY ALL ORDER BY ALL");
    assert_eq!(json!(rows), json!([["after", 1], ["before", 1], ["good", bad.len()]]));
    marts::assert_follow(&program);
    let read = program.http().get("/v1/users/good/positions/v").expect("an answer").expect_status(200);
    assert_eq!(read.json["position_ms"], bad.len() - 1);
    assert_eq!(rejects(&program, "marts"), bad.len() + 1);
    assert_eq!(rejects(&program, "positions"), bad.len());

    // They are read once, and never again.
    program.restart();
    marts::wait_loaded(&program);
    assert_eq!(rejects(&program, "marts"), 0);
    program.kill9();
    let log = StoppedLog::open(program.data_dir());
    for sink in ["marts", "positions"] {
        let letters: Vec<Stored> =
            log.read("watch.dlq").into_iter().filter(|letter| header(letter, "dlq-sink") == sink).collect();
        assert_eq!(letters.len(), bad.len(), "{sink}");
        for (letter, (offset, value)) in letters.iter().zip(&bad) {
            assert_letter(letter, "watch", *offset, value);
        }
    }
    let letters = log.read("videos.dlq");
    assert_eq!(letters.len(), 1);
    assert_letter(&letters[0], "videos", unknown_video, b"no description");
}

/// Dead letters are records and no view: a backup has them, and one that is made when the log was compacted to nothing starts
/// as any other.
#[test]
fn a_backup_has_the_dead_letters_and_needs_no_record_on_the_log() {
    let mut program = setup().start();
    let known = event().user("known").play("p").seq(1);
    program.http().put(&known.path(), &known.put_json()).expect("an answer").expect_status(200);
    program.kill9();
    let log = StoppedLog::open(program.data_dir());
    for (number, value) in poison().into_iter().enumerate() {
        log.append("watch", if number % 2 == 0 { "stays" } else { "leaves" }, &value);
    }
    drop(log);
    program.start();
    marts::wait_loaded(&program);
    program.client_command(&["compact"]).expect_success();
    program.client_command(&["backup", "one"]).expect_success();
    program.http().delete("/v1/users/leaves/positions").expect("an answer").expect_status(204);
    marts::wait_loaded(&program);
    program.kill9();
    let data = program.data_dir().display().to_string();
    let backup = program.data_dir().join("backups").join("one").display().to_string();
    program.command(&["restore", &backup, "--data", &data, "--replace"]).expect_success();

    program.start();
    let read = program.http().get(&known.path()).expect("an answer").expect_status(200);
    assert_eq!(read.json["stale"], false);
    let late = event().user("late").play("p").seq(1);
    program.http().put(&late.path(), &late.put_json()).expect("an answer").expect_status(200);
    marts::wait_loaded(&program);
    assert_eq!(program.sql("SELECT count(*) FROM watch_events")[0][0], 2);
    // Nothing past the end of a restored log is waited for.
    program.client_command(&["compact"]).expect_success();
    program.kill9();
    let letters = StoppedLog::open(program.data_dir()).read("watch.dlq");
    let keys: std::collections::BTreeSet<&[u8]> = letters.iter().map(|letter| &letter.record.key[..]).collect();
    assert_eq!(keys, std::collections::BTreeSet::from([&b"stays"[..]]));
    assert_eq!(letters.len(), 2 * poison().len().div_ceil(2));
}

#[track_caller]
fn assert_letter(letter: &Stored, topic: &str, offset: Offset, value: &[u8]) {
    let coordinates = ["dlq-topic", "dlq-partition", "dlq-offset"].map(|name| header(letter, name));
    assert_eq!(coordinates, [topic.to_owned(), "0".to_owned(), offset.to_string()]);
    assert_eq!(header(letter, "dlq-stage"), "prepare");
    assert!(!header(letter, "dlq-reason").is_empty());
    assert_eq!(&letter.record.value[..], value, "the record itself");
}

fn header(letter: &Stored, name: &str) -> String {
    let value = letter.record.header(name).unwrap_or_else(|| panic!("no {name} in {letter:?}"));
    String::from_utf8(value.to_vec()).expect("text")
}

/// How many records a sink has rejected, as its metrics say.
fn rejects(program: &Program, sink: &str) -> usize {
    let metrics = program.http().get("/metrics").expect("an answer").text;
    let label = format!("sink=\"{sink}\"");
    let of_sink =
        metrics.lines().filter(|line| line.starts_with("playhead_sink_rejects_total{") && line.contains(&label));
    of_sink.map(|line| line.rsplit_once(' ').expect("a value").1.parse::<usize>().expect("a count")).sum()
}
