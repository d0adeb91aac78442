//! The port's methods: each takes a connection, works within its deadline, and gives the connection back if it is still good.

use std::time::Duration;

use async_trait::async_trait;
use playhead_ports::{
    Advance, Cell, Checkpoint, CommitError, Dialect, FoundTable, SinkError, Staged, Target, TargetError, TopicPartition,
};

use crate::checkpoint;
use crate::config::Config;
use crate::failure::Failure;
use crate::load::{self, Batch, Failed};
use crate::pool::Pool;
use crate::{select, tables};

/// A PostgreSQL database as a target.
pub struct PostgresTarget {
    pool: Pool,
    work_within: Duration,
}

impl PostgresTarget {
    /// The database at `url`, which is connected to when it is first needed: `postgres://user:password@host:port/database`.
    pub fn new(url: &str, config: Config) -> Result<Self, TargetError> {
        let address = config.address(url)?;
        let work_within = Duration::from_millis(config.work_time_max_ms);
        Ok(Self { pool: Pool::new(address, config), work_within })
    }

    /// Waits for something no longer than it may take.
    async fn within<T, E: From<Failure>>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let late = || Failure::unknown(format!("the database has not done it within {:?}", self.work_within));
        tokio::time::timeout(self.work_within, work).await.unwrap_or_else(|_| Err(late().into()))
    }

    async fn standing(&self, consumer: &str, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, Failure> {
        loop {
            let mut lease = self.pool.lease().await?;
            let done = self.within(checkpoint::standing(&mut lease, consumer, of)).await;
            if !self.pool.settle(lease, &done).await {
                return done;
            }
        }
    }

    /// What became of a load whose commit has no answer. A server that is still about to commit it says here that it is not
    /// in; then the same load waits for the end of the first one, and finds that the checkpoint has moved.
    async fn after_lost_commit(
        &self,
        batch: Batch<'_>,
        counts: Vec<u64>,
        failure: Failure,
    ) -> Result<Vec<u64>, CommitError> {
        let of: Vec<_> = batch.advances.iter().map(|advance| advance.at.clone()).collect();
        match self.standing(batch.consumer, &of).await {
            Ok(standing) if batch.is_in(&standing) => Ok(counts),
            _ => Err(failure.into()),
        }
    }
}

#[async_trait]
impl Target for PostgresTarget {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn tables(&self, schemas: &[String]) -> Result<Vec<FoundTable>, TargetError> {
        loop {
            let mut lease = self.pool.lease().await?;
            let done = self.within(tables::tables(&mut lease, schemas)).await;
            if !self.pool.settle(lease, &done).await {
                return Ok(done?);
            }
        }
    }

    async fn migrate(&self, statements: &[String]) -> Result<(), TargetError> {
        loop {
            let mut lease = self.pool.lease().await?;
            let done = self.within(tables::migrate(&mut lease, statements)).await;
            if !self.pool.settle(lease, &done).await {
                return Ok(done?);
            }
        }
    }

    async fn checkpoints(&self, consumer: &str, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError> {
        Ok(self.standing(consumer, of).await?)
    }

    async fn place(&self, consumer: &str, checkpoints: &[Checkpoint]) -> Result<(), CommitError> {
        loop {
            let mut lease = self.pool.lease().await?;
            let placing = async { Ok::<_, Failed>(checkpoint::place(&mut lease, consumer, checkpoints).await?) };
            let done = self.within(placing).await;
            if !self.pool.settle(lease, &done).await {
                return Ok(done?);
            }
        }
    }

    async fn load(
        &self,
        consumer: &str,
        staged: &[Staged],
        statements: &[String],
        advances: &[Advance],
    ) -> Result<Vec<u64>, CommitError> {
        let batch = Batch { consumer, staged, statements, advances };
        load::problem(staged).map_or(Ok(()), |why| Err(CommitError::Permanent(why)))?;
        loop {
            let mut lease = self.pool.lease().await?;
            let done = self.within(load::load(&mut lease, batch)).await;
            if self.pool.settle(lease, &done).await {
                continue;
            }
            return match done {
                Err(Failed::Unknown(failure, counts)) => self.after_lost_commit(batch, counts, failure).await,
                done => Ok(done?),
            };
        }
    }

    async fn select(&self, staged: &[Staged], sql: &str, rows_max: usize) -> Result<Vec<Vec<Cell>>, TargetError> {
        load::problem(staged).map_or(Ok(()), |why| Err(TargetError::Refused(why)))?;
        loop {
            let mut lease = self.pool.lease().await?;
            let done = self.within(select::select(&mut lease, staged, sql, rows_max)).await;
            if !self.pool.settle(lease, &done).await {
                return Ok(done?);
            }
        }
    }
}
