//! The loop.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use playhead_domain::Offset;
use playhead_ports::{
    Advance, Batch, Change, Clock, EventLog, Group, LogError, Release, Sink, SinkError, TopicPartition,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;
use crate::commit::{Committer, Outcome, Standing};
use crate::config::Config;
use crate::dead_letters::DeadLetters;
use crate::fetch::{Fetched, Found, fetch};
use crate::gathering::{Gathering, Part};
use crate::metering::Meters;
use crate::status::Status;

/// Chunks that fetch tasks may be ahead of the batch.
const CHUNKS_AHEAD: usize = 4;
const LAG_EVERY: Duration = Duration::from_secs(1);

/// Why a runner ended by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The checkpoint is of another log than the one that is there.
    #[error(
        "{sink}: the checkpoint of {at} is of another log than the one that is there: the log was recreated or restored. \
         Restore the log that belongs to it, or run `playhead rebuild`"
    )]
    OtherLog {
        /// Which sink.
        sink: &'static str,
        /// Which partition.
        at: TopicPartition,
    },
    /// Records that the view has not seen are gone from the log.
    #[error(
        "{sink}: {at} begins at {start}, the view is only at {next}: records in between are gone; run `playhead rebuild`"
    )]
    Trimmed {
        /// Which sink.
        sink: &'static str,
        /// Which partition.
        at: TopicPartition,
        /// The log's first offset.
        start: Offset,
        /// The view's checkpoint.
        next: Offset,
    },
    /// The sink's checkpoints cannot be read, for good.
    #[error("{sink}: {reason}")]
    Sink {
        /// Which sink.
        sink: &'static str,
        /// Why.
        reason: String,
    },
}

/// Runs one sink over the partitions that its group gives it.
pub struct Runner<S> {
    log: Arc<dyn EventLog>,
    group: Box<dyn Group>,
    clock: Arc<dyn Clock>,
    committer: Committer<S>,
    gathering: Gathering,
    fetched: (mpsc::Sender<Fetched>, mpsc::Receiver<Fetched>),
    runs: u64,
}

impl<S: Sink> Runner<S> {
    /// A runner; it stops when `stop` is cancelled.
    pub fn new(
        log: Arc<dyn EventLog>,
        group: Box<dyn Group>,
        sink: Arc<S>,
        clock: Arc<dyn Clock>,
        config: Config,
        stop: CancellationToken,
    ) -> Self {
        let name = sink.name();
        let committer = Committer {
            sink,
            config,
            letters: DeadLetters::new(log.clone(), clock.clone(), name),
            meters: Meters { sink: name },
            status: Status::default(),
            stop,
        };
        let fetched = mpsc::channel(CHUNKS_AHEAD);
        Self { log, group, clock, committer, gathering: Gathering::default(), fetched, runs: 0 }
    }

    /// The runner's status, which lives on beside it.
    pub fn status(&self) -> Status {
        self.committer.status.clone()
    }

    /// Runs until it is stopped; then what was gathered is committed, within the drain time.
    pub async fn run(mut self) -> Result<(), RunError> {
        let stop = self.committer.stop.clone();
        let (log, clock) = (self.log.clone(), self.clock.clone());
        let lag = tokio::spawn(watch_lag(log, clock, self.status(), self.committer.meters));
        let ended = self.run_until(&stop).await;
        lag.abort();
        ended
    }

    async fn run_until(&mut self, stop: &CancellationToken) -> Result<(), RunError> {
        while !stop.is_cancelled() {
            let due = self.gathering.due(&self.committer.config);
            tokio::select! {
                () = stop.cancelled() => {}
                change = self.group.next() => self.change(change).await?,
                Some(fetched) = self.fetched.1.recv() => self.take(fetched).await?,
                () = tokio::time::sleep_until(due.unwrap_or_else(tokio::time::Instant::now)), if due.is_some() => {
                    self.commit().await?;
                }
            }
        }
        self.commit().await
    }

    async fn change(&mut self, change: Change) -> Result<(), RunError> {
        match change {
            Change::Gained(parts) => self.begin(&parts).await,
            Change::Revoking(parts, release) => self.hand_over(&parts, release).await,
            Change::Lost(parts) => {
                self.lose(&parts);
                Ok(())
            }
        }
    }

    async fn hand_over(&mut self, parts: &[TopicPartition], release: Release) -> Result<(), RunError> {
        self.commit().await?;
        self.lose(parts);
        release.done();
        Ok(())
    }

    fn lose(&mut self, parts: &[TopicPartition]) {
        for at in parts {
            self.gathering.lose(at);
            self.committer.status.drop_part(at);
        }
    }

    /// Starts fetching the partitions from their checkpoints.
    async fn begin(&mut self, parts: &[TopicPartition]) -> Result<(), RunError> {
        for at in parts {
            self.gathering.lose(at);
            let Some((bounds, checkpoint)) = self.look_up(at).await? else { return Ok(()) };
            let sink = self.committer.sink.name();
            let next = match checkpoint {
                Some(checkpoint) if checkpoint.log_id != bounds.log_id => {
                    return Err(RunError::OtherLog { sink, at: at.clone() });
                }
                Some(checkpoint) => checkpoint.next,
                None => Offset(0),
            };
            if next < bounds.start {
                return Err(RunError::Trimmed { sink, at: at.clone(), start: bounds.start, next });
            }
            self.runs += 1;
            let fetching = fetch(self.log.clone(), at.clone(), next, self.runs, self.fetched.0.clone());
            let part = Part { log_id: bounds.log_id, next, run: self.runs, _fetching: fetching, waiting: Vec::new() };
            self.gathering.parts.insert(at.clone(), part);
            self.committer.status.set_next(at, next);
            self.committer.status.set_end(at, bounds.end);
        }
        Ok(())
    }

