//! A load: checkpoints, staged rows and statements in one transaction.

use futures::future::maybe_done;
use futures::poll;
use playhead_ports::{Advance, Checkpoint, CommitError, Staged};
use tokio_postgres::{Client, Statement};

use crate::checkpoint::{self, Refused};
use crate::failure::{Failure, Kind};
use crate::pool::Unwell;
use crate::session::Session;
use crate::stage;

/// What is loaded.
#[derive(Clone, Copy)]
pub(crate) struct Batch<'a> {
    pub(crate) consumer: &'a str,
    pub(crate) staged: &'a [Staged],
    pub(crate) statements: &'a [String],
    pub(crate) advances: &'a [Advance],
}

/// How far a load had got when it failed.
pub(crate) enum Failed {
    /// It was not committed.
    Before(Refused),
    /// The commit has no answer. The counts are those of the statements.
    Unknown(Failure, Vec<u64>),
}

impl<E: Into<Refused>> From<E> for Failed {
    fn from(refused: E) -> Self {
        Self::Before(refused.into())
    }
}

impl Unwell for Failed {
    fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Before(Refused::Commit(_)) => None,
            Self::Before(Refused::Failed(failure)) | Self::Unknown(failure, _) => Some(failure),
        }
    }
}

impl From<Failed> for CommitError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Before(Refused::Commit(error)) => error,
            Failed::Before(Refused::Failed(failure)) | Failed::Unknown(failure, _) => failure.into(),
        }
    }
}

impl Batch<'_> {
    /// Whether it is in: the checkpoints that it moves stand where it moves them to. Not known of one that moves none.
    pub(crate) fn is_in(&self, standing: &[Option<Checkpoint>]) -> bool {
        let mut moves = self.advances.iter().zip(standing).filter(|(advance, _)| advance.to != advance.from).peekable();
        moves.peek().is_some() && moves.all(|(advance, standing)| advance.is_made(standing.as_ref()))
    }
}

/// What keeps these from being staged together, whatever the database says.
pub(crate) fn problem(staged: &[Staged]) -> Option<String> {
    let twice =
        staged.iter().enumerate().find(|(at, table)| staged[..*at].iter().any(|other| other.name == table.name));
    let twice = twice.map(|(_, table)| format!("{} is staged twice", table.name));
    twice.or_else(|| staged.iter().find_map(Staged::problem))
}

/// Loads it, all or nothing.
pub(crate) async fn load(session: &mut Session, batch: Batch<'_>) -> Result<Vec<u64>, Failed> {
    stage::make_tables(session, batch.staged).await?;
    session.client.batch_execute("BEGIN").await?;
    checkpoint::advance(session, batch.consumer, batch.advances).await?;
    let analyzed = stage::fill(&session.client, &session.temp_tables, batch.staged).await?;
    let rows = batch.staged.iter().map(Staged::rows).max().unwrap_or(0);
    let mut statements = Vec::with_capacity(batch.statements.len());
    for sql in batch.statements {
        statements.push(session.plans.prepared(&session.client, sql, rows).await?);
    }
    let counts = run(&session.client, &statements).await?;
    if let Err(error) = session.client.batch_execute("COMMIT").await {
        let failure = Failure::from(error);
        // A server that ends the connection may have committed before; else what it says of a commit is that it rolled back.
        return Err(match failure.kind {
            Kind::Away => Failed::Unknown(Failure::unknown(failure.message), counts),
            _ => Failed::from(failure),
        });
    }
    stage::remember(&mut session.temp_tables, &analyzed);
    Ok(counts)
}

/// Sends all of them at once and takes the answers in their order. Once one has failed the server refuses those after it, so
/// the first failure tells.
async fn run(client: &Client, statements: &[Statement]) -> Result<Vec<u64>, Failure> {
    let running = statements.iter().map(|statement| Box::pin(maybe_done(client.execute(statement, &[]))));
    let mut running: Vec<_> = running.collect();
    for statement in &mut running {
        // The first poll sends it.
        let _ = poll!(statement.as_mut());
    }
    let mut counts = Vec::with_capacity(running.len());
    for mut statement in running {
        statement.as_mut().await;
        counts.push(statement.as_mut().take_output().expect("it has ended, and nobody took it")?);
    }
    Ok(counts)
}
