//! Pipelines that a server's configuration names: read and checked before anything is opened, so that what no waiting would
//! mend ends the start.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use playhead_ports::Topic;
use playhead_warehouse::spec::Spec;
use serde::{Deserialize, Serialize};

use super::plans::read_spec;
use super::target::{check_file, check_url, file_of};
use super::topics::check_topic;
use crate::config::Config;

/// Names of consumers that the program has beside pipelines: theirs are the checkpoints under them.
const TAKEN_NAMES: [&str; 3] = ["marts", "positions", "working"];

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
    /// How long one try to start a pipeline may take, ms: a migration of large tables is within it.
    pub start_time_max_ms: u64,
}

impl Default for PipelinesConfig {
    fn default() -> Self {
        Self {
            specs: Vec::new(),
            into: String::new(),
            partitions: 4,
            redrive_every_ms: 10_000,
            start_time_max_ms: 900_000,
        }
    }
}

/// Topics that callers may write to though no pipeline names them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TopicsConfig {
    /// Their names.
    pub names: Vec<String>,
}

/// A pipeline's checked file.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    /// The file.
    pub(crate) path: PathBuf,
    /// What it says.
    pub(crate) spec: Spec,
}

/// The pipelines that the configuration names. What is wrong here is wrong for good.
pub(crate) fn read_specs(config: &Config) -> Result<Vec<Named>> {
    let mut all: Vec<Named> = Vec::new();
    for path in &config.pipelines.specs {
        let spec = match read_spec(path) {
            Ok(spec) => spec,
            Err(complaints) => bail!("pipelines.specs\n{}", complaints.join("\n")),
        };
        let name = &spec.pipeline.name;
        if TAKEN_NAMES.contains(&name.as_str()) || name.starts_with("dictionary-") {
            bail!(
                "pipelines.specs\n{}: pipeline.name: `{name}` is the name of a consumer of the program",
                path.display()
            );
        }
        if let Some(same) = all.iter().find(|other| other.spec.pipeline.name == *name) {
            let (path, same) = (path.display(), same.path.display());
            bail!("pipelines.specs\n{path}: pipeline.name: `{name}` is the name of the pipeline of {same} too");
        }
        all.push(Named { path: path.clone(), spec });
    }
    let is_embedded = config.pipelines.into.is_empty();
    if !is_embedded && !all.is_empty() {
        let into = &config.pipelines.into;
        check_url(into).context("pipelines.into")?;
        check_outside(into, &config.data)?;
        file_of(into).map_or(Ok(()), |file| check_file(file, &config.data)).context("pipelines.into")?;
    }
    written_topics(config, &all)?;
    Ok(all)
}

/// The topics that callers may write to: sources of pipelines and of their dictionaries, and what the configuration names.
/// Playhead's own facts come by their own ways alone.
pub(crate) fn written_topics(config: &Config, named: &[Named]) -> Result<Vec<Topic>> {
    let mut names: Vec<&str> = config.topics.names.iter().map(String::as_str).collect();
    names.iter().try_for_each(|name| check_topic(name)).context("topics.names")?;
    for Named { spec, .. } in named {
        names.extend(spec.source.values().filter_map(|source| source.topic.as_deref()));
        names.extend(spec.dictionary.values().filter_map(|of| of.topic.as_deref()));
    }
    names.retain(|name| check_topic(name).is_ok());
    names.sort_unstable();
    names.dedup();
    Ok(names.into_iter().map(Topic::new).collect())
}

/// A restore replaces the data folder, with whatever lies in it.
fn check_outside(url: &str, data: &Path) -> Result<()> {
    let Some(file) = file_of(url) else { return Ok(()) };
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if whole(file).starts_with(whole(data)) {
        bail!(
            "pipelines.into: {} lies in the data folder, which a restore replaces as a whole. Name a file elsewhere, or leave \
             `into` out: then tables are in the embedded warehouse, which backups hold",
            file.display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/orders.toml")
    }

    fn wrong(pipelines: PipelinesConfig, topics: &[&str]) -> String {
        let topics = TopicsConfig { names: topics.iter().map(|&name| name.to_owned()).collect() };
        let config = Config { pipelines, topics, data: "/var/lib/playhead".into(), ..Config::default() };
        let wrong = read_specs(&config).map(drop).expect_err("it is wrong");
        format!("{wrong:#}")
    }

    #[test]
    fn what_no_waiting_mends_is_told_before_anything_is_opened() {
        let of = |specs: Vec<PathBuf>, into: &str| PipelinesConfig { specs, into: into.into(), ..Default::default() };
        assert!(wrong(of(vec!["nowhere.toml".into()], ""), &[]).contains("nowhere.toml"));
        assert!(wrong(of(vec![orders(), orders()], ""), &[]).contains("is the name of the pipeline of"));
        assert!(wrong(of(vec![orders()], "mysql://x"), &[]).contains("postgres://"));
        assert!(
            wrong(of(vec![orders()], "duckdb:/var/lib/playhead/x.duckdb"), &[]).contains("lies in the data folder")
        );
        assert!(wrong(PipelinesConfig::default(), &["watch"]).contains("cannot be written to"));
        assert!(wrong(PipelinesConfig::default(), &["a/b"]).contains("cannot be written to"));
    }

    #[test]
    fn callers_may_write_to_what_pipelines_read_and_to_what_is_named() {
        let pipelines = PipelinesConfig { specs: vec![orders()], ..Default::default() };
        let config = Config { pipelines, topics: TopicsConfig { names: vec!["raw".into()] }, ..Config::default() };
        let named = read_specs(&config).expect("it is well");
        let topics = written_topics(&config, &named).expect("they are well");
        let names: Vec<&str> = topics.iter().map(Topic::as_str).collect();
        assert!(names.contains(&"raw") && names.contains(&"order-service_orders"), "{names:?}");
    }
}
