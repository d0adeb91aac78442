//! The contract of [`EventLog`], sentence by sentence. What survives a kill or a full disk is each engine's own test: it knows
//! how to be killed and filled.

mod reader;
mod samples;

use std::collections::BTreeSet;
use std::sync::Arc;

use playhead_domain::{Offset, Timestamp};
use playhead_ports::{EventLog, Header, LogError, Record, Topic, TopicPartition};
use samples::{append, at, made, read, reader as reader_from, record, records, texts, topic};

use crate::sentence::Sentence;

/// Checks every sentence of the log and of its readers; `make` gives a new, empty log each time.
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
    reader::log_reader(&make).await;
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
    let stored = read(&mut *reader_from(log, Offset(0)).await, batch.len()).await;
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
    let stored = read(&mut *reader_from(log, Offset(0)).await, offsets.len()).await;
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
    let stored = read(&mut *reader_from(log, Offset(0)).await, 3).await;
    assert_eq!(texts(&stored), ["first", "second", "third"]);
    assert_eq!(answers[4], Ok(stored[2].offset));
}

async fn an_acknowledged_record_is_readable_at_once(log: &dyn EventLog) {
    let _sentence = Sentence("An offset means that the record is readable from then on.");
    made(log).await;
    let mut reader = reader_from(log, Offset(0)).await;
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
    for at in &places {
        let mut reader = log.reader(at, Offset(0)).await.expect("a reader");
        assert_eq!(texts(&read(&mut *reader, 1).await), [at.to_string()]);
    }
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
    let stored = read(&mut *reader_from(&*log, Offset(0)).await, 800).await;
    assert!(stored.iter().map(|stored| stored.offset).eq(all));
    for caller in 0..8 {
        let prefix = format!("{caller} ");
        let own = texts(&stored).into_iter().filter_map(|text| text.strip_prefix(&prefix));
        assert!(own.eq((0..100).map(|n| n.to_string())), "caller {caller}");
    }
}
