//! Forgetting a user: the facts of Playhead's own log that ask for it, and what a pipeline over that log does then. It happens
//! wherever the log is read, so also in a replay.

use playhead_contracts::decode_fact;
use playhead_domain::{Fact, Offset};
use playhead_ports::{CommitError, Field, FieldType, Stored, TopicPartition};
use smol_str::SmolStr;

use super::Pipeline;
use super::staging::{Row, Value, filled};
use crate::plan::StageOf;
use crate::spec::Format;
use crate::sql::{FORGOTTEN, forgets, knowing};

/// Something that is forgotten: all that lies before it in its partition of a user, or of a user and a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Forgetting {
    at: TopicPartition,
    below: Offset,
    user: SmolStr,
    video: Option<SmolStr>,
}

impl Pipeline {
    /// What records of a partition ask to forget.
    pub(super) fn forgettings(&self, at: &TopicPartition, records: &[Stored]) -> Vec<Forgetting> {
        let is_watch = |source: &crate::spec::Source| {
            source.format == Format::Watch && source.topic.as_deref() == Some(at.topic.as_str())
        };
        if !self.spec().source.values().any(is_watch) {
            return Vec::new();
        }
        let asked = records.iter().filter_map(|stored| match decode_fact(&stored.record.value) {
            Ok(Fact::Forgotten(forget)) => Some(Forgetting {
                at: at.clone(),
                below: forget.below.unwrap_or(stored.offset),
                user: forget.user_id.as_str().into(),
                video: forget.video_id.map(|video| video.as_str().into()),
            }),
            _ => None,
        });
        asked.collect()
    }

    /// Takes what is forgotten out of every table, or nothing of it.
    pub(super) async fn forget(&self, all: &[Forgetting]) -> Result<(), CommitError> {
        let sources = knowing(self.spec(), self.plan());
        if all.is_empty() || sources.is_empty() {
            return Ok(());
        }
        let field = |name: &str, of| Field { name: name.to_owned(), of };
        let fields = vec![
            field("topic", FieldType::Text),
            field("partition", FieldType::Int),
            field("below", FieldType::Int),
            field("user", FieldType::Text),
            field("video", FieldType::Text),
        ];
        let row = |one: &Forgetting| -> Row {
            [
                ("topic", one.at.topic.as_str().into()),
                ("partition", Value::Int(Some(i64::from(one.at.partition)))),
                ("below", Value::Int(i64::try_from(one.below.0).ok())),
                ("user", Value::Text(Some(one.user.clone()))),
                ("video", Value::Text(one.video.clone())),
            ]
            .into()
        };
        let rows: Vec<Row> = all.iter().map(row).collect();
        let mut tables = vec![filled(FORGOTTEN, fields, &rows)];
        let stages = sources.iter().filter_map(|(name, _)| self.plan().stage(StageOf::Messages, name));
        tables.extend(stages.map(crate::plan::StagePlan::empty));
        tables.extend(self.plan().work_tables());
        let statements = forgets(self.target().dialect(), self.spec(), self.plan());
        let statements: Vec<String> = statements.into_iter().map(|statement| statement.sql).collect();
        self.target().load(self.name(), &tables, &statements, &[]).await.map(|_| ())
    }
}

impl Forgetting {
    /// Whether it takes this record along.
    pub(super) fn covers(&self, at: &TopicPartition, stored: &Stored) -> bool {
        if *at != self.at || stored.offset >= self.below {
            return false;
        }
        match decode_fact(&stored.record.value) {
            Ok(Fact::Watched(event)) => self.names(event.user_id.as_str(), event.video_id.as_str()),
            Ok(Fact::Marked(mark)) => self.names(mark.user_id.as_str(), mark.video_id.as_str()),
            _ => false,
        }
    }

    fn names(&self, user: &str, video: &str) -> bool {
        self.user == user && self.video.as_ref().is_none_or(|own| own == video)
    }
}
