//! Checkpoints of consumers: a row for each partition, which moves by compare-and-swap.

use playhead_domain::Offset;
use playhead_ports::{Advance, Checkpoint, CommitError, LogId, TopicPartition};
use tokio_postgres::Client;

use crate::failure::Failure;
use crate::session::Session;

/// Two targets may begin at once, and `IF NOT EXISTS` alone lets one of them fail. Room is left in each page, so that a row
/// that moves with every batch stays in it.
const CREATE: &str = "BEGIN; SELECT pg_advisory_xact_lock(hashtext('playhead.checkpoints')); \
     CREATE SCHEMA IF NOT EXISTS playhead; \
     CREATE TABLE IF NOT EXISTS playhead.checkpoints (consumer text, topic text, partition bigint, log_id text NOT NULL, \
     next bigint NOT NULL, PRIMARY KEY (consumer, topic, partition)) WITH (fillfactor = 50); COMMIT";
const IS_THERE: &str = "SELECT to_regclass('playhead.checkpoints') IS NOT NULL";
const STANDING: &str =
    "SELECT log_id, next FROM playhead.checkpoints WHERE consumer = $1 AND topic = $2 AND partition = $3";
/// A load that comes second waits here until the first has ended, and then finds that the checkpoint has moved.
const SWAP: &str = "UPDATE playhead.checkpoints SET next = $6 \
     WHERE consumer = $1 AND topic = $2 AND partition = $3 AND log_id = $4 AND next = $5";
const BEGIN: &str = "INSERT INTO playhead.checkpoints (consumer, topic, partition, log_id, next) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";

const PLACE: &str = "INSERT INTO playhead.checkpoints (consumer, topic, partition, log_id, next) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (consumer, topic, partition) DO UPDATE SET log_id = excluded.log_id, next = excluded.next";

/// Makes the table of checkpoints if it is not there. Who may not make one can still use it.
pub(crate) async fn create_table(client: &Client) -> Result<(), Failure> {
    let is_there: bool = client.query_one(IS_THERE, &[]).await?.get(0);
    if !is_there && let Err(error) = client.batch_execute(CREATE).await {
        client.batch_execute("ROLLBACK").await?;
        return Err(error.into());
    }
    Ok(())
}

/// How far the consumer has got in each partition.
pub(crate) async fn standing(
    session: &mut Session,
    consumer: &str,
    of: &[TopicPartition],
) -> Result<Vec<Option<Checkpoint>>, Failure> {
    let mut standing = Vec::with_capacity(of.len());
    let statement = session.plans.prepared(&session.client, STANDING, 0).await?;
    for at in of {
        let found =
            session.client.query_opt(&statement, &[&consumer, &at.topic.as_str(), &i64::from(at.partition)]).await?;
        standing.push(found.map(|row| Checkpoint {
            at: at.clone(),
            log_id: id_of(row.get(0)),
            // No other number was ever written.
            next: Offset(u64::try_from(row.get::<_, i64>(1)).unwrap_or(0)),
        }));
    }
    Ok(standing)
}

fn id_of(text: &str) -> LogId {
    text.parse().unwrap_or_else(|never: std::convert::Infallible| match never {})
}

/// Why the steps were not taken.
pub(crate) enum Refused {
    /// By the contract.
    Commit(CommitError),
    /// By the server.
    Failed(Failure),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<tokio_postgres::Error> for Refused {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Takes the steps, or refuses them if a checkpoint stands elsewhere.
pub(crate) async fn advance(session: &mut Session, consumer: &str, advances: &[Advance]) -> Result<(), Refused> {
    // In one order for all, so that two loads of several partitions do not wait for each other.
    let mut ordered: Vec<&Advance> = advances.iter().collect();
    ordered.sort_by_key(|advance| &advance.at);
    for advance in ordered {
        advance_one(session, consumer, advance).await?;
    }
    Ok(())
}

async fn advance_one(session: &mut Session, consumer: &str, advance: &Advance) -> Result<(), Refused> {
    if advance.to < advance.from {
        let why = format!("{} cannot go back to {}", advance.at, advance.to);
        return Err(Refused::Commit(CommitError::Permanent(why)));
    }
    let number = |offset: Offset| {
        i64::try_from(offset.0).map_err(|_| {
            Refused::Commit(CommitError::Permanent(format!(
                "{}: {offset} is beyond what a checkpoint holds",
                advance.at
            )))
        })
    };
    let (from, to) = (number(advance.from)?, number(advance.to)?);
    let (topic, partition) = (advance.at.topic.as_str(), i64::from(advance.at.partition));
    let log_id = advance.log_id.to_string();
    let swap = session.plans.prepared(&session.client, SWAP, 0).await?;
    let swapped = session.client.execute(&swap, &[&consumer, &topic, &partition, &log_id, &from, &to]).await?;
    if swapped == 1 {
        return Ok(());
    }
    if advance.from == Offset(0) {
        let begin = session.plans.prepared(&session.client, BEGIN, 0).await?;
        if session.client.execute(&begin, &[&consumer, &topic, &partition, &log_id, &to]).await? == 1 {
            return Ok(());
        }
    }
    Err(Refused::Commit(CommitError::Moved))
}

/// Puts checkpoints where they are told, wherever they stood.
pub(crate) async fn place(session: &mut Session, consumer: &str, to: &[Checkpoint]) -> Result<(), Refused> {
    let transaction = session.client.transaction().await?;
    for Checkpoint { at, log_id, next } in to {
        let next = i64::try_from(next.0).map_err(|_| {
            Refused::Commit(CommitError::Permanent(format!("{at}: {next} is beyond what a checkpoint holds")))
        })?;
        let (topic, partition, log_id) = (at.topic.as_str(), i64::from(at.partition), log_id.to_string());
        transaction.execute(PLACE, &[&consumer, &topic, &partition, &log_id, &next]).await?;
    }
    Ok(transaction.commit().await?)
}
