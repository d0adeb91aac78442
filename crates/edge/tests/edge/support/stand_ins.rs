//! Stand-ins for what the edge only passes on to: a warehouse that answers what a test says, operations, health.

use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use playhead_edge::{
    Ancestor, BackedUp, Compacted, Health, OperationError, Operations, PipelineError, PipelineReport, PipelineState,
    Pipelines, Reason, RejectedMessage, Status, TakenAgain,
};
use playhead_ports::{
    Advance, Answer, Cell, Checkpoint, Columns, CommitError, Export, Load, Query, QueryError, SinkError, Table, Topic,
    TopicPartition, Warehouse, WarehouseError,
};
use tokio::sync::mpsc;

/// A warehouse of one table with one column, `n`.
#[derive(Default)]
pub(crate) struct StubWarehouse {
    pub(crate) fails: Mutex<Option<QueryError>>,
    pub(crate) asked: Mutex<Vec<Query>>,
}

impl StubWarehouse {
    fn ask(&self, query: &Query) -> Result<(), QueryError> {
        self.asked.lock().expect("no holder panics").push(query.clone());
        self.fails.lock().expect("no holder panics").clone().map_or(Ok(()), Err)
    }
}

/// `SELECT n` has as many rows as `n`, in chunks of two.
fn rows_of(query: &Query) -> usize {
    query.sql.trim_start_matches("SELECT ").parse().unwrap_or(1)
}

#[async_trait]
impl Warehouse for StubWarehouse {
    async fn declare(&self, _: &'static [Table]) -> Result<(), WarehouseError> {
        Ok(())
    }
    async fn checkpoints(&self, _: &str, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError> {
        Ok(vec![None; of.len()])
    }
    async fn load(&self, _: &str, _: Load, _: &[Advance]) -> Result<(), CommitError> {
        Ok(())
    }
    async fn scan(
        &self,
        _: &'static str,
        _: &'static str,
        _: usize,
    ) -> Result<mpsc::Receiver<Result<Columns, WarehouseError>>, WarehouseError> {
        Ok(mpsc::channel(1).1)
    }
    async fn clear(&self, _: &[&'static str]) -> Result<(), WarehouseError> {
        Ok(())
    }
    async fn query(&self, query: Query) -> Result<Answer, QueryError> {
        self.ask(&query)?;
        let (send, rows) = mpsc::channel(1);
        tokio::spawn(async move {
            let all: Vec<Vec<Cell>> = (0..rows_of(&query) as i64).map(|n| vec![Cell::Int(n)]).collect();
            let given = all.len().min(query.rows_max);
            for chunk in all[..given].chunks(2) {
                if send.send(Ok(chunk.to_vec())).await.is_err() {
                    return;
                }
            }
            if given < all.len() {
                let _ = send.send(Err(QueryError::TooMany(query.rows_max))).await;
            }
        });
        Ok(Answer { columns: vec!["n".to_owned()], rows })
    }
    async fn export_parquet(&self, query: Query) -> Result<Export, QueryError> {
        self.ask(&query)?;
        Ok(Export { bytes: Bytes::from_static(b"PAR1"), truncated: rows_of(&query) > query.rows_max })
    }
}

/// Operations that do nothing.
pub(crate) struct StubOperations;

#[async_trait]
impl Operations for StubOperations {
    async fn status(&self) -> Result<Status, OperationError> {
        Ok(Status {
            version: "0.0.0".to_owned(),
            roles: vec!["edge".to_owned()],
            uptime_ms: 1,
            recent_held: 0,
            recent_max: 1,
            consumers: Vec::new(),
        })
    }
    async fn backup(&self, to: &str) -> Result<BackedUp, OperationError> {
        match to {
            "there" => Err(OperationError::Conflict("there is a backup `there` already".to_owned())),
            _ => Ok(BackedUp { path: format!("backups/{to}"), size_bytes: 1, files: 1, events: None }),
        }
    }
    async fn compact(&self) -> Result<Compacted, OperationError> {
        Ok(Compacted { size_bytes_before: 2, size_bytes_after: 1 })
    }
}

/// One pipeline, `orders`, which has done nothing, and reads the topic `orders`.
pub(crate) struct StubPipelines;

impl StubPipelines {
    fn check(name: &str) -> Result<(), PipelineError> {
        match name {
            "orders" => Ok(()),
            "away" => Err(PipelineError::Away("the database is away".to_owned())),
            _ => Err(PipelineError::Unknown(format!("there is no pipeline {name}; there is orders"))),
        }
    }
}

#[async_trait]
impl Pipelines for StubPipelines {
    fn partitions_of(&self, topic: &Topic) -> Option<u32> {
        (topic.as_str() == "orders").then_some(4)
    }
    fn states(&self) -> Vec<PipelineState> {
        vec![PipelineState { pipeline: "orders".to_owned(), state: "running".to_owned(), reason: None }]
    }
    async fn report(&self, name: &str) -> Result<PipelineReport, PipelineError> {
        Self::check(name)?;
        Ok(PipelineReport {
            state: self.states().remove(0),
            partitions: Vec::new(),
            tables: Vec::new(),
            waiting: 0,
            rejects: Vec::new(),
            last_load_time: None,
        })
    }
    async fn rejects(&self, name: &str, _: usize) -> Result<Vec<RejectedMessage>, PipelineError> {
        Self::check(name).map(|()| Vec::new())
    }
    async fn lineage(&self, name: &str, table: &str, _: &[String], _: usize) -> Result<Vec<Ancestor>, PipelineError> {
        Self::check(name)?;
        match table {
            "h_order" => Ok(Vec::new()),
            _ => Err(PipelineError::Asked("table", format!("there is no table {table}"))),
        }
    }
    async fn redrive(&self, name: &str, _: bool) -> Result<TakenAgain, PipelineError> {
        Self::check(name).map(|()| TakenAgain { loaded: 0, waiting: 0, rejected: 0 })
    }
}

/// Health as a test says.
#[derive(Default)]
pub(crate) struct StubHealth {
    pub(crate) ill: Mutex<Option<String>>,
}

#[async_trait]
impl Health for StubHealth {
    async fn check(&self) -> Vec<Reason> {
        let ill = self.ill.lock().expect("no holder panics").clone();
        let detail = ill.clone().unwrap_or_else(|| "well".to_owned());
        vec![Reason { name: "log".to_owned(), ok: ill.is_none(), detail, parts: Vec::new() }]
    }
}
