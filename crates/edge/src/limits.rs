//! How much is done at once. Each kind of work has its own budget, so that writes at their limit never starve reads; what
//! finds no room is refused at once, and nothing queues here.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::aside::Aside;
use crate::problem::{Problem, ProblemType};
use crate::{Config, Edge};

/// Room for so many at once.
pub(crate) struct Budget {
    limit: &'static str,
    room: Arc<Semaphore>,
}

impl Budget {
    fn new(limit: &'static str, most: usize) -> Self {
        Self { limit, room: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))) }
    }

    /// Takes a place until the permit is dropped.
    pub(crate) fn enter(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.room)
            .try_acquire_owned()
            .map_err(|_| Problem::at_limit(ProblemType::TooBusy, self.limit, "as many as may are under way already"))
    }
}

/// The budgets of all kinds of work.
pub(crate) struct Budgets {
    pub(crate) writes: Budget,
    pub(crate) batches: Budget,
    pub(crate) reads: Budget,
    pub(crate) sql: Budget,
    pub(crate) streams: Budget,
    /// Where large bodies are dealt with.
    pub(crate) aside: Aside,
}

impl Budgets {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            writes: Budget::new("write-concurrency", config.write_concurrency),
            batches: Budget::new("batch-concurrency", config.batch_concurrency),
            reads: Budget::new("read-concurrency", config.read_concurrency),
            sql: Budget::new("sql-concurrency", config.sql_concurrency),
            streams: Budget::new("stream-concurrency", config.stream_concurrency),
            aside: Aside::new(),
        }
    }
}

/// A kind of work, for [`Room`].
pub(crate) trait Work {
    fn budget(budgets: &Budgets) -> &Budget;
}

/// Single writes.
pub(crate) enum Writes {}
/// Batches.
pub(crate) enum Batches {}
/// Reads.
pub(crate) enum Reads {}
/// Queries of analysts.
pub(crate) enum Queries {}

impl Work for Writes {
    fn budget(budgets: &Budgets) -> &Budget {
        &budgets.writes
    }
}
impl Work for Batches {
    fn budget(budgets: &Budgets) -> &Budget {
        &budgets.batches
    }
}
impl Work for Reads {
    fn budget(budgets: &Budgets) -> &Budget {
        &budgets.reads
    }
}
impl Work for Queries {
    fn budget(budgets: &Budgets) -> &Budget {
        &budgets.sql
    }
}

/// A place in the budget of that work, held by the handler that asks for it.
pub(crate) struct Room<W> {
    _permit: OwnedSemaphorePermit,
    work: PhantomData<fn() -> W>,
}

impl<W: Work> FromRequestParts<Arc<Edge>> for Room<W> {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, edge: &Arc<Edge>) -> Result<Self, Problem> {
        Ok(Self { _permit: W::budget(&edge.budgets).enter()?, work: PhantomData })
    }
}
