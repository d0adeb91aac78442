//! The contract of [`Sink`], sentence by sentence: what a runner may rely on, whatever the view.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use playhead_domain::{Offset, Timestamp};
use playhead_ports::{Advance, Batch, CommitError, LogId, Prepared, Record, Sink, Stored, TopicPartition};

use crate::sentence::Sentence;

/// A sink with an empty view, and what it is fed with.
pub struct SinkSite<S> {
    /// The sink.
    pub sink: Arc<S>,
    /// A partition that it reads, and another one.
    pub parts: [TopicPartition; 2],
    /// Records that it takes, each of which changes what the view shows.
    pub good: [Bytes; 4],
    /// A record that it cannot take.
    pub broken: Bytes,
    /// All that the view shows, in one order.
    pub shown: Box<dyn Fn() -> Pin<Box<dyn Future<Output = String> + Send>> + Send + Sync>,
}

/// Checks every sentence; `make` gives a sink with a new, empty view each time.
pub async fn sink<S: Sink>(make: impl AsyncFn() -> SinkSite<S>) {
    a_partition_that_was_never_seen_has_no_checkpoint(&make().await).await;
    to_look_up_and_to_prepare_changes_nothing(&make().await).await;
    a_commit_shows_rows_and_checkpoint(&make().await).await;
    prepare_is_pure(&make().await, &make().await).await;
    a_moved_checkpoint_refuses_all(&make().await).await;
    a_commit_made_twice_is_made_once(&make().await).await;
    advances_go_past_records_without_rows(&make().await).await;
    a_record_that_is_no_good_is_told_and_the_others_are_kept(&make().await).await;
    partitions_are_committed_together(&make().await).await;
    a_batch_gathered_ahead_is_as_one_gathered_after(&make().await, &make().await).await;
}

fn log_id(name: &str) -> LogId {
    name.parse().expect("any text is a log's id")
}

impl<S: Sink> SinkSite<S> {
    fn stored(&self, offset: u64, value: &Bytes) -> Stored {
        let time = Timestamp(1_772_366_400_000 + i64::try_from(offset).expect("a small offset"));
        let record = Record { key: Bytes::new(), value: value.clone(), time, headers: Vec::new() };
        Stored { offset: Offset(offset), record }
    }

    /// Records of the first partition from that offset on.
    fn batch(&self, from: u64, values: &[Bytes]) -> Batch {
        let records = values.iter().zip(from..).map(|(value, offset)| self.stored(offset, value)).collect();
        Batch { parts: vec![(self.parts[0].clone(), records)] }
    }

    fn advance(&self, part: usize, from: u64, to: u64) -> Advance {
        Advance { at: self.parts[part].clone(), log_id: log_id("log-1"), from: Offset(from), to: Offset(to) }
    }

    async fn prepared(&self, batch: &Batch) -> Prepared<S::Rows> {
        let context = self.sink.gather(batch).await.expect("looks up");
        self.sink.prepare(&context, batch)
    }

    /// Takes a batch of the first partition in.
    async fn take(&self, from: u64, values: &[Bytes]) {
        let prepared = self.prepared(&self.batch(from, values)).await;
        assert_eq!(prepared.rejects, []);
        let to = from + values.len() as u64;
        self.sink.commit(prepared.rows, &[self.advance(0, from, to)]).await.expect("commits");
    }

    async fn standing(&self) -> [Option<u64>; 2] {
        let found = self.sink.checkpoints(&self.parts).await.expect("reads");
        let next: Vec<_> = found.into_iter().map(|found| found.map(|checkpoint| checkpoint.next.0)).collect();
        next.try_into().expect("an answer for each partition")
    }

    async fn shown(&self) -> String {
        (self.shown)().await
    }
}

async fn a_partition_that_was_never_seen_has_no_checkpoint<S: Sink>(site: &SinkSite<S>) {
    let _sentence = Sentence("How far the view has got in each partition; none for one that it has never seen.");
    assert_eq!(site.standing().await, [None, None]);
    assert_eq!(site.sink.checkpoints(&[]).await, Ok(Vec::new()));
    site.take(0, &site.good[..1]).await;
    assert_eq!(site.standing().await, [Some(1), None]);
}

async fn to_look_up_and_to_prepare_changes_nothing<S: Sink>(site: &SinkSite<S>) {
    let _sentence = Sentence("Looks up what Sink::prepare needs. Changes nothing.");
    let before = site.shown().await;
    site.prepared(&site.batch(0, &site.good)).await;
    assert_eq!((site.shown().await, site.standing().await), (before, [None, None]));
}

async fn a_commit_shows_rows_and_checkpoint<S: Sink>(site: &SinkSite<S>) {
    let _sentence = Sentence("Makes the rows and the advance of the checkpoint visible together.");
    let mut before = site.shown().await;
    for (value, offset) in site.good.iter().zip(0..) {
        site.take(offset, std::slice::from_ref(value)).await;
        let after = site.shown().await;
        assert_ne!(after, before, "the record at {offset} shows nothing");
        assert_eq!(site.standing().await[0], Some(offset + 1));
        before = after;
    }
}

async fn prepare_is_pure<S: Sink>(site: &SinkSite<S>, other: &SinkSite<S>) {
    let _sentence = Sentence("Pure: the same context and batch give the same rows.");
    let batch = site.batch(0, &site.good);
    let context = site.sink.gather(&batch).await.expect("looks up");
    let (first, second) = (site.sink.prepare(&context, &batch), site.sink.prepare(&context, &batch));
    site.sink.commit(first.rows, &[site.advance(0, 0, 4)]).await.expect("commits");
    other.sink.commit(second.rows, &[other.advance(0, 0, 4)]).await.expect("commits");
    assert_eq!(site.shown().await, other.shown().await);
}

