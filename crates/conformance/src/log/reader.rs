//! The contract of [`LogReader`], sentence by sentence.

use std::sync::Arc;
use std::time::Duration;

use playhead_domain::Offset;
use playhead_ports::{EventLog, Most, Stored};

use super::samples::{PATIENCE, append, at, made, most, read, reader, record, records, texts};
use crate::sentence::Sentence;

/// Checks every sentence; `make` gives a new, empty log each time.
pub(crate) async fn log_reader(make: &impl AsyncFn() -> Arc<dyn EventLog>) {
    a_reader_begins_where_it_is_told(&*make().await).await;
    a_reader_gives_at_most_what_is_asked(&*make().await).await;
    one_record_is_given_though_it_is_too_large(&*make().await).await;
    read_at_the_tail_is_empty(&*make().await).await;
    a_reader_past_the_end_waits_for_what_comes(&*make().await).await;
    a_waiting_reader_wakes(make().await).await;
    a_dropped_read_loses_nothing(make().await).await;
    readers_follow_writers(make().await).await;
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
