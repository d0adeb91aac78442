//! The contract of [`EventLog`] and [`LogReader`], sentence by sentence. What survives a kill or a full disk is each engine's
//! own test: it knows how to be killed and filled.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use playhead_domain::{Offset, Timestamp};
use playhead_ports::{EventLog, Header, LogError, LogReader, Most, Record, Stored, Topic, TopicPartition};

use crate::sentence::Sentence;

/// Longer than any engine needs for what it will do.
const PATIENCE: Duration = Duration::from_secs(60);

/// Checks every sentence; `make` gives a new, empty log each time.
pub async fn log(make: impl AsyncFn() -> Arc<dyn EventLog>) {
    a_topic_is_made_once_with_its_count(&*make().await).await;
    what_is_not_there_is_missing(&*make().await).await;
    an_empty_log_begins_where_it_ends(&*make().await).await;
    records_come_back_as_they_were(&*make().await).await;
    answers_are_in_their_places_and_offsets_increase(&*make().await).await;
    an_empty_batch_has_no_answers(&*make().await).await;
    a_refused_record_loses_no_other(&*make().await).await;
    an_acknowledged_record_is_readable_at_once(&*make().await).await;
    partitions_know_nothing_of_one_another(&*make().await).await;
    callers_at_once_keep_their_own_order(make().await).await;
    a_reader_begins_where_it_is_told(&*make().await).await;
    a_reader_gives_at_most_what_is_asked(&*make().await).await;
    one_record_is_given_though_it_is_too_large(&*make().await).await;
    read_at_the_tail_is_empty(&*make().await).await;
    a_reader_past_the_end_waits_for_what_comes(&*make().await).await;
    a_waiting_reader_wakes(make().await).await;
    a_dropped_read_loses_nothing(make().await).await;
    readers_follow_writers(make().await).await;
}

fn topic() -> Topic {
    Topic::new("conformance")
}

fn at() -> TopicPartition {
    TopicPartition::new(&topic(), 0)
}

fn record(value: impl Into<String>) -> Record {
    let value: String = value.into();
    Record { key: "key".into(), value: value.into(), time: Timestamp(1_700_000_000_000), headers: Vec::new() }
}

fn records(count: usize) -> Vec<Record> {
    (0..count).map(|n| record(format!("value {n}"))).collect()
}

fn most(records: usize) -> Most {
    Most { records, bytes: usize::MAX }
}

fn texts(stored: &[Stored]) -> Vec<&str> {
    stored.iter().map(|stored| std::str::from_utf8(&stored.record.value).expect("the suite writes text")).collect()
}

async fn made(log: &dyn EventLog) {
    log.create(&topic(), 1).await.expect("makes the topic");
}

/// Appends what must go in: the offsets.
async fn append(log: &dyn EventLog, batch: Vec<Record>) -> Vec<Offset> {
    let answers = log.append(&at(), batch).await;
    answers.into_iter().map(|answer| answer.expect("goes in")).collect()
}

async fn reader(log: &dyn EventLog, from: Offset) -> Box<dyn LogReader> {
    log.reader(&at(), from).await.expect("a reader")
}

/// Reads until there are so many.
async fn read(reader: &mut dyn LogReader, count: usize) -> Vec<Stored> {
    let mut all = Vec::new();
    while all.len() < count {
        let next = reader.next(most(count - all.len()), PATIENCE).await.expect("reads");
        assert!(!next.is_empty(), "{} of {count} records came", all.len());
        all.extend(next);
    }
    all
}

async fn a_topic_is_made_once_with_its_count(log: &dyn EventLog) {
    let _sentence =
        Sentence("Makes the topic with so many partitions; one that is there with another count is an error.");
    log.create(&topic(), 3).await.expect("makes it");
    log.create(&topic(), 3).await.expect("is there");
    assert_eq!(log.partitions(&topic()).await, Ok(3));
    log.create(&topic(), 2).await.expect_err("has 3");
    assert_eq!(log.partitions(&topic()).await, Ok(3));
}

async fn what_is_not_there_is_missing(log: &dyn EventLog) {
    let _sentence = Sentence("There is no such topic or partition.");
    log.create(&topic(), 2).await.expect("makes it");
    let other = Topic::new("conformance-other");
    assert!(matches!(log.partitions(&other).await, Err(LogError::Missing(_))));
    for at in [TopicPartition::new(&other, 0), TopicPartition::new(&topic(), 2)] {
        assert_eq!(log.bounds(&at).await, Err(LogError::Missing(at.clone())));
        assert_eq!(log.reader(&at, Offset(0)).await.err(), Some(LogError::Missing(at.clone())));
        let answers = log.append(&at, records(2)).await;
        assert!(answers.len() == 2 && answers.iter().all(Result::is_err), "{answers:?}");
    }
}