    /// The log's bounds and the sink's checkpoint, however long it takes; none if the runner is stopped meanwhile.
    async fn look_up(
        &self,
        at: &TopicPartition,
    ) -> Result<Option<(playhead_ports::Bounds, Option<playhead_ports::Checkpoint>)>, RunError> {
        let mut backoff = Backoff::new(&self.committer.config);
        loop {
            let bounds = self.log.bounds(at).await.map_err(|error| error.to_string());
            let checkpoint = match self.committer.sink.checkpoints(std::slice::from_ref(at)).await {
                Err(SinkError::Permanent(reason)) => {
                    return Err(RunError::Sink { sink: self.committer.sink.name(), reason });
                }
                Err(SinkError::Transient(reason)) => Err(reason),
                Ok(mut checkpoints) => Ok(checkpoints.pop().flatten()),
            };
            match (bounds, checkpoint) {
                (Ok(bounds), Ok(checkpoint)) => return Ok(Some((bounds, checkpoint))),
                (Err(reason), _) | (_, Err(reason)) => self.committer.status.set_trouble(Some(reason)),
            }
            tokio::select! {
                () = tokio::time::sleep(backoff.next()) => {}
                () = self.committer.stop.cancelled() => return Ok(None),
            }
        }
    }

    async fn take(&mut self, fetched: Fetched) -> Result<(), RunError> {
        match fetched.found {
            Ok(Found::Records(records)) => {
                let oldest = records.first().map(|stored| stored.record.time);
                if self.gathering.add(&fetched.at, fetched.run, records)
                    && let Some(oldest) = oldest
                {
                    self.committer.status.has_read(&fetched.at, oldest);
                }
                if self.gathering.is_full(&self.committer.config) {
                    return self.commit().await;
                }
                Ok(())
            }
            Ok(Found::NothingBefore(to)) => self.pass_gap(&fetched.at, fetched.run, to).await,
            Err(error) => self.fetch_failed(&fetched.at, fetched.run, error).await,
        }
    }

    /// Moves the checkpoint over offsets that no record has.
    async fn pass_gap(&mut self, at: &TopicPartition, run: u64, to: Offset) -> Result<(), RunError> {
        // What lies before the gap goes in first; it may turn out that the partition must be begun anew.
        self.commit().await?;
        let Some(part) = self.gathering.parts.get(at).filter(|part| part.run == run && part.next < to) else {
            return Ok(());
        };
        let advance = Advance { at: at.clone(), log_id: part.log_id.clone(), from: part.next, to };
        let mut standing = Standing::new();
        let outcome = self.committer.move_on(vec![advance], &mut standing).await;
        self.stand(standing);
        match outcome {
            Outcome::Moved => self.begin(std::slice::from_ref(at)).await,
            Outcome::Done | Outcome::GivenUp => Ok(()),
        }
    }

    /// The checkpoints stand here now.
    fn stand(&mut self, standing: Standing) {
        for (at, (_, next)) in standing {
            if let Some(part) = self.gathering.parts.get_mut(&at) {
                part.next = next;
                self.committer.status.set_next(&at, next);
            }
        }
    }

    /// Commits what is gathered, then starts the partition anew a little later.
    async fn fetch_failed(&mut self, at: &TopicPartition, run: u64, error: LogError) -> Result<(), RunError> {
        if self.gathering.parts.get(at).is_none_or(|part| part.run != run) {
            return Ok(());
        }
        tracing::error!(sink = self.committer.sink.name(), %at, %error, "the log cannot be read");
        self.commit().await?;
        self.committer.status.set_trouble(Some(error.to_string()));
        let wait = Duration::from_millis(self.committer.config.backoff_ms_max);
        tokio::select! {
            () = tokio::time::sleep(wait) => self.begin(std::slice::from_ref(at)).await,
            () = self.committer.stop.cancelled() => Ok(()),
        }
    }

    async fn commit(&mut self) -> Result<(), RunError> {
        let batch: Batch = self.gathering.take();
        if batch.is_empty() {
            return Ok(());
        }
        let of: Vec<TopicPartition> = batch.parts.iter().map(|(at, _)| at.clone()).collect();
        let mut standing: Standing = BTreeMap::new();
        for at in &of {
            if let Some(part) = self.gathering.parts.get(at) {
                standing.insert(at.clone(), (part.log_id.clone(), part.next));
            }
        }
        let outcome = self.committer.commit(batch, &mut standing).await;
        self.stand(standing);
        match outcome {
            Outcome::Moved => {
                tracing::warn!(
                    sink = self.committer.sink.name(),
                    "another consumer has gone on: what was gathered is left to it, and this one begins where that one has got to"
                );
                self.begin(&of).await
            }
            Outcome::Done | Outcome::GivenUp => Ok(()),
        }
    }
}

/// Measures the lag every second, also while a batch is under way or waits out a failure.
async fn watch_lag(log: Arc<dyn EventLog>, clock: Arc<dyn Clock>, status: Status, meters: Meters) {
    let mut tick = tokio::time::interval(LAG_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        for at in status.view().parts.into_keys() {
            if let Ok(bounds) = log.bounds(&at).await {
                status.set_end(&at, bounds.end);
            }
        }
        let now = clock.now();
        for (at, part) in status.view().parts {
            meters.lag(&at, part.lag_records(), part.lag_ms(now));
        }
    }
}
