//! Checkpoints of consumers: inserted rows, of which the greatest holds.

use duckdb::{Connection, OptionalExt, params};
use playhead_domain::Offset;
use playhead_ports::{Advance, Checkpoint, CommitError, LogId, TopicPartition};

use crate::failure::{Failed, Failure};

const STANDING: &str = "SELECT log_id, next FROM store.checkpoints \
                        WHERE consumer = ? AND topic = ? AND \"partition\" = ? ORDER BY next DESC LIMIT 1";

/// Forgets all rows but the greatest.
pub(crate) const PRUNE: &str = "DELETE FROM store.checkpoints AS c WHERE next < (SELECT max(next) FROM store.checkpoints AS o \
     WHERE o.consumer = c.consumer AND o.topic = c.topic AND o.\"partition\" = c.\"partition\")";

/// How far the consumer has got.
pub(crate) fn standing(
    connection: &Connection,
    consumer: &str,
    at: &TopicPartition,
) -> Result<Option<Checkpoint>, Failure> {
    let mut statement = connection.prepare(STANDING)?;
    let found: Option<(String, u64)> = statement
        .query_row(params![consumer, at.topic.as_str(), at.partition], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.map(|(log_id, next)| Checkpoint { at: at.clone(), log_id: id_of(&log_id), next: Offset(next) }))
}

fn id_of(text: &str) -> LogId {
    text.parse().unwrap_or_else(|never: std::convert::Infallible| match never {})
}

/// Whether the checkpoint stands where the advance ends.
pub(crate) fn stands_after(connection: &Connection, consumer: &str, advance: &Advance) -> Result<bool, Failure> {
    let standing = standing(connection, consumer, &advance.at)?;
    Ok(standing.is_some_and(|found| found.log_id == advance.log_id && found.next == advance.to))
}

/// Takes the step, or refuses it if the checkpoint stands elsewhere.
pub(crate) fn advance(connection: &Connection, consumer: &str, advance: &Advance) -> Result<(), Failed> {
    let standing = standing(connection, consumer, &advance.at)?;
    let stands = standing
        .as_ref()
        .map_or(advance.from == Offset(0), |found| found.log_id == advance.log_id && found.next == advance.from);
    if !stands {
        return Err(Failed::Refused(CommitError::Moved));
    }
    if advance.to < advance.from {
        let why = format!("{} cannot go back to {}", advance.at, advance.to);
        return Err(Failed::Refused(CommitError::Permanent(why)));
    }
    if advance.to == advance.from && standing.is_some() {
        return Ok(());
    }
    let row =
        params![consumer, advance.at.topic.as_str(), advance.at.partition, advance.log_id.to_string(), advance.to.0];
    connection.prepare("INSERT INTO store.checkpoints VALUES (?, ?, ?, ?, ?)")?.execute(row)?;
    Ok(())
}

/// Puts a checkpoint there, wherever it stood.
pub(crate) fn place(connection: &Connection, consumer: &str, to: &Checkpoint) -> Result<(), Failure> {
    let (topic, partition) = (to.at.topic.as_str(), to.at.partition);
    connection.execute(
        "DELETE FROM store.checkpoints WHERE consumer = ? AND topic = ? AND \"partition\" = ?",
        params![consumer, topic, partition],
    )?;
    let row = params![consumer, topic, partition, to.log_id.to_string(), to.next.0];
    connection.prepare("INSERT INTO store.checkpoints VALUES (?, ?, ?, ?, ?)")?.execute(row)?;
    Ok(())
}