async fn an_empty_log_begins_where_it_ends(log: &dyn EventLog) {
    let _sentence = Sentence("The first offset that is still held; `end` if there is none.");
    made(log).await;
    let empty = log.bounds(&at()).await.expect("bounds");
    assert_eq!(empty.start, empty.end);
    let offsets = append(log, records(3)).await;
    let bounds = log.bounds(&at()).await.expect("bounds");
    assert_eq!(bounds.log_id, empty.log_id);
    assert!(bounds.start <= offsets[0] && bounds.end > offsets[2], "{bounds:?} {offsets:?}");
}

async fn records_come_back_as_they_were(log: &dyn EventLog) {
    let _sentence = Sentence("The next records: key, value, time and headers as they were appended.");
    made(log).await;
    let header = |name: &str, value: &'static [u8]| Header { name: name.into(), value: value.into() };
    let every_byte: Vec<u8> = (0..=255).collect();
    let batch = vec![
        Record::default(),
        Record { key: vec![0, 255].into(), value: every_byte.into(), time: Timestamp(1), headers: vec![] },
        Record { headers: vec![header("a", b"1"), header("b", b""), header("a", b"2")], ..record("headers") },
        Record { headers: (0..64).map(|n| header(&format!("h{n}"), b"x")).collect(), ..record("many headers") },
        Record { headers: vec![header(&"n".repeat(255), b"long")], ..record("a long name") },
        Record { time: Timestamp::MAX, ..record("x".repeat(300_000)) },
    ];
    let offsets = append(log, batch.clone()).await;
    let stored = read(&mut *reader(log, Offset(0)).await, batch.len()).await;
    for ((stored, record), offset) in stored.iter().zip(&batch).zip(offsets) {
        assert_eq!(stored.offset, offset);
        assert!(stored.record == *record, "the record at {offset} came back otherwise");
    }
}

async fn answers_are_in_their_places_and_offsets_increase(log: &dyn EventLog) {
    let _sentence = Sentence("Offsets increase within the batch and from batch to batch of one caller.");
    made(log).await;
    let mut offsets = Vec::new();
    for size in [1, 7, 1_000, 1] {
        offsets.extend(append(log, records(size)).await);
    }
    assert!(offsets.is_sorted_by(|a, b| a < b), "{offsets:?}");
    let stored = read(&mut *reader(log, Offset(0)).await, offsets.len()).await;
    assert!(stored.iter().map(|stored| stored.offset).eq(offsets.iter().copied()));
    assert_eq!(texts(&stored[8..10]), ["value 0", "value 1"]);
}

async fn an_empty_batch_has_no_answers(log: &dyn EventLog) {
    let _sentence = Sentence("Each record has its answer in its place.");
    made(log).await;
    assert_eq!(log.append(&at(), Vec::new()).await, []);
}

async fn a_refused_record_loses_no_other(log: &dyn EventLog) {
    let _sentence = Sentence("A record that is refused loses no other.");
    made(log).await;
    // Larger than any engine takes.
    let huge = || record("x".repeat(64 * 1024 * 1024));
    let batch = vec![huge(), record("first"), huge(), record("second"), record("third"), huge()];
    let answers = log.append(&at(), batch).await;
    let went_in: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(went_in, [false, true, false, true, true, false]);
    let stored = read(&mut *reader(log, Offset(0)).await, 3).await;
    assert_eq!(texts(&stored), ["first", "second", "third"]);
    assert_eq!(answers[4], Ok(stored[2].offset));
}

async fn an_acknowledged_record_is_readable_at_once(log: &dyn EventLog) {
    let _sentence = Sentence("An offset means that the record is readable from then on.");
    made(log).await;
    let mut reader = reader(log, Offset(0)).await;
    for n in 0..20 {
        let offsets = append(log, vec![record(n.to_string())]).await;
        assert!(log.bounds(&at()).await.expect("bounds").end > offsets[0]);
        let stored = read(&mut *reader, 1).await;
        assert_eq!((stored[0].offset, texts(&stored)), (offsets[0], vec![n.to_string().as_str()]));
    }
}

