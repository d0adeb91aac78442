//! Messages that are not loaded: those that wait for a dictionary, and those that are rejected.

use bytes::Bytes;
use playhead_domain::{Offset, Timestamp};
use playhead_ports::{Cell, TargetError, Topic, TopicPartition};
use serde::{Deserialize, Serialize};

use super::Pipeline;
use super::naming::{name, quoted};
use super::staging::{bytes_of, number_of, text_of};
use crate::intake::{Message, headers_of};
use crate::plan::{Kind, TablePlan, system};

/// A message that was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedMessage {
    /// Where: while it was read (`prepare`), when it was loaded (`commit`), or because a dictionary did not learn an id in
    /// time (`enrich`).
    pub stage: String,
    /// Why.
    pub reason: String,
    /// The topic or file.
    pub topic: String,
    /// The partition.
    pub partition: i64,
    /// The offset or line.
    pub offset: i64,
    /// When it was rejected.
    pub load_time: String,
    /// The message, as text.
    pub payload: String,
}

/// A message that was kept to be tried again.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) source: String,
    pub(super) message: Message,
    /// Until when it waits, ms since 1970; none if it does not wait.
    pub(super) deadline_ms: Option<i64>,
}

impl Pipeline {
    /// How many messages wait, and how many are rejected.
    pub async fn broken(&self) -> Result<(u64, u64), TargetError> {
        let mut counts = [0, 0];
        for (count, kind) in counts.iter_mut().zip([Kind::Waiting, Kind::Rejects]) {
            if let Some(table) = self.shared_table(kind) {
                let rows = self.target().select(&[], &format!("SELECT count(*) FROM {}", name(table)), 1).await?;
                let number = rows.first().and_then(|row| row.first()).and_then(number_of);
                *count = number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
            }
        }
        Ok((counts[0], counts[1]))
    }

    /// Messages that were rejected, the newest first.
    pub async fn rejects(&self, most: usize) -> Result<Vec<RejectedMessage>, TargetError> {
        let Some(table) = self.shared_table(Kind::Rejects) else { return Ok(Vec::new()) };
        let columns =
            ["stage", "reason", system::TOPIC, system::PARTITION, system::OFFSET, system::LOAD_TIME, system::PAYLOAD]
                .map(quoted)
                .join(", ");
        let order = [system::LOAD_TIME, system::TOPIC, system::PARTITION, system::OFFSET].map(quoted).join(" DESC, ");
        let sql = format!("SELECT {columns} FROM {} ORDER BY {order} DESC LIMIT {most}", name(table));
        let rows = self.target().select(&[], &sql, most).await?;
        Ok(rows.iter().map(|row| rejected(row)).collect())
    }

    /// The next messages of a table of broken ones after those coordinates, in their order, at most so many.
    pub(super) async fn kept(
        &self,
        table: &TablePlan,
        after: Option<&(String, i64, i64)>,
        most: usize,
    ) -> Result<Vec<Kept>, TargetError> {
        let columns = [
            system::TOPIC,
            system::PARTITION,
            system::OFFSET,
            system::LOAD_TIME,
            system::PAYLOAD,
            system::HEADERS,
            "_source",
            "deadline",
        ];
        // The history is of one source, and waits for nothing.
        let has = |column: &&str| table.columns.iter().any(|of| of.name == *column);
        let columns = columns.into_iter().filter(has).map(quoted).collect::<Vec<_>>().join(", ");
        let place = [system::TOPIC, system::PARTITION, system::OFFSET].map(quoted).join(", ");
        let after = after.map_or(String::new(), |(topic, partition, offset)| {
            // The topic is of the spec or the name of a file, and quoted all the same.
            format!(" WHERE ({place}) > ('{}', {partition}, {offset})", topic.replace('\'', "''"))
        });
        let sql = format!("SELECT {columns} FROM {}{after} ORDER BY {place} LIMIT {most}", name(table));
        let rows = self.target().select(&[], &sql, most).await?;
        Ok(rows.iter().filter_map(|row| kept(row)).collect())
    }
}

fn rejected(row: &[Cell]) -> RejectedMessage {
    let text = |at: usize| row.get(at).and_then(text_of).unwrap_or_default();
    let number = |at: usize| row.get(at).and_then(number_of).unwrap_or_default();
    let payload = row.get(6).and_then(bytes_of).unwrap_or_default();
    RejectedMessage {
        stage: text(0),
        reason: text(1),
        topic: text(2),
        partition: number(3),
        offset: number(4),
        load_time: text(5),
        payload: String::from_utf8_lossy(&payload).into_owned(),
    }
}

fn kept(row: &[Cell]) -> Option<Kept> {
    let [topic, partition, offset, load_time, payload, headers, rest @ ..] = row else { return None };
    let message = Message {
        at: TopicPartition::new(&Topic::new(&text_of(topic)?), u32::try_from(number_of(partition)?).ok()?),
        offset: Offset(u64::try_from(number_of(offset)?).ok()?),
        key: Bytes::new(),
        bytes: bytes_of(payload)?,
        headers: headers_of(text_of(headers).as_deref()),
        received_time: Timestamp(ms_of(load_time)?),
    };
    let source = rest.first().and_then(text_of).unwrap_or_default();
    Some(Kept { source, message, deadline_ms: rest.get(1).and_then(ms_of) })
}

/// The time that a cell of an answer writes, ms since 1970.
pub(super) fn ms_of(cell: &Cell) -> Option<i64> {
    let at: jiff::civil::DateTime = text_of(cell)?.parse().ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}
