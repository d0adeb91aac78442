//! Backups: a consistent copy of everything that is not a view, made while the program runs.
//!
//! A backup is a folder: the warehouse's file, the log from before that file's checkpoint to its end at the time, all that the
//! log has of the topics of pipelines, all dead letters, the dictionaries, the tokens, and a manifest with the size and
//! SHA-256 of each file. Positions and marts are views; a restore rebuilds them.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use playhead_domain::Offset;
use playhead_edge::{BackedUp, OperationError};
use playhead_fjall::FjallDictionaries;
use playhead_ports::{Cell, EventLog, Query, TopicPartition, Warehouse};
use playhead_segments::SnapshotFile;
use playhead_watch::{VIDEOS, WATCH};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::Config;
use crate::engines::Engines;
use crate::pipelines::{DICTIONARIES, Pipelines};
use crate::space;

/// The folder of backups below the data folder.
pub(crate) const BACKUPS: &str = "backups";
const MANIFEST: &str = "manifest.json";
const WAREHOUSE: &str = "warehouse.duckdb";
/// What dictionaries hold, as the store of dictionaries exports it.
const DICTIONARIES_DUMP: &str = "dictionaries.dump";
/// How long counting for people may take.
const COUNT_TIME_MAX: Duration = Duration::from_secs(10);
const FORMAT: u32 = 1;
/// The name that a backup under way holds the log by.
const HOLD: &str = "backup";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    format: u32,
    /// The program that made it.
    version: String,
    /// When it was begun, ms since 1970.
    pub(crate) begun_time: i64,
    /// The end of each partition's log.
    pub(crate) ends: Vec<End>,
    files: Vec<BackupFile>,
}

/// The end of a partition's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    pub(crate) at: TopicPartition,
    pub(crate) end: Offset,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct BackupFile {
    path: PathBuf,
    size_bytes: u64,
    sha256: String,
}

/// Makes the backup `name` below the data folder. Nothing of that name is there unless it is whole.
pub(crate) async fn back_up(
    engines: &Engines,
    pipelines: &Pipelines,
    data: &Path,
    name: &str,
) -> Result<BackedUp, OperationError> {
    let to = data.join(BACKUPS).join(name);
    if to.exists() {
        return Err(OperationError::Conflict(format!("there is a backup named `{name}` already")));
    }
    // The tail of the program's own topics comes on top, and is small beside it.
    let of_pipelines = engines.partitions().into_iter().filter(|at| !is_own(at));
    let in_log: u64 = of_pipelines.filter_map(|at| engines.log.size_bytes(&at).ok()).sum();
    let in_files = Engines::size_bytes(&data.join("warehouse")) + Engines::size_bytes(&data.join(DICTIONARIES));
    space::require(data, in_files + in_log, "a backup")?;
    let partial = data.join(BACKUPS).join(format!(".{name}.partial"));
    let events = count_events(engines).await;
    let made = make(engines, pipelines, data, &partial).await;
    release(engines);
    let finished = blocking({
        let (backups, partial, to) = (data.join(BACKUPS), partial.clone(), to.clone());
        move || {
            let manifest = made?;
            fs::rename(&partial, &to).with_context(|| format!("{}", to.display()))?;
            sync_folder(&backups)?;
            Ok(manifest)
        }
    });
    match finished.await {
        Ok(manifest) => Ok(BackedUp {
            path: to.display().to_string(),
            size_bytes: manifest.size_bytes(),
            files: manifest.files.len() as u64,
            events,
        }),
        Err(error) => {
            // What is left of it is removed by the next backup of that name too.
            let _ = blocking(move || fs::remove_dir_all(&partial).context("what is left of it")).await;
            Err(space::failure(&error))
        }
    }
}

/// What waits for the disk for long must not hold a thread that answers requests.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.context("a thread of the backup")?
}

