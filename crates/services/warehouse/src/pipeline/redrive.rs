//! Messages that wait or were rejected, tried again: with what dictionaries know by now, and as the spec is now.

use std::collections::BTreeMap;

use playhead_ports::{CommitError, TargetError};

use super::Pipeline;
use super::batch::Loaded;
use super::broken::Kept;
use crate::intake::Message;
use crate::plan::Kind;

/// Messages that are tried at once.
const AT_ONCE: usize = 2_000;

impl Pipeline {
    /// Tries every message again that waits, and with `with_rejects` those that were rejected. What is loaded now leaves the
    /// table that it stood in, in the same transaction; what waits for too long is rejected.
    pub async fn redrive(&self, with_rejects: bool) -> Result<Loaded, CommitError> {
        let mut all = self.redrive_table(Kind::Waiting).await?;
        if with_rejects {
            let of_rejects = self.redrive_table(Kind::Rejects).await?;
            all.loaded += of_rejects.loaded;
            all.waiting += of_rejects.waiting;
            // Those of before and those that waited for too long are the same now.
            all.rejected = of_rejects.rejected;
        }
        Ok(all)
    }

    async fn redrive_table(&self, kind: Kind) -> Result<Loaded, CommitError> {
        let mut all = Loaded::default();
        let Some(table) = self.shared_table(kind) else { return Ok(all) };
        let mut after = None;
        loop {
            let kept = self.kept(table, after.as_ref(), AT_ONCE).await.map_err(commit_error)?;
            let Some(last) = kept.last() else { return Ok(all) };
            after = Some(coordinates(&last.message));
            let mut by_source: BTreeMap<String, Vec<Message>> = BTreeMap::new();
            let mut deadlines = BTreeMap::new();
            for Kept { source, message, deadline_ms } in kept {
                if let Some(deadline_ms) = deadline_ms {
                    deadlines.insert(coordinates(&message), deadline_ms);
                }
                by_source.entry(source).or_default().push(message);
            }
            for (source, messages) in by_source {
                // A source that the spec no longer has leaves its messages where they are.
                if self.spec().source.contains_key(&source) {
                    let deadline = |message: &Message| deadlines.get(&coordinates(message)).copied();
                    all += self.take_in(&source, messages, &deadline).await?;
                }
            }
        }
    }
}

fn coordinates(message: &Message) -> (String, i64, i64) {
    let offset = i64::try_from(message.offset.0).unwrap_or(i64::MAX);
    (message.at.topic.to_string(), i64::from(message.at.partition), offset)
}

/// A question that fails is of the target, never of a record.
pub(super) fn commit_error(error: TargetError) -> CommitError {
    match error {
        TargetError::Unavailable(why) | TargetError::Refused(why) => CommitError::Transient(why),
    }
}
