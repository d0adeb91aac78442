//! A pipeline: its spec and plan, the target that it is loaded into, and the dictionaries that it asks.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use playhead_domain::Timestamp;
use playhead_ports::{Clock, Dictionaries, Target, TargetError, Topic};

use super::between::{Between, TAKEN};
use super::role::Role;
use crate::intake::Intake;
use crate::plan::{Kind, Layer, Plan, StageOf, StagePlan, TablePlan, plan};
use crate::spec::Spec;
use crate::sql::{LoadStatement, Refusal, loads_of, migrate};

/// How often tables are tried to be changed while others are in the way.
const APPLY_TRIES_MAX: u32 = 5;

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
    role: Role,
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
    #[error(transparent)]
    Target(#[from] TargetError),
}

impl Pipeline {
    /// A pipeline of these parts, which fills all layers.
    pub fn new(parts: Parts) -> Arc<Self> {
        Self::of_role(parts, Role::Whole)
    }

    /// A pipeline of these parts, which fills the layers of that role.
    pub fn of_role(parts: Parts, role: Role) -> Arc<Self> {
        let plan = plan(&parts.spec);
        let intake = Intake::new(&parts.spec, &plan);
        // A sink's name lives as long as the program; there are as many as there are pipelines.
        let name = Box::leak(role.consumer(&parts.spec.pipeline.name).into_boxed_str());
        Arc::new(Self { parts, role, plan, intake, name, statements: Mutex::default() })
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

    /// The topic between roles that it reads, if it does.
    pub(super) fn input(&self) -> Option<Between> {
        self.between(self.role.reads(&self.parts.spec.pipeline.name))
    }

    /// The topic between roles that it writes, if it does.
    fn output(&self) -> Option<Between> {
        self.between(self.role.writes(&self.parts.spec.pipeline.name))
    }

    fn between(&self, topic: Option<String>) -> Option<Between> {
        topic.map(|topic| Between::new(self.target().dialect(), &self.parts.spec.pipeline.schemas.stg, topic))
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
        let mut statements = migrate(self.target().dialect(), &found, &self.plan).map_err(ApplyError::Refused)?;
        let is_there = |of: &Between| found.iter().any(|table| table.schema == of.schema && table.name == of.topic);
        let between = [self.input(), self.output()].into_iter().flatten();
        statements.extend(between.filter(|of| !is_there(of)).map(|of| of.create()));
        Ok(statements)
    }

    /// Brings the target's tables to the plan, all or none. Gives what was done. Others may do the same meanwhile, and loads may
    /// be in the way: it is tried again where that can be why it failed.
    pub async fn apply(&self) -> Result<Vec<String>, ApplyError> {
        let mut tries = 0;
        loop {
            let statements = self.migration().await?;
            if statements.is_empty() {
                return Ok(statements);
            }
            tries += 1;
            let error = match self.target().migrate(&statements).await {
                Ok(()) => return Ok(statements),
                Err(error) if tries == APPLY_TRIES_MAX => return Err(error.into()),
                Err(error) => error,
            };
            // What the target refuses it will refuse again, unless somebody else has changed its tables since.
            if matches!(error, TargetError::Refused(_)) && self.migration().await? == statements {
                return Err(error.into());
            }
        }
    }

    /// The statements of a load that brings these temporary tables along, with what they do.
    pub fn load_statements(&self, staged: &[&str]) -> Vec<LoadStatement> {
        loads_of(self.target().dialect(), &self.parts.spec, &self.plan, staged, self.role.layers())
    }

    pub(super) fn statements(&self, staged: &[&str]) -> Arc<Vec<String>> {
        let key: Vec<String> = staged.iter().map(|&name| name.to_owned()).collect();
        let mut known = self.statements.lock();
        known.entry(key).or_insert_with(|| Arc::new(self.written_statements(staged))).clone()
    }

    fn written_statements(&self, staged: &[&str]) -> Vec<String> {
        let mut all: Vec<String> = self.load_statements(staged).into_iter().map(|statement| statement.sql).collect();
        if let Some(output) = self.output() {
            let sources: Vec<&str> = staged.iter().filter_map(|name| name.strip_prefix("message_")).collect();
            all.extend(output.hand_on(&sources));
        }
        all.extend(self.input().filter(|_| staged.contains(&TAKEN)).map(|input| input.take()));
        all
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

    /// The load time that was given, as text; empty if none was.
    pub(super) fn fixed_load_time(&self) -> String {
        self.parts.load_time.map_or_else(String::new, |time| time.0.to_string())
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
