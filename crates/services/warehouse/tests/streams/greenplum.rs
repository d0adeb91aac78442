//! Greenplum's SQL, which PostgreSQL understands too.

use async_trait::async_trait;
use playhead_ports::{
    Advance, Cell, Checkpoint, CommitError, Dialect, FoundTable, SinkError, Staged, Target, TargetError, TopicPartition,
};
use playhead_postgres::PostgresTarget;

/// A PostgreSQL that says it speaks Greenplum's SQL.
pub(crate) struct AsGreenplum(pub(crate) PostgresTarget);

#[async_trait]
impl Target for AsGreenplum {
    fn dialect(&self) -> Dialect {
        Dialect::Greenplum
    }

    async fn tables(&self, schemas: &[String]) -> Result<Vec<FoundTable>, TargetError> {
        self.0.tables(schemas).await
    }

    async fn migrate(&self, statements: &[String]) -> Result<(), TargetError> {
        self.0.migrate(statements).await
    }

    async fn checkpoints(&self, consumer: &str, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError> {
        self.0.checkpoints(consumer, of).await
    }

    async fn place(&self, consumer: &str, checkpoints: &[Checkpoint]) -> Result<(), CommitError> {
        self.0.place(consumer, checkpoints).await
    }

    async fn load(
        &self,
        consumer: &str,
        staged: &[Staged],
        statements: &[String],
        advances: &[Advance],
    ) -> Result<Vec<u64>, CommitError> {
        self.0.load(consumer, staged, statements, advances).await
    }

    async fn select(&self, staged: &[Staged], sql: &str, rows_max: usize) -> Result<Vec<Vec<Cell>>, TargetError> {
        self.0.select(staged, sql, rows_max).await
    }
}
