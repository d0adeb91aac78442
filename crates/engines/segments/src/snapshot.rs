//! Which files a backup must copy, and how much of each, so that the copy is a log that opens.

use std::path::{Path, PathBuf};

use playhead_domain::Offset;
use playhead_ports::LogError;

use crate::files;
use crate::partition::Partition;
use crate::topics;

/// A file of the log as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotFile {
    /// Its path below the log's folder; the same below the copy's.
    pub path: PathBuf,
    /// How many bytes of it belong to the copy. It may grow while it is copied.
    pub size_bytes: u64,
}

impl Partition {
    pub(crate) fn snapshot_files(&self, log: &Path, from: Offset) -> Result<Vec<SnapshotFile>, LogError> {
        let mut found = Vec::new();
        let mut note = |path: &Path, size_bytes: u64| {
            let path = path.strip_prefix(log).expect("the log's files lie in its folder").to_owned();
            found.push(SnapshotFile { path, size_bytes });
        };
        for path in topics::meta_files(&self.at.topic, self.at.partition) {
            let path = log.join(path);
            let size_bytes = path.metadata().map_err(|error| files::unavailable(&path, &error))?.len();
            note(&path, size_bytes);
        }
        let all = self.segments.all();
        let first = self.segments.holding(from.0).header.first;
        for segment in all.iter().filter(|segment| segment.header.first >= first) {
            note(&segment.path, segment.valid_bytes());
            let index = files::index_path(&segment.path);
            if let (true, Ok(metadata)) = (segment.is_closed(), index.metadata()) {
                note(&index, metadata.len());
            }
        }
        Ok(found)
    }
}
