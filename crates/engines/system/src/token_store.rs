//! `tokens.json`: its format, how it is read, and how it is changed by several processes at once.
//!
//! A change is made under a lock on a file beside it and put in place by a rename, so a reader sees the file before the
//! change or after it. What a token grants is not known here.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use playhead_domain::Timestamp;
use playhead_ports::{Scope, TokenError};
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;
const LOCK_WAIT: Duration = Duration::from_secs(5);
const LOCK_RETRY: Duration = Duration::from_millis(5);

/// One token, as it is stored: never its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) scopes: Vec<Scope>,
    /// Of the token's text, in hex.
    pub(crate) sha256: String,
    pub(crate) created_ms: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    tokens: Vec<Entry>,
}

/// Read first, so that a file of a later version is told by its version and not by a field that is new.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// The file as it was read. It is held open, so that its inode cannot become that of a later file: an equal
/// [`Identity`] therefore means an unchanged file.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) entries: Vec<Entry>,
    read_from: Option<(File, Identity)>,
}

/// What tells one state of the file from another without reading it.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    size_bytes: u64,
    modified_ns: (i64, i64),
}

impl Snapshot {
    /// Whether there was a file.
    pub(crate) fn is_of_file(&self) -> bool {
        self.read_from.is_some()
    }
}

/// The place of the file.
#[derive(Debug, Clone)]
pub(crate) struct TokenStore {
    path: PathBuf,
}

impl TokenStore {
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self { path: data_dir.join("tokens.json") }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the file has; nothing if there is none.
    pub(crate) fn read(&self) -> Result<Snapshot, TokenError> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Ok(Snapshot { entries: Vec::new(), read_from: None });
            }
            Err(e) => return Err(self.unavailable("read", &e)),
        };
        let identity = file.metadata().map(Identity::from).map_err(|e| self.unavailable("read", &e))?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|e| self.unavailable("read", &e))?;
        Ok(Snapshot { entries: self.parse(&text)?, read_from: Some((file, identity)) })
    }

    /// Whether the file is still the one that the snapshot was read from.
    pub(crate) fn is_unchanged(&self, since: &Snapshot) -> bool {
        match (fs::metadata(&self.path).map(Identity::from), &since.read_from) {
            (Ok(now), Some((_, then))) => now == *then,
            (Err(e), None) => e.kind() == io::ErrorKind::NotFound,
            _ => false,
        }
    }

    /// Reads, changes and writes the file while no other process does.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<Entry>) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let dir = self.path.parent().expect("the path was made of a folder and a name");
        fs::create_dir_all(dir).map_err(|e| self.unavailable("write", &e))?;
        let _lock = self.lock()?;
        let mut entries = self.read()?.entries;
        let result = change(&mut entries)?;
        self.write(dir, Document { version: VERSION, tokens: entries }).map_err(|e| self.unavailable("write", &e))?;
        Ok(result)
    }

    /// Locks a file that is never replaced: a lock on `tokens.json` itself would go with its inode at the first rename.
    fn lock(&self) -> Result<File, TokenError> {
        let path = self.path.with_extension("lock");
        let file = private(OpenOptions::new().write(true).create(true))
            .open(&path)
            .map_err(|e| self.unavailable("lock", &e))?;
        let deadline = Instant::now() + LOCK_WAIT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(LOCK_RETRY),
                Err(TryLockError::WouldBlock) => {
                    let held = format!("{} is held by another process", path.display());
                    return Err(TokenError::Unavailable(held));
                }
                Err(TryLockError::Error(e)) => return Err(self.unavailable("lock", &e)),
            }
        }
    }

    fn write(&self, dir: &Path, document: Document) -> io::Result<()> {
        let temporary = self.path.with_extension("json.tmp");
        // One that a crash left behind may have any mode.
        match fs::remove_file(&temporary) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mut file = private(OpenOptions::new().write(true).create_new(true)).open(&temporary)?;
        serde_json::to_writer_pretty(&mut file, &document)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(&temporary, &self.path)?;
        File::open(dir)?.sync_all()
    }

    fn parse(&self, text: &str) -> Result<Vec<Entry>, TokenError> {
        let broken = |why: String| {
            let path = self.path.display();
            TokenError::Unavailable(format!("{path} is broken: {why}; mend it, or remove it and make new tokens"))
        };
        let Version { version } = serde_json::from_str(text).map_err(|e| broken(e.to_string()))?;
        if version != VERSION {
            let path = self.path.display();
            let why = format!("{path} is of version {version}, this program reads version {VERSION}");
            return Err(TokenError::Unavailable(why));
        }
        let document: Document = serde_json::from_str(text).map_err(|e| broken(e.to_string()))?;
        match document.tokens.iter().find(|entry| !is_hash(&entry.sha256)) {
            Some(entry) => {
                Err(broken(format!("`sha256` of the token `{}` is no SHA-256 in lower-case hex", entry.name)))
            }
            None => Ok(document.tokens),
        }
    }

    fn unavailable(&self, what: &str, error: &io::Error) -> TokenError {
        TokenError::Unavailable(format!("cannot {what} {}: {error}", self.path.display()))
    }
}

impl From<fs::Metadata> for Identity {
    fn from(of: fs::Metadata) -> Self {
        Self { device: of.dev(), inode: of.ino(), size_bytes: of.size(), modified_ns: (of.mtime(), of.mtime_nsec()) }
    }
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
