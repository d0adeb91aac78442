//! Pipelines that a running server's configuration names: consumers beside its own.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use playhead_fjall::FjallDictionaries;
use playhead_ports::{Dictionaries, Sink, Target, Topic};
use playhead_segments::{SegmentGroup, SegmentLog};
use playhead_warehouse::dictionary::DictionarySink;
use playhead_warehouse::pipeline::{Parts, Pipeline, PipelineSink};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::plans::read_spec;
use super::produce::make_topic;
use super::run::{begin, keep_redriving};
use super::target::open_target;
use crate::config::Config;
use crate::engines::Engines;
use crate::roles::{Running, start};

/// Pipelines of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PipelinesConfig {
    /// The files of the pipelines that run.
    pub specs: Vec<PathBuf>,
    /// The database that they are loaded into: `duckdb:FILE` or `postgres://...`; the embedded warehouse, where analysts see
    /// vault and marts, if nothing is said.
    pub into: String,
    /// Partitions of a topic that is made for a pipeline.
    pub partitions: u32,
    /// How often messages that wait for a dictionary are tried again, ms.
    pub redrive_every_ms: u64,
}

impl Default for PipelinesConfig {
    fn default() -> Self {
        Self { specs: Vec::new(), into: String::new(), partitions: 4, redrive_every_ms: 10_000 }
    }
}

/// The pipelines that run, for who keeps the program in order.
#[derive(Default)]
pub(crate) struct Pipelines {
    /// Their consumers.
    pub(crate) running: Vec<Running>,
}

/// Starts the pipelines of the configuration.
pub(crate) async fn start_pipelines(config: &Config, engines: &Engines, stop: &CancellationToken) -> Result<Pipelines> {
    let mut pipelines = Pipelines::default();
    if config.pipelines.specs.is_empty() {
        return Ok(pipelines);
    }
    let (target, shown): (Arc<dyn Target>, _) = match config.pipelines.into.as_str() {
        "" => {
            let target = Arc::new(engines.warehouse.target());
            (target.clone(), Some(target))
        }
        url => (open_target(url, config).context("pipelines.into")?, None),
    };
    let store = FjallDictionaries::open(&config.data.join("dictionaries"), &config.base).context("the dictionaries")?;
    let dictionaries: Arc<dyn Dictionaries> = Arc::new(store);
    let mut filled = Vec::new();
    for path in &config.pipelines.specs {
        let spec = read_spec(path).map_err(|complaints| anyhow!("pipelines.specs\n{}", complaints.join("\n")))?;
        let parts = Parts {
            spec,
            target: target.clone(),
            dictionaries: dictionaries.clone(),
            clock: engines.clock.clone(),
            load_time: None,
            record_source: None,
        };
        let pipeline = Pipeline::new(parts);
        pipeline.apply().await.with_context(|| format!("the tables of {}", path.display()))?;
        if let Some(shown) = &shown {
            shown.show(&pipeline.tables_for_all());
        }
        for (topic, name, id) in pipeline.dictionary_topics() {
            if !filled.contains(&name) {
                let sink = Arc::new(DictionarySink::new(&name, &id, dictionaries.clone()));
                pipelines.add(config, engines, sink, vec![topic], stop).await?;
                filled.push(name);
            }
        }
        let (sink, topics) = (Arc::new(PipelineSink::new(pipeline.clone())), pipeline.topics());
        pipelines.add(config, engines, sink, topics, stop).await?;
        tokio::spawn(keep_redriving(pipeline, config.pipelines.redrive_every_ms, stop.clone()));
    }
    Ok(pipelines)
}

impl Pipelines {
    async fn add<S: Sink>(
        &mut self,
        config: &Config,
        engines: &Engines,
        sink: Arc<S>,
        topics: Vec<Topic>,
        stop: &CancellationToken,
    ) -> Result<()> {
        for topic in &topics {
            make_topic(&engines.log, topic, config.pipelines.partitions).await?;
        }
        for (at, next) in begin(&engines.log, &*sink, &topics).await? {
            engines.log.hold(&at, sink.name(), next)?;
        }
        let group = Box::new(SegmentGroup::join(&*engines.log, &topics).await?);
        self.running.push(start(engines, sink, group, config.stream.clone(), stop.clone())?);
        Ok(())
    }
}

/// Lets the log go of what a consumer has: nothing before its checkpoints is needed for it.
pub(crate) fn hold(log: &SegmentLog, running: &Running) {
    for (at, part) in running.status.view().parts {
        if let Err(error) = log.hold(&at, running.name, part.next) {
            tracing::warn!(partition = %at, %error, "the log's retention waits");
        }
    }
}