/// For people; a warehouse that is too busy to be asked is backed up all the same.
async fn count_events(engines: &Engines) -> Option<u64> {
    let sql = "SELECT count(*) FROM watch_events".to_owned();
    let query = Query { sql, rows_max: 1, time_max: COUNT_TIME_MAX };
    let mut answer = engines.warehouse.query(query).await.ok()?;
    match answer.rows.recv().await?.ok()?.first()?.first()? {
        Cell::Int(count) => u64::try_from(*count).ok(),
        _ => None,
    }
}

impl Manifest {
    /// How large all files are.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size_bytes).sum()
    }
}

/// A file to be copied into a backup.
struct Source {
    /// Below the data folder, and below the backup.
    path: PathBuf,
    /// Its first so many bytes.
    size_bytes: u64,
}

/// Whether it is of a topic of the program's own, whose records the warehouse has.
fn is_own(at: &TopicPartition) -> bool {
    matches!(at.topic.as_str(), WATCH | VIDEOS)
}

async fn make(engines: &Engines, pipelines: &Pipelines, data: &Path, partial: &Path) -> Result<Manifest> {
    blocking({
        let partial = partial.to_owned();
        move || {
            if partial.exists() {
                fs::remove_dir_all(&partial)?;
            }
            fs::create_dir_all(&partial).with_context(|| format!("{}", partial.display()))
        }
    })
    .await?;
    // The log is held from before the warehouse is copied, so that the copy's checkpoint lies within what is copied after it.
    let mut from = Vec::new();
    let (partitions, letters) = (engines.partitions(), engines.letters());
    for at in partitions.iter().chain(&letters) {
        engines.log.hold(at, HOLD, Offset(0))?;
    }
    for consumer in engines.consumers().await? {
        from.push((consumer.at, consumer.checkpoint.map(|checkpoint| checkpoint.next).unwrap_or_default()));
    }
    from.extend(pipelines.standing().into_iter().map(|(_, at, next)| (at, next)));
    if let Some(dictionaries) = &pipelines.dictionaries {
        dictionaries.export(&partial.join(DICTIONARIES_DUMP)).await?;
    }
    engines.warehouse.backup(&partial.join(WAREHOUSE)).await?;
    let mut manifest = Manifest {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        begun_time: engines.clock.now().0,
        ends: Vec::new(),
        files: Vec::new(),
    };
    let mut sources = Vec::new();
    for at in partitions.into_iter().chain(letters) {
        // Of other topics the log itself is the record: all that it has.
        let needed = from.iter().filter(|(part, _)| *part == at && is_own(part)).map(|(_, next)| *next);
        let first = needed.min().unwrap_or_default();
        let bounds = engines.log.bounds(&at).await?;
        let files = engines.log.snapshot_files(&at, first.max(bounds.start))?;
        let in_log =
            |file: SnapshotFile| Source { path: Path::new("log").join(&file.path), size_bytes: file.size_bytes };
        sources.extend(files.into_iter().map(in_log));
        manifest.ends.push(End { at, end: bounds.end });
    }
    let tokens = Path::new("tokens.json");
    if data.join(tokens).exists() {
        sources.push(Source { path: tokens.to_owned(), size_bytes: u64::MAX });
    }
    let (data, partial) = (data.to_owned(), partial.to_owned());
    blocking(move || fill(&data, &partial, manifest, &sources)).await
}

/// Copies the sources, describes every file, and writes the manifest. Blocks.
fn fill(data: &Path, partial: &Path, mut manifest: Manifest, sources: &[Source]) -> Result<Manifest> {
    for made in [WAREHOUSE, DICTIONARIES_DUMP].map(Path::new) {
        if partial.join(made).exists() {
            manifest.files.push(describe(partial, made)?);
        }
    }
    for Source { path, size_bytes } in sources {
        copy(&data.join(path), &partial.join(path), *size_bytes)?;
        manifest.files.push(describe(partial, path)?);
    }
    let mut file = File::create(partial.join(MANIFEST))?;
    file.write_all(&serde_json::to_vec_pretty(&manifest)?)?;
    file.sync_all()?;
    sync_folder(partial)?;
    Ok(manifest)
}

