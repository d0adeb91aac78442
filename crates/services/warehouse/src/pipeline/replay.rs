//! Messages taken in once more: from the log, or from what STG keeps of them. What is there already stays as it is.

use std::time::Duration;

use playhead_domain::{Offset, Timestamp};
use playhead_ports::{Checkpoint, CommitError, EventLog, Most, Stored, TopicPartition};

use super::Pipeline;
use super::batch::Loaded;
use super::redrive::commit_error;
use super::sink::message;
use crate::plan::{Kind, TablePlan};

const AT_ONCE: usize = 5_000;
const BYTES_AT_ONCE: usize = 16 << 20;
const WAIT: Duration = Duration::from_millis(200);

impl Pipeline {
    /// Takes in what the log has of a partition from that offset on, up to its end: all of it, or what it took in since then.
    pub async fn replay_log(
        &self,
        log: &dyn EventLog,
        at: &TopicPartition,
        from: Offset,
        since: Option<Timestamp>,
    ) -> Result<Loaded, CommitError> {
        let away = |error: playhead_ports::LogError| CommitError::Transient(error.to_string());
        let mut all = Loaded::default();
        let of_topic = |source: &crate::spec::Source| source.topic.as_deref() == Some(at.topic.as_str());
        // A topic may have facts of several kinds, each a source of its own.
        let sources = self.spec().source.iter().filter(|(_, source)| of_topic(source));
        let sources: Vec<&String> = sources.map(|(name, _)| name).collect();
        let bounds = log.bounds(at).await.map_err(away)?;
        let mut reader = log.reader(at, from.max(bounds.start)).await.map_err(away)?;
        loop {
            let most = Most { records: AT_ONCE, bytes: BYTES_AT_ONCE };
            let records = reader.next(most, WAIT).await.map_err(away)?;
            let is_wanted =
                |stored: &&Stored| stored.offset < bounds.end && since.is_none_or(|since| stored.record.time >= since);
            let messages: Vec<_> = records.iter().filter(is_wanted).map(|stored| message(at, stored)).collect();
            let is_end = records.last().is_none_or(|stored| stored.offset.next() >= bounds.end);
            for source in &sources {
                all += self.take_in(source, messages.clone(), &|_| None).await?;
            }
            self.forget(&self.forgettings(at, &records)).await?;
            if is_end {
                return Ok(all);
            }
        }
    }

    /// Goes on at the end of the log that is there, wherever and of whichever log the checkpoint was: after all that this log
    /// has was taken in.
    pub async fn adopt(&self, log: &dyn EventLog, at: &TopicPartition, next: Offset) -> Result<(), CommitError> {
        let bounds = log.bounds(at).await.map_err(|error| CommitError::Transient(error.to_string()))?;
        let checkpoint = Checkpoint { at: at.clone(), log_id: bounds.log_id, next };
        self.target().place(self.name(), &[checkpoint]).await
    }

    /// Takes in every version of every message that STG keeps.
    pub async fn replay_kept(&self) -> Result<Loaded, CommitError> {
        let mut all = Loaded::default();
        for (name, source) in &self.spec().source {
            let Some(table) = self.plan().keeper(Kind::History, name) else { continue };
            if source.staged {
                continue;
            }
            all += self.replay_history(name, table).await?;
        }
        Ok(all)
    }

    async fn replay_history(&self, source: &str, table: &TablePlan) -> Result<Loaded, CommitError> {
        let mut all = Loaded::default();
        let mut after = None;
        loop {
            let kept = self.kept(table, after.as_ref(), AT_ONCE).await.map_err(commit_error)?;
            let Some(last) = kept.last() else { return Ok(all) };
            let offset = i64::try_from(last.message.offset.0).unwrap_or(i64::MAX);
            after = Some((last.message.at.topic.to_string(), i64::from(last.message.at.partition), offset));
            let messages = kept.into_iter().map(|kept| kept.message).collect();
            all += self.take_in(source, messages, &|_| None).await?;
        }
    }
}
