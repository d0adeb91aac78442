//! One batch into its sink: whole if it goes, in halves around a poison record if it does not. Where the sink can, a large one
//! goes piece by piece, each prepared while the one before it is committed.

use std::sync::Arc;

use playhead_domain::Offset;
use playhead_ports::{Advance, Batch, CommitError, LogId, Prepared, Reject, Sink, SinkError, Stored, TopicPartition};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::ahead::{Ahead, pieces, split};
use crate::backoff::Backoff;
use crate::config::Config;
use crate::dead_letters::DeadLetters;
use crate::metering::Meters;
use crate::status::Status;

/// How a batch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is in the view, but for what became dead letters.
    Done,
    /// Another consumer has gone on: the partitions' checkpoints must be read again.
    Moved,
    /// The runner is stopping and the sink did not take it in time. It is still on the log.
    GivenUp,
}

/// Commits batches of one sink.
pub(crate) struct Committer<S> {
    pub(crate) sink: Arc<S>,
    pub(crate) config: Config,
    pub(crate) letters: DeadLetters,
    pub(crate) meters: Meters,
    pub(crate) status: Status,
    pub(crate) stop: CancellationToken,
}

/// Where the checkpoint of each partition stands, and of which log.
pub(crate) type Standing = std::collections::BTreeMap<TopicPartition, (LogId, Offset)>;

impl<S: Sink> Committer<S> {
    /// Commits a batch; `standing` moves with it, half by half.
    pub(crate) async fn commit(&mut self, batch: Batch, standing: &mut Standing) -> Outcome {
        let pieces = if self.sink.goes_ahead() { pieces(batch, self.config.piece_rows) } else { vec![batch] };
        let mut todo: Vec<Arc<Batch>> = pieces.into_iter().rev().map(Arc::new).collect();
        let mut ahead = None;
        while let Some(batch) = todo.pop() {
            if batch.is_empty() {
                continue;
            }
            let begun = Instant::now();
            let prepared = match self.prepared(&batch, ahead.take()).await {
                Ok(prepared) => prepared,
                Err(outcome) => return self.over(outcome),
            };
            let next = todo.last().filter(|next| self.sink.goes_ahead() && !next.is_empty());
            let next = next.map(|next| Ahead::begin(&self.sink, next.clone(), prepared.rows.clone()));
            match self.attempt(&batch, prepared, standing).await {
                // What was prepared after a batch that did not go in is prepared again: it may have counted on it.
                Attempt::Over(Outcome::Done) => {
                    self.meters.batch(batch.len(), begun.elapsed());
                    ahead = next;
                }
                Attempt::Over(outcome) => return self.over(outcome),
                Attempt::Poisoned(reason) if batch.len() == 1 => {
                    let outcome = self.bury(&batch, &reason, standing).await;
                    if outcome != Outcome::Done {
                        return self.over(outcome);
                    }
                }
                Attempt::Poisoned(reason) => {
                    tracing::warn!(
                        sink = self.sink.name(),
                        records = batch.len(),
                        reason,
                        "a batch has a poison record"
                    );
                    let middle = batch.len() / 2;
                    let (first, second) = split(Arc::unwrap_or_clone(batch), middle);
                    todo.extend([second, first].map(Arc::new));
                }
            }
        }
        self.over(Outcome::Done)
    }

    fn over(&mut self, outcome: Outcome) -> Outcome {
        self.letters.settle();
        outcome
    }

    /// The rows of a batch: those that were prepared ahead, if that went well.
    async fn prepared(&self, batch: &Batch, ahead: Option<Ahead<S::Rows>>) -> Result<Prepared<S::Rows>, Outcome> {
        if let Some(ahead) = ahead
            && let Some(prepared) = ahead.done().await
        {
            return Ok(prepared);
        }
        let context = self.gathered(batch).await?;
        Ok(self.sink.prepare(&context, batch))
    }

    async fn attempt(&mut self, batch: &Batch, prepared: Prepared<S::Rows>, standing: &mut Standing) -> Attempt {
        for reject in &prepared.rejects {
            if self.reject(batch, reject).await == Outcome::GivenUp {
                return Attempt::Over(Outcome::GivenUp);
            }
        }
        self.committed(&prepared.rows, batch, standing).await
    }

    async fn gathered(&self, batch: &Batch) -> Result<S::Context, Outcome> {
        let mut patience = self.patience();
        loop {
            match self.sink.gather(batch).await {
                Ok(context) => return Ok(context),
                // What the view holds is broken, not a record: a person must look, and no record is given up for it.
                Err(SinkError::Permanent(reason) | SinkError::Transient(reason)) => {
                    if !patience.wait(self, &reason).await {
                        return Err(Outcome::GivenUp);
                    }
                }
            }
        }
    }