fn release(engines: &Engines) {
    for at in engines.partitions().into_iter().chain(engines.letters()) {
        if let Err(error) = engines.log.hold(&at, HOLD, Offset(u64::MAX)) {
            tracing::warn!(%error, %at, "the log is still held for a backup that has ended");
        }
    }
}

/// Reads a backup's manifest and checks every file against it.
pub(crate) fn verify(backup: &Path) -> Result<Manifest> {
    let path = backup.join(MANIFEST);
    let text = fs::read(&path).with_context(|| format!("{} is no backup: no {MANIFEST}", backup.display()))?;
    let manifest: Manifest = serde_json::from_slice(&text).with_context(|| format!("{}", path.display()))?;
    if manifest.format != FORMAT {
        bail!("the backup has format {}, this program knows {FORMAT}", manifest.format);
    }
    for file in &manifest.files {
        let found = describe(backup, &file.path)?;
        if found != *file {
            bail!("the backup is damaged: {} is not as it was written", file.path.display());
        }
    }
    Ok(manifest)
}

/// Copies a backup's files into a new data folder.
pub(crate) fn lay_out(backup: &Path, manifest: &Manifest, data: &Path) -> Result<()> {
    for file in &manifest.files {
        let to = match file.path.to_str() {
            Some(WAREHOUSE) => data.join("warehouse").join(WAREHOUSE),
            _ => data.join(&file.path),
        };
        copy(&backup.join(&file.path), &to, file.size_bytes)?;
    }
    Ok(())
}

/// Puts the dictionaries that were laid out into their store.
pub(crate) async fn unpack_dictionaries(config: &Config) -> Result<()> {
    let dump = config.data.join(DICTIONARIES_DUMP);
    if !dump.exists() {
        return Ok(());
    }
    let store = FjallDictionaries::open(&config.data.join(DICTIONARIES), &config.base).context("the dictionaries")?;
    store.import(&dump).await.context("the dictionaries")?;
    fs::remove_file(&dump).with_context(|| format!("{}", dump.display()))
}

/// Copies the first `size_bytes` of a file, durably.
fn copy(from: &Path, to: &Path, size_bytes: u64) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    }
    let mut source = File::open(from).with_context(|| format!("{}", from.display()))?.take(size_bytes);
    let mut target = File::create(to).with_context(|| format!("{}", to.display()))?;
    io::copy(&mut source, &mut target).with_context(|| format!("{}", to.display()))?;
    target.set_permissions(fs::metadata(from)?.permissions())?;
    target.sync_all()?;
    Ok(())
}

fn describe(folder: &Path, path: &Path) -> Result<BackupFile> {
    let whole = folder.join(path);
    let mut file = File::open(&whole).with_context(|| format!("{}", whole.display()))?;
    let mut hasher = Sha256::new();
    let size_bytes = io::copy(&mut file, &mut hasher)?;
    let sha256 = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(BackupFile { path: path.to_owned(), size_bytes, sha256 })
}

fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)?.sync_all().with_context(|| format!("{}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The one thread of this runtime is not held while a file is copied: else nobody would ever write into the pipe.
    #[tokio::test]
    async fn copying_holds_no_thread_that_answers_requests() {
        let own = tempfile::tempdir().expect("a folder");
        let (data, partial) = (own.path().join("data"), own.path().join("partial"));
        [&data, &partial].into_iter().for_each(|folder| fs::create_dir(folder).expect("made"));
        fs::write(partial.join(WAREHOUSE), "rows").expect("written");
        let pipe = data.join("tokens.json");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).expect("made");
        let sources = vec![Source { path: "tokens.json".into(), size_bytes: u64::MAX }];
        let manifest = Manifest { format: FORMAT, version: String::new(), begun_time: 0, ends: vec![], files: vec![] };
        let filling = tokio::spawn(blocking(move || fill(&data, &partial, manifest, &sources)));
        tokio::task::yield_now().await;
        tokio::task::spawn_blocking(move || fs::write(pipe, "tokens")).await.expect("joined").expect("written");
        let manifest = filling.await.expect("joined").expect("copied");
        assert_eq!(manifest.size_bytes(), 10);
    }
}
