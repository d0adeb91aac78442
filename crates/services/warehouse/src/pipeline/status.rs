//! How a pipeline is doing: how far it has got, what waits, what was rejected, how many rows there are.

use playhead_domain::Offset;
use playhead_ports::{Cell, TargetError, TopicPartition};
use serde::{Deserialize, Serialize};

use super::Pipeline;
use super::naming::{name, quoted};
use super::staging::{number_of, text_of};
use crate::plan::{Kind, Layer, TablePlan, system};

const REASONS_MAX: usize = 100;

/// How a pipeline is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineStatus {
    /// Its name.
    pub pipeline: String,
    /// How far it has got in each partition.
    pub partitions: Vec<PartitionStatus>,
    /// The rows of each table, in the order of the layers.
    pub tables: Vec<TableStatus>,
    /// Messages that wait for a dictionary.
    pub waiting: u64,
    /// Rejected messages by stage and reason, the most frequent first.
    pub rejects: Vec<RejectStatus>,
    /// The newest load time that any message has.
    pub last_load_time: Option<String>,
}

/// How far a pipeline has got in a partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionStatus {
    /// The partition, as `topic/number`.
    pub partition: String,
    /// The next offset that it takes; 0 if it has not begun.
    pub next_offset: u64,
    /// The log's end, where the log is at hand.
    pub end_offset: Option<u64>,
}

/// A table's rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableStatus {
    /// Its layer: `stg`, `dds` or `cdm`.
    pub layer: String,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// How many rows it has; none if it is not there yet.
    pub rows: Option<u64>,
}

/// How often a reason has rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectStatus {
    /// Where: while it was read, or when it was loaded.
    pub stage: String,
    /// Why.
    pub reason: String,
    /// How many messages.
    pub messages: u64,
}

impl Pipeline {
    /// How it is doing. `ends` are the ends of the log's partitions, where the log is at hand.
    pub async fn status(&self, of: &[(TopicPartition, Option<Offset>)]) -> Result<PipelineStatus, TargetError> {
        let at: Vec<TopicPartition> = of.iter().map(|(at, _)| at.clone()).collect();
        let standing = self.target().checkpoints(self.name(), &at).await;
        let standing = standing.map_err(|error| TargetError::Unavailable(error.to_string()))?;
        let partitions = of.iter().zip(standing).map(|((at, end), standing)| PartitionStatus {
            partition: at.to_string(),
            next_offset: standing.map_or(0, |checkpoint| checkpoint.next.0),
            end_offset: end.map(|end| end.0),
        });
        let found = self.target().tables(&self.schemas()).await?;
        let mut tables = Vec::new();
        for table in &self.plan().tables {
            let is_there = found.iter().any(|found| found.schema == table.schema && found.name == table.name);
            let rows = if is_there { Some(self.count(table).await?) } else { None };
            let (layer, schema) = (layer_name(table.layer).to_owned(), table.schema.clone());
            tables.push(TableStatus { layer, schema, table: table.name.clone(), rows });
        }
        Ok(PipelineStatus {
            pipeline: self.name().to_owned(),
            partitions: partitions.collect(),
            waiting: rows_of(&tables, self.shared_table(Kind::Waiting)),
            rejects: self.reasons(&tables).await?,
            last_load_time: self.last_load_time(&tables).await?,
            tables,
        })
    }

    async fn count(&self, table: &TablePlan) -> Result<u64, TargetError> {
        let rows = self.target().select(&[], &format!("SELECT count(*) FROM {}", name(table)), 1).await?;
        Ok(rows.first().and_then(|row| row.first()).map_or(0, unsigned))
    }

    async fn reasons(&self, tables: &[TableStatus]) -> Result<Vec<RejectStatus>, TargetError> {
        let Some(table) = self.shared_table(Kind::Rejects).filter(|table| rows_of(tables, Some(table)) > 0) else {
            return Ok(Vec::new());
        };
        let sql = format!(
            "SELECT stage, reason, count(*) AS messages FROM {} GROUP BY stage, reason ORDER BY messages DESC, stage, reason \
             LIMIT {REASONS_MAX}",
            name(table)
        );
        let rows = self.target().select(&[], &sql, REASONS_MAX).await?;
        let one = |row: Vec<Cell>| {
            let text = |at: usize| row.get(at).and_then(text_of).unwrap_or_default();
            RejectStatus { stage: text(0), reason: text(1), messages: row.get(2).map_or(0, unsigned) }
        };
        Ok(rows.into_iter().map(one).collect())
    }

    async fn last_load_time(&self, tables: &[TableStatus]) -> Result<Option<String>, TargetError> {
        let mut newest = None;
        for table in self.plan().tables.iter().filter(|table| table.kind == Kind::History) {
            if rows_of(tables, Some(table)) > 0 {
                let sql = format!("SELECT max({}) FROM {}", quoted(system::LOAD_TIME), name(table));
                let rows = self.target().select(&[], &sql, 1).await?;
                newest = newest.max(rows.first().and_then(|row| row.first()).and_then(text_of));
            }
        }
        Ok(newest)
    }
}

fn rows_of(tables: &[TableStatus], of: Option<&TablePlan>) -> u64 {
    let found = of.and_then(|of| tables.iter().find(|table| table.schema == of.schema && table.table == of.name));
    found.and_then(|table| table.rows).unwrap_or(0)
}

fn unsigned(cell: &Cell) -> u64 {
    number_of(cell).and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
}

/// The name of a layer, as commands write it.
pub(super) fn layer_name(layer: Layer) -> &'static str {
    match layer {
        Layer::Stg => "stg",
        Layer::Dds => "dds",
        Layer::Cdm => "cdm",
    }
}