    async fn committed(&self, rows: &S::Rows, batch: &Batch, standing: &mut Standing) -> Attempt {
        self.put(rows, advances_of(batch, standing), standing).await
    }

    async fn put(&self, rows: &S::Rows, advances: Vec<Advance>, standing: &mut Standing) -> Attempt {
        let mut patience = self.patience();
        loop {
            match self.sink.commit(rows.clone(), &advances).await {
                Ok(()) => {
                    for advance in advances {
                        standing.insert(advance.at, (advance.log_id, advance.to));
                    }
                    self.status.set_trouble(None);
                    return Attempt::Over(Outcome::Done);
                }
                Err(CommitError::Moved) => return Attempt::Over(Outcome::Moved),
                Err(CommitError::Permanent(reason)) => return Attempt::Poisoned(reason),
                Err(CommitError::Transient(reason)) => {
                    if !patience.wait(self, &reason).await {
                        return Attempt::Over(Outcome::GivenUp);
                    }
                }
            }
        }
    }

    /// A single record that the sink will never take: to the dead letters, and past it.
    async fn bury(&mut self, batch: &Batch, reason: &str, standing: &mut Standing) -> Outcome {
        let Some((at, stored)) = batch.iter().next() else { return Outcome::Done };
        if self.letter(at, stored, "commit", reason).await == Outcome::GivenUp {
            return Outcome::GivenUp;
        }
        self.move_on(advances_of(batch, standing), standing).await
    }

    /// Moves the checkpoints and nothing else.
    pub(crate) async fn move_on(&self, advances: Vec<Advance>, standing: &mut Standing) -> Outcome {
        let mut patience = self.patience();
        loop {
            match self.put(&S::Rows::default(), advances.clone(), standing).await {
                Attempt::Over(outcome) => return outcome,
                // Nothing but the checkpoint is left, so it is the sink that is broken, not the record.
                Attempt::Poisoned(reason) => {
                    if !patience.wait(self, &reason).await {
                        return Outcome::GivenUp;
                    }
                }
            }
        }
    }

    async fn reject(&mut self, batch: &Batch, reject: &Reject) -> Outcome {
        let part = batch.parts.iter().find(|(at, _)| *at == reject.at);
        let stored = part.and_then(|(_, records)| records.iter().find(|stored| stored.offset == reject.offset));
        match stored {
            Some(stored) => self.letter(&reject.at, stored, "prepare", &reject.reason).await,
            None => Outcome::Done,
        }
    }

    async fn letter(&mut self, at: &TopicPartition, stored: &Stored, stage: &'static str, reason: &str) -> Outcome {
        let mut patience = self.patience();
        loop {
            match self.letters.send(at, stored, stage, reason).await {
                Ok(now) => {
                    if now {
                        self.meters.rejected(stage);
                        tracing::warn!(sink = self.sink.name(), %at, offset = %stored.offset, stage, reason, "record rejected");
                    }
                    return Outcome::Done;
                }
                Err(error) => {
                    if !patience.wait(self, &error).await {
                        return Outcome::GivenUp;
                    }
                }
            }
        }
    }

    fn patience(&self) -> Patience {
        Patience { backoff: Backoff::new(&self.config), give_up: None }
    }
}

/// How a try at a batch ended.
enum Attempt {
    Over(Outcome),
    /// It will never go in as it is: why.
    Poisoned(String),
}

/// Waits out failures: for ever while the runner runs, for the drain time once it stops.
struct Patience {
    backoff: Backoff,
    give_up: Option<Instant>,
}

impl Patience {
    /// Waits; gives whether to try again.
    async fn wait<S: Sink>(&mut self, committer: &Committer<S>, reason: &str) -> bool {
        tracing::warn!(sink = committer.sink.name(), reason, "the sink failed; trying again");
        committer.status.set_trouble(Some(reason.to_owned()));
        committer.meters.failed();
        let wait = self.backoff.next();
        if committer.stop.is_cancelled() {
            let give_up = *self.give_up.get_or_insert_with(|| Instant::now() + committer.config.drain());
            tokio::time::sleep(wait).await;
            return Instant::now() < give_up;
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = committer.stop.cancelled() => {}
        }
        true
    }
}

fn advances_of(batch: &Batch, standing: &Standing) -> Vec<Advance> {
    let advance = |(at, records): &(TopicPartition, Vec<Stored>)| {
        let (log_id, from) = standing.get(at)?.clone();
        let to = records.last()?.offset.next();
        Some(Advance { at: at.clone(), log_id, from, to })
    };
    batch.parts.iter().filter_map(advance).collect()
}
