//! What administrators ask of the pipelines of a running server.

use std::sync::Arc;

use async_trait::async_trait;
use playhead_edge::{Ancestor, PipelineError, PipelineReport, PipelineState, RejectedMessage, TakenAgain};
use playhead_ports::{EventLog, TargetError, Topic, TopicPartition};
use playhead_warehouse::pipeline::{LineageError, Pipeline};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fleet::Pipelines;
use super::supervise::Supervised;

/// Answers for the pipelines.
pub(crate) struct Desk {
    pub(crate) pipelines: Arc<Pipelines>,
    pub(crate) log: Arc<dyn EventLog>,
}

impl Desk {
    fn of_name(&self, name: &str) -> Result<&Arc<Supervised>, PipelineError> {
        self.pipelines.of_name(name).ok_or_else(|| {
            let names: Vec<&str> = self.pipelines.all.iter().map(|of| of.name()).collect();
            PipelineError::Unknown(match &names[..] {
                [] => "no pipeline runs here: `pipelines.specs` names none".to_owned(),
                names => format!("there is no such pipeline here; there is {}", names.join(", ")),
            })
        })
    }

    /// The pipeline, if its database has been reached and its tables were made.
    fn at_work(&self, name: &str) -> Result<Arc<Pipeline>, PipelineError> {
        let of = self.of_name(name)?;
        let state = of.state();
        of.pipeline().filter(|_| of.has_begun()).ok_or_else(|| {
            let why = state.reason().map_or_else(String::new, |why| format!(": {why}"));
            PipelineError::Away(format!("the pipeline is {}{why}", state.name()))
        })
    }
}

fn state_of(of: &Supervised) -> PipelineState {
    let state = of.state();
    // One that runs may wait something out.
    let trouble = || of.view().and_then(|view| view.trouble);
    let reason = state.reason().map(str::to_owned).or_else(trouble);
    PipelineState { pipeline: of.name().to_owned(), state: state.name().to_owned(), reason }
}

/// The same in the interface's types, which have the same fields.
fn same<T: DeserializeOwned>(of: impl Serialize) -> Result<T, PipelineError> {
    let value = serde_json::to_value(of).and_then(serde_json::from_value);
    value.map_err(|error| PipelineError::Away(error.to_string()))
}

fn away(error: impl std::fmt::Display) -> PipelineError {
    PipelineError::Away(error.to_string())
}

#[async_trait]
impl playhead_edge::Pipelines for Desk {
    fn partitions_of(&self, topic: &Topic) -> Option<u32> {
        self.pipelines.written.iter().find(|(written, _)| written == topic).map(|(_, partitions)| *partitions)
    }

    fn states(&self) -> Vec<PipelineState> {
        self.pipelines.all.iter().map(|of| state_of(of)).collect()
    }

    async fn report(&self, name: &str) -> Result<PipelineReport, PipelineError> {
        let of = self.of_name(name)?;
        let mut parts = Vec::new();
        for (at, _) in of.standing() {
            let end = self.log.bounds(&at).await.map_err(away)?.end;
            parts.push((at, Some(end)));
        }
        let state = state_of(of);
        let Ok(pipeline) = self.at_work(name) else {
            return Ok(unreached(state, of, &parts));
        };
        match pipeline.status(&parts).await {
            Ok(status) => {
                let mut value = serde_json::to_value(status).map_err(away)?;
                value["state"] = state.state.into();
                if let Some(reason) = state.reason {
                    value["reason"] = reason.into();
                }
                same(value)
            }
            // How far it had got when it was last heard of is known all the same.
            Err(error) => {
                let reason = state.reason.or_else(|| Some(error.to_string()));
                Ok(unreached(PipelineState { reason, ..state }, of, &parts))
            }
        }
    }

    async fn rejects(&self, name: &str, most: usize) -> Result<Vec<RejectedMessage>, PipelineError> {
        same(self.at_work(name)?.rejects(most).await.map_err(away)?)
    }

    async fn lineage(
        &self,
        name: &str,
        table: &str,
        key: &[String],
        most: usize,
    ) -> Result<Vec<Ancestor>, PipelineError> {
        let found = self.at_work(name)?.lineage(table, key, most).await;
        same(found.map_err(|error| match error {
            LineageError::Unknown(why) => PipelineError::Asked("table", why),
            // The values are texts of a caller, which may not be of the column's type.
            LineageError::Target(TargetError::Refused(why)) => PipelineError::Asked("key", why),
            LineageError::Target(error) => away(error),
        })?)
    }

    async fn redrive(&self, name: &str, with_rejects: bool) -> Result<TakenAgain, PipelineError> {
        let pipeline = self.at_work(name)?;
        // It goes on to its end if the one who asked has left.
        let done = tokio::spawn(async move { pipeline.redrive(with_rejects).await });
        same(done.await.map_err(away)?.map_err(away)?)
    }
}

/// What is known of a pipeline whose database cannot be asked.
fn unreached(
    state: PipelineState,
    of: &Supervised,
    ends: &[(TopicPartition, Option<playhead_domain::Offset>)],
) -> PipelineReport {
    let standing = of.standing();
    let partition = |(at, end): &(TopicPartition, Option<playhead_domain::Offset>)| playhead_edge::PipelinePartition {
        partition: at.to_string(),
        next_offset: standing.get(at).map_or(0, |next| next.0),
        end_offset: end.map(|end| end.0),
    };
    PipelineReport {
        state,
        partitions: ends.iter().map(partition).collect(),
        tables: Vec::new(),
        waiting: 0,
        rejects: Vec::new(),
        last_load_time: None,
    }
}