async fn a_moved_checkpoint_refuses_all<S: Sink>(site: &SinkSite<S>) {
    let _sentence = Sentence("The checkpoint does not stand where the batch began: nothing of it is visible.");
    site.take(0, &site.good[..2]).await;
    let before = site.shown().await;
    let of_another_log = Advance { log_id: log_id("log-2"), ..site.advance(0, 2, 3) };
    for moved in [site.advance(0, 0, 1), site.advance(0, 1, 3), site.advance(0, 3, 4), of_another_log] {
        let prepared = site.prepared(&site.batch(moved.from.0, &site.good[2..3])).await;
        assert_eq!(site.sink.commit(prepared.rows, &[moved]).await, Err(CommitError::Moved));
        assert_eq!((site.shown().await, site.standing().await[0]), (before.clone(), Some(2)));
    }
}

async fn a_commit_made_twice_is_made_once<S: Sink>(site: &SinkSite<S>) {
    let _sentence = Sentence("A commit whose answer was lost is known to be in.");
    let prepared = site.prepared(&site.batch(0, &site.good[..2])).await;
    let advance = [site.advance(0, 0, 2)];
    site.sink.commit(prepared.rows.clone(), &advance).await.expect("commits");
    let before = site.shown().await;
    let again = site.sink.commit(prepared.rows, &advance).await;
    assert!(matches!(again, Ok(()) | Err(CommitError::Moved)), "{again:?}");
    let standing = site.sink.checkpoints(&site.parts[..1]).await.expect("reads");
    assert!(advance[0].is_made(standing[0].as_ref()));
    assert_eq!(site.shown().await, before);
}

async fn advances_go_past_records_without_rows<S: Sink>(site: &SinkSite<S>) {
    let _sentence = Sentence("Advances may skip records that became dead letters, so rows may be none.");
    let before = site.shown().await;
    site.sink.commit(S::Rows::default(), &[site.advance(0, 0, 7)]).await.expect("commits");
    assert_eq!((site.shown().await, site.standing().await[0]), (before.clone(), Some(7)));
    site.take(7, &site.good[..1]).await;
    assert_ne!(site.shown().await, before);
}

async fn a_record_that_is_no_good_is_told_and_the_others_are_kept<S: Sink>(site: &SinkSite<S>) {
    let _sentence = Sentence("A record that a sink cannot take is data, not an error.");
    let values = [site.good[0].clone(), site.broken.clone(), site.good[1].clone()];
    let prepared = site.prepared(&site.batch(5, &values)).await;
    let places: Vec<_> = prepared.rejects.iter().map(|reject| (&reject.at, reject.offset.0)).collect();
    assert_eq!(places, [(&site.parts[0], 6)]);
    assert!(!prepared.rejects[0].reason.is_empty(), "the reason is missing");
    let before = site.shown().await;
    site.sink.commit(S::Rows::default(), &[site.advance(0, 0, 5)]).await.expect("commits");
    site.sink.commit(prepared.rows, &[site.advance(0, 5, 8)]).await.expect("commits");
    assert_ne!(site.shown().await, before);
}

async fn partitions_are_committed_together<S: Sink>(site: &SinkSite<S>) {
    let _sentence =
        Sentence("Makes the rows and the advances visible together, or nothing: of every partition of the batch.");
    let batch = Batch {
        parts: site.parts.iter().zip(&site.good).map(|(at, value)| (at.clone(), vec![site.stored(0, value)])).collect(),
    };
    let prepared = site.prepared(&batch).await;
    let before = site.shown().await;
    let one_moved = [site.advance(0, 0, 1), site.advance(1, 3, 4)];
    assert_eq!(site.sink.commit(prepared.rows.clone(), &one_moved).await, Err(CommitError::Moved));
    assert_eq!((site.shown().await, site.standing().await), (before.clone(), [None, None]));
    site.sink.commit(prepared.rows, &[site.advance(0, 0, 1), site.advance(1, 0, 1)]).await.expect("commits");
    assert_ne!(site.shown().await, before);
    assert_eq!(site.standing().await, [Some(1), Some(1)]);
}

async fn a_batch_gathered_ahead_is_as_one_gathered_after<S: Sink>(site: &SinkSite<S>, other: &SinkSite<S>) {
    let _sentence = Sentence("The same for a batch that follows upon rows that are on their way into the view.");
    other.take(0, &other.good[..2]).await;
    other.take(2, &other.good[2..]).await;
    let first = site.prepared(&site.batch(0, &site.good[..2])).await;
    let next = site.batch(2, &site.good[2..]);
    let ahead = match site.sink.goes_ahead() {
        true => Some(site.sink.gather_ahead(&next, &first.rows).await.expect("looks up")),
        false => None,
    };
    site.sink.commit(first.rows, &[site.advance(0, 0, 2)]).await.expect("commits");
    let context = match ahead {
        Some(context) => context,
        None => site.sink.gather(&next).await.expect("looks up"),
    };
    let rows = site.sink.prepare(&context, &next).rows;
    site.sink.commit(rows, &[site.advance(0, 2, 4)]).await.expect("commits");
    assert_eq!(site.shown().await, other.shown().await);
}
