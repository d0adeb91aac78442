//! Engines whose answer is lost now and then: what was asked is done, and failure is said.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use playhead_ports::{
    Advance, Answer, Checkpoint, Columns, CommitError, Export, Load, Query, QueryError, SinkError, Table,
    TopicPartition, Warehouse, WarehouseError, Working, WorkingError, WorkingKey, WorkingWrite,
};
use tokio::sync::mpsc;

/// An engine, and how often it is asked to change something until the answer is lost, again and again.
pub(crate) struct Unheard<T: ?Sized> {
    inner: Arc<T>,
    every: usize,
    asked: AtomicUsize,
}

impl<T: ?Sized> Unheard<T> {
    pub(crate) fn new(inner: Arc<T>, every: usize) -> Self {
        Self { inner, every, asked: AtomicUsize::new(0) }
    }

    fn heard(&self, done: Result<(), CommitError>) -> Result<(), CommitError> {
        done?;
        if self.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(self.every) {
            return Err(CommitError::Transient("the answer was lost".into()));
        }
        Ok(())
    }
}

#[async_trait]
impl Working for Unheard<dyn Working> {
    async fn get(&self, keys: Vec<WorkingKey>) -> Result<Vec<Option<Bytes>>, WorkingError> {
        self.inner.get(keys).await
    }

    async fn scan(&self, prefix: &[u8]) -> Result<Vec<(WorkingKey, Bytes)>, WorkingError> {
        self.inner.scan(prefix).await
    }

    async fn checkpoints(&self, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError> {
        self.inner.checkpoints(of).await
    }

    async fn commit(&self, writes: Vec<WorkingWrite>, advances: &[Advance]) -> Result<(), CommitError> {
        let done = self.inner.commit(writes, advances).await;
        // The first mark of a working state is made before the runner runs, and is no batch.
        if advances.iter().all(|advance| advance.to == advance.from) { done } else { self.heard(done) }
    }

    async fn clear(&self) -> Result<(), WorkingError> {
        self.inner.clear().await
    }
}

#[async_trait]
impl Warehouse for Unheard<dyn Warehouse> {
    async fn declare(&self, tables: &'static [Table]) -> Result<(), WarehouseError> {
        self.inner.declare(tables).await
    }

    async fn checkpoints(&self, consumer: &str, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError> {
        self.inner.checkpoints(consumer, of).await
    }

    async fn load(&self, consumer: &str, load: Load, advances: &[Advance]) -> Result<(), CommitError> {
        self.heard(self.inner.load(consumer, load, advances).await)
    }

    async fn scan(
        &self,
        table: &'static str,
        order_by: &'static str,
        chunk: usize,
    ) -> Result<mpsc::Receiver<Result<Columns, WarehouseError>>, WarehouseError> {
        self.inner.scan(table, order_by, chunk).await
    }

    async fn clear(&self, tables: &[&'static str]) -> Result<(), WarehouseError> {
        self.inner.clear(tables).await
    }

    async fn query(&self, query: Query) -> Result<Answer, QueryError> {
        self.inner.query(query).await
    }

    async fn export_parquet(&self, query: Query) -> Result<Export, QueryError> {
        self.inner.export_parquet(query).await
    }
}
