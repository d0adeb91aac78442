//! The folders of topics: how many partitions each has, and whose log a partition's folder is. A topic is there once its own
//! file is, which is written last.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use playhead_ports::{LogError, Topic};
use uuid::Uuid;

use crate::files;
use crate::header::Header;

const TOPIC_FILE: &str = "topic.meta";
const LOG_FILE: &str = "log.meta";
const PARTITIONS_MAX: u32 = 10_000;

/// The folder of a partition.
pub(crate) fn partition_folder(log: &Path, topic: &Topic, partition: u32) -> PathBuf {
    log.join(topic.as_str()).join(partition.to_string())
}

/// The topics below a folder, with their partitions.
pub(crate) fn list(log: &Path) -> Result<Vec<(Topic, u32)>, LogError> {
    let failed = |error: io::Error| files::unavailable(log, &error);
    let mut topics = Vec::new();
    for entry in fs::read_dir(log).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| path.is_dir()) else { continue };
        let topic = Topic::new(name);
        if let Some(partitions) = partitions(log, &topic)? {
            topics.push((topic, partitions));
        }
    }
    topics.sort();
    Ok(topics)
}

/// How many partitions a topic has; nothing if there is no such topic.
fn partitions(log: &Path, topic: &Topic) -> Result<Option<u32>, LogError> {
    let path = log.join(topic.as_str()).join(TOPIC_FILE);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| files::unavailable(&path, &error))?,
    };
    let count = text.strip_prefix("partitions ").and_then(|count| count.trim_end().parse().ok());
    let wrong = || LogError::Broken(format!("{} must be `partitions N`; put it right by hand", path.display()));
    count.map(Some).ok_or_else(wrong)
}

/// The identity of the log in a partition's folder.
pub(crate) fn log_id(folder: &Path) -> Result<Uuid, LogError> {
    let path = folder.join(LOG_FILE);
    let text = fs::read_to_string(&path).map_err(|error| {
        LogError::Broken(format!(
            "{}: {error}. `playhead log repair --data DIR` takes it from the segments",
            path.display()
        ))
    })?;
    let id = text.strip_prefix("log ").and_then(|id| id.trim_end().parse().ok());
    let wrong =
        || LogError::Broken(format!("{} must be `log ID`; remove it and run `playhead log repair`", path.display()));
    id.ok_or_else(wrong)
}

/// Writes the identity of the log in a partition's folder.
pub(crate) fn save_log_id(folder: &Path, id: Uuid) -> io::Result<()> {
    files::replace(&folder.join(LOG_FILE), format!("log {id}\n").as_bytes())
}

/// The files that say which log this is, by their paths below the log's folder.
pub(crate) fn meta_files(topic: &Topic, partition: u32) -> [PathBuf; 2] {
    let topic = PathBuf::from(topic.as_str());
    [topic.join(partition.to_string()).join(LOG_FILE), topic.join(TOPIC_FILE)]
}

/// Makes a topic's folders. After a crash on the way it is begun again.
pub(crate) fn create(log: &Path, topic: &Topic, partitions: u32, created_ms: i64) -> Result<(), LogError> {
    let name = topic.as_str();
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    if name.is_empty() || name.len() > 200 || name.starts_with('.') || !name.bytes().all(allowed) {
        let text = format!("{name:?} is no name of a topic: 1 to 200 bytes of [a-z0-9._-], not beginning with a dot");
        return Err(LogError::Unavailable(text));
    }
    if !(1..=PARTITIONS_MAX).contains(&partitions) {
        return Err(LogError::Unavailable(format!("a topic has 1 to {PARTITIONS_MAX} partitions, not {partitions}")));
    }
    let make = || -> io::Result<()> {
        let folder = log.join(name);
        fs::create_dir_all(&folder)?;
        for partition in 0..partitions {
            create_partition(&partition_folder(log, topic, partition), created_ms)?;
        }
        files::replace(&folder.join(TOPIC_FILE), format!("partitions {partitions}\n").as_bytes())?;
        crate::disk::sync_folder(log)
    };
    make().map_err(|error| files::unavailable(&log.join(name), &error))
}

fn create_partition(folder: &Path, created_ms: i64) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    if files::segment_firsts(folder)?.is_empty() {
        let log_id = Uuid::now_v7();
        save_log_id(folder, log_id)?;
        let header = Header { log_id, first: 0, chain: 0, fresh_chain: false, created_ms };
        files::replace(&files::segment_path(folder, 0), &header.encode())?;
    }
    Ok(())
}
