//! What a command is about: a pipeline, its database, and the data folder with the log and the dictionaries.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use playhead_domain::Timestamp;
use playhead_duckdb::parquet_to_lines;
use playhead_fjall::FjallDictionaries;
use playhead_ports::{Clock, Dictionaries};
use playhead_segments::SegmentLog;
use playhead_system::SystemClock;
use playhead_warehouse::dictionary::entries;
use playhead_warehouse::pipeline::{Loaded, LoadedFile, NoDictionaries, Parts, Pipeline, Role};
use playhead_warehouse::plan::TablePlan;
use playhead_warehouse::spec::Spec;

use super::target::{file_of, open_target};
use crate::config::Config;
use crate::{data_folder, held};

/// Entries of a dictionary that are written at once.
const ENTRIES_AT_ONCE: usize = 10_000;

/// A pipeline, and the database that it is loaded into.
#[derive(Debug, Clone)]
pub struct PipelineJob {
    /// What it does; it was checked.
    pub spec: Spec,
    /// The database's URL.
    pub into: String,
    /// The settings.
    pub config: Config,
    /// The load time of everything, ms since 1970, where it is given.
    pub load_time_ms: Option<i64>,
    /// The record source of everything, where it is given.
    pub record_source: Option<String>,
}

impl PipelineJob {
    /// The pipeline, without dictionaries: for what only looks.
    pub(super) fn looking(self) -> Result<Arc<Pipeline>> {
        self.pipeline(Arc::new(NoDictionaries))
    }

    /// The pipeline of a database that is there and has its tables: for what asks of rows. To look makes no file.
    pub(super) async fn loaded(self) -> Result<Arc<Pipeline>> {
        self.check_there()?;
        let pipeline = self.looking()?;
        let found = pipeline.target().tables(&pipeline.schemas()).await?;
        let lacks =
            |table: &&TablePlan| !found.iter().any(|found| found.schema == table.schema && found.name == table.name);
        match pipeline.plan().tables.iter().find(lacks) {
            None => Ok(pipeline),
            Some(table) => bail!(
                "the database has no table {}.{} of the pipeline {} yet: `playhead warehouse run`, `load` or `apply` makes it",
                table.schema,
                table.name,
                pipeline.name()
            ),
        }
    }

    /// Refuses a file that is not there, rather than make it.
    pub(super) fn check_there(&self) -> Result<()> {
        match file_of(&self.into) {
            Some(file) if !file.exists() => bail!(
                "there is no database {} yet: `playhead warehouse run`, `load` or `apply` makes it",
                file.display()
            ),
            _ => Ok(()),
        }
    }

    /// The pipeline with the dictionaries of the data folder, if it asks any.
    pub(super) fn with_dictionaries(self) -> Result<Arc<Pipeline>> {
        if self.spec.dictionary.is_empty() {
            return self.looking();
        }
        let dictionaries = open_dictionaries(&self.config)?;
        self.pipeline(dictionaries)
    }

    pub(super) fn pipeline(self, dictionaries: Arc<dyn Dictionaries>) -> Result<Arc<Pipeline>> {
        self.pipeline_of(Role::Whole, dictionaries)
    }

    /// The pipeline in a role.
    pub(super) fn pipeline_of(self, role: Role, dictionaries: Arc<dyn Dictionaries>) -> Result<Arc<Pipeline>> {
        let target = open_target(&self.into, &self.config)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let load_time = self.load_time_ms.map(Timestamp);
        let (spec, record_source) = (self.spec, self.record_source);
        Ok(Pipeline::of_role(Parts { spec, target, dictionaries, clock, load_time, record_source }, role))
    }
}

/// Refuses a data folder that a server has open, for a command that can ask that server instead.
pub(super) fn refuse_or_ask(config: &Config) -> Result<()> {
    held::refuse_if_held(&config.data).map_err(|error| anyhow!("{error}; or ask the server with --url"))
}

/// The dictionaries of a data folder that no server has open.
pub(super) fn open_dictionaries(config: &Config) -> Result<Arc<dyn Dictionaries>> {
    held::refuse_if_held(&config.data)?;
    data_folder::make(&config.data)?;
    let folder = config.data.join("dictionaries");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(Arc::new(FjallDictionaries::open(&folder, &config.base).context("the dictionaries")?))
}

