//! Service tokens in a file of the data folder, shared by a running server and the command line.
//!
//! A server asks whether the file has changed at most once a second, when a token is used: no thread watches it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::RwLock;
use playhead_ports::{Clock, Grant, Scope, TokenError, Tokens};

use crate::secret;
use crate::token_store::{Entry, Snapshot, TokenStore};

/// The port promises two seconds.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
const NAME_BYTES_MAX: usize = 64;

/// The tokens of `tokens.json` in the data folder. Cheap to clone.
#[derive(Clone)]
pub struct TokenFile {
    shared: Arc<Shared>,
}

struct Shared {
    store: TokenStore,
    clock: Arc<dyn Clock>,
    look_again: Duration,
    /// Written about once a second at most, read by every request.
    known: RwLock<Known>,
}

struct Known {
    snapshot: Snapshot,
    looked_at: Instant,
    /// There were tokens and the file is gone: nobody may, rather than everybody.
    is_lost: bool,
    /// Why the file could not be read when it was looked at last; told once, not each second.
    trouble: Option<TokenError>,
}

impl TokenFile {
    /// Reads the tokens of the data folder; there need be none yet.
    pub fn open(data_dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, TokenError> {
        Self::open_looking_again(data_dir, clock, LOOK_AGAIN)
    }

    fn open_looking_again(data_dir: &Path, clock: Arc<dyn Clock>, look_again: Duration) -> Result<Self, TokenError> {
        let store = TokenStore::new(data_dir);
        let known = Known { snapshot: store.read()?, looked_at: Instant::now(), is_lost: false, trouble: None };
        Ok(Self { shared: Arc::new(Shared { store, clock, look_again, known: RwLock::new(known) }) })
    }

    /// Runs a change of the file where it may block.
    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Shared, &mut Vec<Entry>) -> Result<T, TokenError> + Send + 'static,
    ) -> Result<T, TokenError> {
        let shared = Arc::clone(&self.shared);
        let task = tokio::task::spawn_blocking(move || {
            let result = shared.store.change(|entries| change(&shared, entries));
            shared.look(&mut shared.known.write());
            result
        });
        task.await.map_err(|e| TokenError::Unavailable(e.to_string()))?
    }
}

impl Shared {
    /// Looks whether the file has changed, unless that was done a moment ago or is being done: whoever comes meanwhile
    /// goes by what is known, rather than wait for a disk.
    fn look_if_due(&self) {
        if self.is_due(&self.known.read())
            && let Some(mut known) = self.known.try_write()
            && self.is_due(&known)
        {
            self.look(&mut known);
        }
    }

    fn is_due(&self, known: &Known) -> bool {
        known.looked_at.elapsed() >= self.look_again
    }

    fn look(&self, known: &mut Known) {
        known.looked_at = Instant::now();
        if self.store.is_unchanged(&known.snapshot) {
            known.trouble = None;
            return;
        }
        match self.store.read() {
            Ok(snapshot) => {
                known.trouble = None;
                known.is_lost = !snapshot.is_of_file() && (known.is_lost || !known.snapshot.entries.is_empty());
                if known.is_lost {
                    let file = self.store.path().display();
                    tracing::error!(%file, "the file of tokens is gone: every token is refused");
                }
                known.snapshot = snapshot;
            }
            // What was read last holds: a file that cannot be read now must not stop a server that could read it before.
            Err(trouble) => {
                if known.trouble.as_ref() != Some(&trouble) {
                    tracing::error!(error = %trouble, "the tokens cannot be read again: those read last hold");
                }
                known.trouble = Some(trouble);
            }
        }
    }
}

#[async_trait]
impl Tokens for TokenFile {
    fn any(&self) -> bool {
        self.shared.look_if_due();
        let known = self.shared.known.read();
        known.is_lost || !known.snapshot.entries.is_empty()
    }

    fn grant(&self, token: &str) -> Option<Grant> {
        self.shared.look_if_due();
        let hash = secret::hash(token);
        let known = self.shared.known.read();
        // All are compared, so that the time does not tell which one it was.
        let found = known.snapshot.entries.iter().filter(|entry| secret::same(&entry.sha256, &hash));
        found.fold(None, |_, entry| Some(entry)).map(to_grant)
    }

    async fn create(&self, name: &str, scopes: &[Scope]) -> Result<String, TokenError> {
        if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
            return Err(TokenError::Name(name.to_owned()));
        }
        let (name, mut scopes) = (name.to_owned(), scopes.to_vec());
        scopes.sort_unstable();
        scopes.dedup();
        self.change(move |shared, entries| {
            if entries.iter().any(|entry| entry.name == name) {
                return Err(TokenError::Taken(name));
            }
            let token = secret::new_token().map_err(|e| TokenError::Unavailable(format!("no random bytes: {e}")))?;
            entries.push(Entry { name, scopes, sha256: secret::hash(&token), created_ms: shared.clock.now() });
            entries.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(token)
        })
        .await
    }

    async fn revoke(&self, name: &str) -> Result<(), TokenError> {
        let name = name.to_owned();
        self.change(move |_, entries| match entries.iter().position(|entry| entry.name == name) {
            Some(at) => {
                entries.remove(at);
                Ok(())
            }
            None => Err(TokenError::Missing(name)),
        })
        .await
    }

    async fn list(&self) -> Result<Vec<Grant>, TokenError> {
        let shared = Arc::clone(&self.shared);
        let read = tokio::task::spawn_blocking(move || shared.store.read());
        let snapshot = read.await.map_err(|e| TokenError::Unavailable(e.to_string()))??;
        let mut grants: Vec<Grant> = snapshot.entries.iter().map(to_grant).collect();
        grants.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(grants)
    }
}

fn to_grant(entry: &Entry) -> Grant {
    Grant { name: entry.name.clone(), scopes: entry.scopes.iter().copied().collect() }
}

#[cfg(test)]
#[path = "token_file_tests.rs"]
mod tests;