async fn partitions_know_nothing_of_one_another(log: &dyn EventLog) {
    let _sentence = Sentence("An ordered log, split into topics and partitions.");
    let other = Topic::new("conformance-other");
    log.create(&topic(), 2).await.expect("makes it");
    log.create(&other, 1).await.expect("makes it");
    let places = [TopicPartition::new(&topic(), 0), TopicPartition::new(&topic(), 1), TopicPartition::new(&other, 0)];
    for at in &places {
        log.append(at, vec![record(at.to_string())]).await.remove(0).expect("goes in");
    }
    let mut log_ids = BTreeSet::new();
    for at in &places {
        let mut reader = log.reader(at, Offset(0)).await.expect("a reader");
        assert_eq!(texts(&read(&mut *reader, 1).await), [at.to_string()]);
        log_ids.insert(log.bounds(at).await.expect("bounds").log_id);
    }
    assert!(!log_ids.is_empty());
}

async fn callers_at_once_keep_their_own_order(log: Arc<dyn EventLog>) {
    let _sentence = Sentence("Offsets increase from batch to batch of one caller; an offset is never given twice.");
    made(&*log).await;
    let callers: Vec<_> = (0..8)
        .map(|caller| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                let mut offsets = Vec::new();
                for n in 0..50 {
                    let batch = vec![record(format!("{caller} {}", 2 * n)), record(format!("{caller} {}", 2 * n + 1))];
                    offsets.extend(append(&*log, batch).await);
                }
                offsets
            })
        })
        .collect();
    let mut all = BTreeSet::new();
    for caller in callers {
        let offsets = caller.await.expect("a caller");
        assert!(offsets.is_sorted_by(|a, b| a < b), "{offsets:?}");
        all.extend(offsets);
    }
    assert_eq!(all.len(), 800);
    let stored = read(&mut *reader(&*log, Offset(0)).await, 800).await;
    assert!(stored.iter().map(|stored| stored.offset).eq(all));
    for caller in 0..8 {
        let prefix = format!("{caller} ");
        let own = texts(&stored).into_iter().filter_map(|text| text.strip_prefix(&prefix));
        assert!(own.eq((0..100).map(|n| n.to_string())), "caller {caller}");
    }
}

async fn a_reader_begins_where_it_is_told(log: &dyn EventLog) {
    let _sentence = Sentence("A reader that begins at `from`, or at the first record after it.");
    made(log).await;
    let mut offsets = append(log, records(3)).await;
    offsets.extend(append(log, records(500)).await);
    for place in [0, 1, 2, 3, 4, 250, 501, 502] {
        let stored = read(&mut *reader(log, offsets[place]).await, 1).await;
        assert_eq!(stored[0].offset, offsets[place]);
        if place > 0 {
            let stored = read(&mut *reader(log, offsets[place - 1].next()).await, 1).await;
            assert_eq!(stored[0].offset, offsets[place]);
        }
    }
}

async fn a_reader_gives_at_most_what_is_asked(log: &dyn EventLog) {
    let _sentence = Sentence("The next records in order, each once, none missing, at most so many.");
    made(log).await;
    append(log, records(100)).await;
    let mut by_count = reader(log, Offset(0)).await;
    let mut by_bytes = reader(log, Offset(0)).await;
    let (mut counted, mut weighed) = (Vec::new(), Vec::new());
    while counted.len() < 100 {
        let next = by_count.next(most(7), PATIENCE).await.expect("reads");
        assert!((1..=7).contains(&next.len()), "{}", next.len());
        counted.extend(next);
    }
    while weighed.len() < 100 {
        let next = by_bytes.next(Most { records: 1_000, bytes: 50 }, PATIENCE).await.expect("reads");
        let bytes: usize = next.iter().map(|stored| stored.record.size_bytes()).sum();
        assert!((1..=50).contains(&bytes), "{bytes}");
        weighed.extend(next);
    }
    assert_eq!(counted, weighed);
    assert!(texts(&counted).into_iter().eq((0..100).map(|n| format!("value {n}"))));
}

async fn one_record_is_given_though_it_is_too_large(log: &dyn EventLog) {
    let _sentence = Sentence("One record is given even if it alone is larger.");
    made(log).await;
    append(log, vec![record("x".repeat(1_000)), record("small")]).await;
    let mut reader = reader(log, Offset(0)).await;
    for length in [1_000, 5] {
        let next = reader.next(Most { records: 10, bytes: 1 }, PATIENCE).await.expect("reads");
        assert_eq!(texts(&next).iter().map(|text| text.len()).collect::<Vec<_>>(), [length]);
    }
}

