//! What a pipeline has done: status, rejects, lineage, rows, its document.

use std::collections::BTreeMap;

use anyhow::Result;
use playhead_ports::{Cell, EventLog, TopicPartition};
use playhead_warehouse::pipeline::{Ancestor, PipelineStatus, RejectedMessage, document};
use serde_json::Value;

use super::job::{PipelineJob, open_log};
use crate::config::Config;
use crate::held;

/// Rows of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRows {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// Row by row.
    pub rows: Vec<Vec<Value>>,
    /// Whether the table has more.
    pub has_more: bool,
}

/// How a pipeline is doing. Where a server has the log open, its ends are not told.
pub async fn pipeline_status(job: PipelineJob) -> Result<PipelineStatus> {
    let config = job.config.clone();
    job.check_there()?;
    let pipeline = job.looking()?;
    let mut parts = Vec::new();
    let is_free = held::is_held(&config.data)? == Some(false);
    if is_free {
        let log = open_log(&config)?;
        let topics = pipeline.topics();
        for (topic, partitions) in log.topics().into_iter().filter(|(topic, _)| topics.contains(topic)) {
            for number in 0..partitions {
                let at = TopicPartition::new(&topic, number);
                let end = log.bounds(&at).await?.end;
                parts.push((at, Some(end)));
            }
        }
        log.shutdown();
    } else {
        parts.extend(listed(&config, &pipeline.topics()));
    }
    Ok(pipeline.status(&parts).await?)
}

/// The partitions of topics, from their folders: the server that has them open is not asked.
fn listed(config: &Config, topics: &[playhead_ports::Topic]) -> Vec<(TopicPartition, Option<playhead_domain::Offset>)> {
    let mut parts = Vec::new();
    for topic in topics {
        let folder = config.data.join("log").join(topic.as_str());
        let numbers = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        parts.extend(numbers.map(|number| (TopicPartition::new(topic, number), None)));
    }
    parts.sort();
    parts
}

/// The messages that a pipeline has rejected, the newest first.
pub async fn pipeline_rejects(job: PipelineJob, most: usize) -> Result<Vec<RejectedMessage>> {
    Ok(job.loaded().await?.rejects(most).await?)
}

/// The messages behind a row.
pub async fn pipeline_lineage(job: PipelineJob, table: &str, key: &[String], most: usize) -> Result<Vec<Ancestor>> {
    Ok(job.loaded().await?.lineage(table, key, most).await?)
}

/// The first rows of a table, at most so many.
pub async fn pipeline_rows(job: PipelineJob, table: &str, most: usize) -> Result<TableRows> {
    let shown = job.loaded().await?.show(table, most).await?;
    let rows = shown.rows.into_iter().map(|row| row.into_iter().map(value_of).collect()).collect();
    Ok(TableRows { columns: shown.columns, rows, has_more: shown.has_more })
}

fn value_of(cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Bool(value) => value.into(),
        Cell::Int(value) => value.into(),
        // Text keeps every digit, which a reader's numbers may not.
        Cell::BigInt(value) => value.to_string().into(),
        Cell::Float(value) => value.into(),
        Cell::Text(value) => value.into(),
        Cell::List(values) => values.into_iter().map(value_of).collect(),
        Cell::Map(pairs) => pairs.into_iter().map(|(name, value)| (name, value_of(value))).collect(),
    }
}

/// The document of a pipeline, with the rows that its tables have.
pub async fn pipeline_document(job: PipelineJob) -> Result<String> {
    job.check_there()?;
    let pipeline = job.looking()?;
    let status = pipeline.status(&[]).await?;
    let counts: BTreeMap<_, _> =
        status.tables.into_iter().filter_map(|table| Some(((table.schema, table.table), table.rows?))).collect();
    Ok(document(pipeline.spec(), pipeline.plan(), pipeline.target().dialect(), &counts))
}