/// The log of a data folder that no server has open.
pub(super) fn open_log(config: &Config) -> Result<Arc<SegmentLog>> {
    let data = &config.data;
    held::refuse_if_held(data)?;
    data_folder::make(data)?;
    SegmentLog::open(&data.join("log"), config.log.clone(), Arc::new(SystemClock)).context("the log")
}

/// Puts the entries of a file into a dictionary of the data folder. Gives how many it has now.
pub async fn load_dictionary(config: &Config, name: &str, id: &str, file: &Path) -> Result<u64> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut changes = entries(name, id, &bytes).with_context(|| format!("{}", file.display()))?;
    let dictionaries = open_dictionaries(config)?;
    while !changes.is_empty() {
        let rest = changes.split_off(changes.len().min(ENTRIES_AT_ONCE));
        dictionaries.change(changes, &[]).await.context("the dictionaries")?;
        changes = rest;
    }
    Ok(dictionaries.count(name).await?)
}

/// Loads a file into a pipeline: CSV, Parquet, or an object a line. What of its bytes is in already is passed by, unless it is
/// to be taken `again`. `progress` hears how many bytes and messages are in.
pub async fn load_file(
    job: PipelineJob,
    file: &Path,
    source: Option<&str>,
    again: bool,
    progress: impl FnMut(u64, u64),
) -> Result<LoadedFile> {
    let source = source_of(&job, source)?;
    let pipeline = job.with_dictionaries()?;
    pipeline.apply().await?;
    let lines = lines_of(file)?;
    let file = lines.as_ref().map_or(file, |(_own, lines)| lines);
    if again {
        return Ok(LoadedFile { loaded: pipeline.load_file(&source, file, progress).await?, began_at: 0 });
    }
    Ok(pipeline.load_file_once(&source, file, progress).await?)
}

/// Loads files of rows that are staged already, each of the source in its place, as one load. `progress` hears how many rows
/// are in.
pub async fn load_files_together(
    job: PipelineJob,
    files: &[PathBuf],
    sources: &[String],
    progress: impl FnMut(u64),
) -> Result<Loaded> {
    if files.len() != sources.len() {
        bail!(
            "say with --source what each of the {} files is of, in their order; {} are named",
            files.len(),
            sources.len()
        );
    }
    for source in sources {
        source_of(&job, Some(source))?;
    }
    let pipeline = job.with_dictionaries()?;
    if let Some(source) = sources.iter().find(|source| !pipeline.is_staged(source)) {
        bail!(
            "{source} is a source of messages, which are loaded a file at a time: several files are one load of staged rows"
        );
    }
    pipeline.apply().await?;
    let lines = files.iter().map(|file| lines_of(file)).collect::<Result<Vec<_>>>()?;
    let paths =
        files.iter().zip(&lines).map(|(file, lines)| lines.as_ref().map_or(file, |(_own, lines)| lines).as_path());
    let files: Vec<(&str, &Path)> = sources.iter().map(String::as_str).zip(paths).collect();
    Ok(pipeline.load_together(&files, progress).await?)
}

/// The source that a file is of: the one that is named, or the only one.
fn source_of(job: &PipelineJob, given: Option<&str>) -> Result<String> {
    let all: Vec<&str> = job.spec.source.keys().map(String::as_str).collect();
    match (given, &all[..]) {
        (Some(name), _) if all.contains(&name) => Ok(name.to_owned()),
        (None, [only]) => Ok((*only).to_owned()),
        (Some(name), _) => bail!("the pipeline has no source {name}; it has {}", all.join(", ")),
        (None, _) => bail!("say with --source which of the pipeline's sources the file is of: {}", all.join(", ")),
    }
}

/// The rows of a Parquet file as lines of JSON, in a folder of their own that goes with the answer; none of another file.
fn lines_of(file: &Path) -> Result<Option<(tempfile::TempDir, PathBuf)>> {
    if file.extension().is_none_or(|of| !of.eq_ignore_ascii_case("parquet")) {
        return Ok(None);
    }
    let own = tempfile::tempdir().context("a folder for the rows of a Parquet file")?;
    // Under the same name, which is the record source where none is given.
    let lines = own.path().join(file.file_name().unwrap_or_default());
    parquet_to_lines(file, &lines).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Some((own, lines)))
}
