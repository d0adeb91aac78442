//! A file that is loaded once: its checkpoint is named by what its bytes hash to, not by what it is called, and moves with
//! each batch. So a file that was loaded changes nothing, and one that was cut off goes on where it was.

use std::io::Read as _;
use std::path::Path;

use playhead_domain::Offset;
use playhead_ports::{Advance, CommitError, LogId, Topic, TopicPartition};
use sha2::{Digest, Sha256};

use super::Pipeline;
use super::batch::{Loaded, Pinned};
use super::file::FileError;
use crate::intake::Message;

const CHUNK_BYTES: usize = 1 << 20;

/// How far a file has got into a pipeline.
pub(super) struct Once {
    at: TopicPartition,
    log_id: LogId,
    next: Offset,
}

impl Pipeline {
    /// How far the file has got as that source, with the load time and record source that were given.
    pub(super) async fn once(&self, source: &str, path: &Path) -> Result<Once, FileError> {
        let unreadable = |error: std::io::Error| FileError::Unreadable(format!("{}: {error}", path.display()));
        let hash = hash_of(path).map_err(unreadable)?;
        // The same bytes with another mark are other rows.
        let mut mark = Sha256::new();
        for part in [source, &self.fixed_load_time(), self.record_source().unwrap_or_default(), &hash] {
            mark.update((part.len() as u64).to_le_bytes());
            mark.update(part);
        }
        let at = TopicPartition::new(&Topic::new(&format!("file-{}", hexadecimal(&mark.finalize()))), 0);
        let standing = self.target().checkpoints(self.name(), std::slice::from_ref(&at)).await;
        let standing = standing.map_err(|error| CommitError::Transient(error.to_string()))?.pop().flatten();
        let log_id = hash.parse().unwrap_or_else(|never: std::convert::Infallible| match never {});
        Ok(Once { at, log_id, next: standing.map_or(Offset(0), |checkpoint| checkpoint.next) })
    }

    /// Takes in what is left of messages that stand in the file one after another.
    pub(super) async fn take_in_once(
        &self,
        source: &str,
        mut messages: Vec<Message>,
        once: &mut Once,
    ) -> Result<Loaded, CommitError> {
        messages.retain(|message| message.offset >= once.next);
        let Some(last) = messages.last() else { return Ok(Loaded::default()) };
        let to = last.offset.next();
        let advance = Advance { at: once.at.clone(), log_id: once.log_id.clone(), from: once.next, to };
        let gathered = self.gather(source, &messages, &Pinned::default()).await;
        let gathered = gathered.map_err(|error| CommitError::Transient(error.to_string()))?;
        let made = self.make(source, &gathered, &messages, |_| None);
        let loaded = match self.load(&made, std::slice::from_ref(&advance)).await {
            // Some message is poison. What is in twice is in once, so the checkpoint may follow after the halves.
            Err(CommitError::Permanent(_)) => {
                let loaded = self.take_in(source, messages, &|_| None).await?;
                self.target().load(self.name(), &[], &[], &[advance]).await?;
                loaded
            }
            done => done.map(|()| made.counts)?,
        };
        once.next = to;
        Ok(loaded)
    }
}

impl Once {
    /// The first line that is not in yet; 0 if nothing is.
    pub(super) fn next(&self) -> u64 {
        self.next.0
    }
}

fn hash_of(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let (mut hasher, mut chunk) = (Sha256::new(), vec![0; CHUNK_BYTES]);
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(hexadecimal(&hasher.finalize())),
            read => hasher.update(&chunk[..read]),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