async fn read_at_the_tail_is_empty(log: &dyn EventLog) {
    let _sentence = Sentence("At the end of the log it waits up to `wait`; nothing then is an empty answer.");
    made(log).await;
    append(log, records(2)).await;
    let mut reader = reader(log, Offset(0)).await;
    read(&mut *reader, 2).await;
    for wait_ms in [0, 20] {
        assert_eq!(reader.next(most(10), Duration::from_millis(wait_ms)).await, Ok(Vec::new()));
    }
}

async fn a_reader_past_the_end_waits_for_what_comes(log: &dyn EventLog) {
    let _sentence = Sentence("At or past the log's end the reader waits for what comes.");
    made(log).await;
    append(log, records(2)).await;
    let end = log.bounds(&at()).await.expect("bounds").end;
    let (mut at_end, mut past_end) = (reader(log, end).await, reader(log, Offset(end.0 + 2)).await);
    for reader in [&mut at_end, &mut past_end] {
        assert_eq!(reader.next(most(10), Duration::from_millis(5)).await, Ok(Vec::new()));
    }
    let offsets = append(log, records(5)).await;
    assert_eq!(read(&mut *at_end, 1).await[0].offset, offsets[0]);
    let first_past = offsets.iter().copied().find(|offset| offset.0 >= end.0 + 2);
    assert_eq!(Some(read(&mut *past_end, 1).await[0].offset), first_past);
}

async fn a_waiting_reader_wakes(log: Arc<dyn EventLog>) {
    let _sentence = Sentence("At the end of the log it waits for the first one.");
    made(&*log).await;
    let mut reader = reader(&*log, Offset(0)).await;
    let waiting = tokio::spawn(async move { reader.next(most(10), PATIENCE).await });
    tokio::time::sleep(Duration::from_millis(20)).await;
    append(&*log, vec![record("woke")]).await;
    let woken = waiting.await.expect("a reader").expect("reads");
    assert_eq!(texts(&woken), ["woke"]);
}

async fn a_dropped_read_loses_nothing(log: Arc<dyn EventLog>) {
    let _sentence = Sentence("Dropping the future loses nothing.");
    made(&*log).await;
    let mut reader = reader(&*log, Offset(0)).await;
    let writing = tokio::spawn({
        let log = Arc::clone(&log);
        async move {
            for n in 0..60 {
                append(&*log, vec![record(format!("value {n}"))]).await;
                tokio::time::sleep(Duration::from_millis(u64::from(n % 3 == 0))).await;
            }
        }
    });
    let mut stored = Vec::new();
    let hurry = [0, 50, 150, 400, 1_000, 20_000];
    let until = tokio::time::Instant::now() + PATIENCE;
    for round in 0.. {
        if stored.len() == 60 {
            break;
        }
        assert!(tokio::time::Instant::now() < until, "{} of 60 records came", stored.len());
        let time = Duration::from_micros(hurry[round % hurry.len()]);
        if let Ok(next) = tokio::time::timeout(time, reader.next(most(7), PATIENCE)).await {
            stored.extend(next.expect("reads"));
        }
    }
    writing.await.expect("a writer");
    assert!(texts(&stored).into_iter().eq((0..60).map(|n| format!("value {n}"))));
}

async fn readers_follow_writers(log: Arc<dyn EventLog>) {
    let _sentence = Sentence("The next records in order, each once, none missing, only durable ones.");
    made(&*log).await;
    let readers: Vec<_> = (0..3)
        .map(|n| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                let mut reader = reader(&*log, Offset(0)).await;
                let mut all: Vec<Stored> = Vec::new();
                while all.len() < 600 {
                    let next = reader.next(most(1 + 40 * n), PATIENCE).await.expect("reads");
                    let end = log.bounds(&at()).await.expect("bounds").end;
                    assert!(!next.is_empty() && next.iter().all(|stored| stored.offset < end));
                    all.extend(next);
                }
                all
            })
        })
        .collect();
    let mut offsets = Vec::new();
    for batch in 0..60 {
        offsets.extend(append(&*log, (0..10).map(|n| record(format!("{}", 10 * batch + n))).collect()).await);
    }
    for reader in readers {
        let all = reader.await.expect("a reader");
        assert!(all.iter().map(|stored| stored.offset).eq(offsets.iter().copied()));
        assert!(texts(&all).into_iter().eq((0..600).map(|n| n.to_string())));
    }
}
