//! How far an import has got, in a small file, so that the same command goes on where it stopped.
//!
//! It may be lost: sending lines again is harmless.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// How far one file has got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The number of the last row that the server has answered for.
    pub(super) number: u64,
    /// Lines taken.
    pub(super) accepted: u64,
    /// Lines not taken.
    pub(super) rejected: u64,
}

/// The file.
pub(super) struct ProgressFile {
    path: PathBuf,
    /// What is imported, and where to.
    fingerprint: String,
    parts: BTreeMap<String, Progress>,
    warned: bool,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    fingerprint: String,
    parts: BTreeMap<String, Progress>,
}

impl ProgressFile {
    /// Reads what is there of the same import; another one's file is not touched until this one gets on.
    pub(super) fn open(path: Option<&Path>, kind: &str, source: &Path, url: &str) -> Self {
        let fingerprint = fingerprint(kind, source, url);
        let path =
            path.map_or_else(|| PathBuf::from(format!(".playhead-import-{}.json", &fingerprint[..12])), Path::to_owned);
        let stored = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Stored>(&bytes).ok());
        let parts = stored.filter(|stored| stored.fingerprint == fingerprint).map(|stored| stored.parts);
        Self { path, fingerprint, parts: parts.unwrap_or_default(), warned: false }
    }

    /// How far a part has got.
    pub(super) fn part(&self, name: &str) -> Progress {
        self.parts.get(name).copied().unwrap_or_default()
    }

    /// Whether anything was done before.
    pub(super) fn is_resumed(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Notes how far a part has got. An import goes on without its file.
    pub(super) fn note(&mut self, name: &str, progress: Progress) {
        self.parts.insert(name.to_owned(), progress);
        let stored = Stored { fingerprint: self.fingerprint.clone(), parts: self.parts.clone() };
        let unfinished = self.path.with_extension("json.new");
        let written = serde_json::to_vec(&stored)
            .map_err(std::io::Error::other)
            .and_then(|bytes| std::fs::write(&unfinished, bytes))
            .and_then(|()| std::fs::rename(&unfinished, &self.path));
        if let Err(error) = written
            && !self.warned
        {
            self.warned = true;
            eprintln!(
                "playhead: cannot note the progress in {} ({error}); an interrupted import will begin again",
                self.path.display()
            );
        }
    }

    /// The import is done.
    pub(super) fn remove(self) {
        // It may never have been written.
        drop(std::fs::remove_file(&self.path));
    }
}

/// The same for the same files, as far as names, sizes and times tell, and the same server.
fn fingerprint(kind: &str, source: &Path, url: &str) -> String {
    let mut hash = Sha256::new();
    let source = source.canonicalize().unwrap_or_else(|_| source.to_owned());
    let mut add = |part: &str| {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    };
    add(kind);
    add(url);
    for path in [source.clone(), source.join("movies.dat"), source.join("ratings.dat")] {
        let Ok(metadata) = path.metadata() else { continue };
        let modified =
            metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        add(&format!("{} {} {}", path.display(), metadata.len(), modified.as_millis()));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_found_again_for_the_same_import_only() {
        let dir = tempfile::tempdir().expect("a directory");
        let source = dir.path().join("events.csv");
        std::fs::write(&source, "a").expect("a file");
        let state = dir.path().join("state.json");
        let open = |url: &str| ProgressFile::open(Some(&state), "csv", &source, url);
        let progress = Progress { number: 7, accepted: 5, rejected: 1 };
        open("http://a").note("events", progress);
        assert_eq!(open("http://a").part("events"), progress);
        assert!(!open("http://b").is_resumed());
        std::fs::write(&source, "another").expect("a file");
        assert!(!open("http://a").is_resumed(), "a file that has changed is another import");
        open("http://a").remove();
        assert!(!state.exists());
    }
}
