//! A pipeline: its spec and plan, the target that it is loaded into, and the dictionaries that it asks.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use playhead_domain::Timestamp;
use playhead_ports::{Clock, Dictionaries, Target, TargetError, Topic};

use crate::intake::Intake;
use crate::plan::{Kind, Layer, Plan, StageOf, StagePlan, TablePlan, plan};
use crate::spec::Spec;
use crate::sql::{LoadStatement, Refusal, loads, migrate};

/// What a pipeline is made of.
pub struct Parts {
    /// What it does; it was checked.
    pub spec: Spec,
    /// Where its tables are.
    pub target: Arc<dyn Target>,
    /// What ids mean.
    pub dictionaries: Arc<dyn Dictionaries>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The load time of everything, where it is given; else the time of each batch.
    pub load_time: Option<Timestamp>,
    /// The record source, where it is given; else the topic's or file's name.
    pub record_source: Option<String>,
}

/// A stream, from its messages to its marts.
pub struct Pipeline {
    parts: Parts,
    plan: Plan,
    intake: Intake,
    name: &'static str,
    /// The statements of a load, by the temporary tables that it brings along.
    statements: Mutex<BTreeMap<Vec<String>, Arc<Vec<String>>>>,
}

/// Why the tables were not brought to the plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// Changes that are not made by themselves.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Refused(Vec<Refusal>),
    /// The target failed.
    #[error("{0}")]
    Target(#[from] TargetError),
}

impl Pipeline {
    /// A pipeline of these parts.
    pub fn new(parts: Parts) -> Arc<Self> {
        let plan = plan(&parts.spec);
        let intake = Intake::new(&parts.spec, &plan);
        // A sink's name lives as long as the program; there are as many as there are pipelines.
        let name = Box::leak(parts.spec.pipeline.name.clone().into_boxed_str());
        Arc::new(Self { parts, plan, intake, name, statements: Mutex::default() })
    }

    /// Its name, which is that of its consumer.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it does.
    pub fn spec(&self) -> &Spec {
        &self.parts.spec
    }

    /// What follows from the spec.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Where its tables are.
    pub fn target(&self) -> &dyn Target {
        &*self.parts.target
    }

    /// The topics that its messages come from.
    pub fn topics(&self) -> Vec<Topic> {
        self.parts.spec.source.values().filter_map(|source| source.topic.as_deref()).map(Topic::new).collect()
    }

    /// The topics that its dictionaries' changes come from, with the names of the dictionaries and of their ids.
    pub fn dictionary_topics(&self) -> Vec<(Topic, String, String)> {
        let of = self.parts.spec.dictionary.iter();
        of.filter_map(|(name, of)| Some((Topic::new(of.topic.as_deref()?), name.clone(), of.id.clone()))).collect()
    }

    /// The schemas of its tables.
    pub fn schemas(&self) -> Vec<String> {
        let layers = &self.parts.spec.pipeline.schemas;
        let mut schemas = vec![layers.stg.clone(), layers.dds.clone(), layers.cdm.clone()];
        schemas.sort();
        schemas.dedup();
        schemas
    }

    /// The tables that every analyst may see, each a schema and a name: vault and marts. What messages held is for who may
    /// read messages.
    pub fn tables_for_all(&self) -> Vec<(String, String)> {
        let tables = self.plan.tables.iter().filter(|table| table.layer != Layer::Stg);
        tables.map(|table| (table.schema.clone(), table.name.clone())).collect()
    }

    /// The statements that bring the target's tables to the plan; none if they are there already.
    pub async fn migration(&self) -> Result<Vec<String>, ApplyError> {
        let found = self.target().tables(&self.schemas()).await?;
        migrate(self.target().dialect(), &found, &self.plan).map_err(ApplyError::Refused)
    }

    /// Brings the target's tables to the plan, all or none. Gives what was done.
    pub async fn apply(&self) -> Result<Vec<String>, ApplyError> {
        let statements = self.migration().await?;
        if !statements.is_empty() {
            self.target().migrate(&statements).await?;
        }
        Ok(statements)
    }

    /// The statements of a load that brings these temporary tables along, with what they do.
    pub fn load_statements(&self, staged: &[&str]) -> Vec<LoadStatement> {
        loads(self.target().dialect(), &self.parts.spec, &self.plan, staged)
    }

    pub(super) fn statements(&self, staged: &[&str]) -> Arc<Vec<String>> {
        let key: Vec<String> = staged.iter().map(|&name| name.to_owned()).collect();
        let mut known = self.statements.lock();
        let written = || Arc::new(self.load_statements(staged).into_iter().map(|statement| statement.sql).collect());
        known.entry(key).or_insert_with(written).clone()
    }

    pub(super) fn intake(&self) -> &Intake {
        &self.intake
    }

    pub(super) fn dictionaries(&self) -> &dyn Dictionaries {
        &*self.parts.dictionaries
    }

    pub(super) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    pub(super) fn load_time(&self) -> Timestamp {
        self.parts.load_time.unwrap_or_else(|| self.now())
    }

    pub(super) fn record_source(&self) -> Option<&str> {
        self.parts.record_source.as_deref()
    }

    pub(super) fn shared_table(&self, kind: Kind) -> Option<&TablePlan> {
        self.plan.tables.iter().find(|table| table.kind == kind)
    }

    pub(super) fn shared_stage(&self, of: StageOf) -> Option<&StagePlan> {
        self.plan.stage(of, "")
    }
}
