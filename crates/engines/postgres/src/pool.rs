//! The connections of a target: a few, made when they are needed, kept for their prepared statements.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::checkpoint;
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::session::Session;

/// How long to wait with the next connection after one, two ... that could not be made.
const BACKOFF_FIRST: Duration = Duration::from_millis(50);
const BACKOFF_MOST: Duration = Duration::from_secs(5);

/// The connections.
pub(crate) struct Pool {
    address: tokio_postgres::Config,
    config: Config,
    permits: Arc<Semaphore>,
    /// Those that nobody uses, the one that was used last at the end; held for the moment of a push or a pop.
    idle: Arc<Mutex<Vec<Session>>>,
    /// How many attempts have failed in a row, and when the next one may be made; held for moments.
    trouble: Mutex<Option<(u32, Instant)>>,
    /// Whether the table of checkpoints is known to be there.
    has_checkpoints: OnceCell<()>,
}

/// A connection that somebody uses. It is closed when it is dropped, unless it was given back.
pub(crate) struct Lease {
    session: Option<Session>,
    idle: Arc<Mutex<Vec<Session>>>,
    /// Whether it was made for this use, so that it cannot have died before.
    is_new: bool,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    /// Connects to nothing yet.
    pub(crate) fn new(address: tokio_postgres::Config, config: Config) -> Self {
        let permits = Arc::new(Semaphore::new(config.connections_max.max(1)));
        Self {
            address,
            config,
            permits,
            idle: Arc::default(),
            trouble: Mutex::new(None),
            has_checkpoints: OnceCell::new(),
        }
    }

    /// A connection, when there is one to be had.
    pub(crate) async fn lease(&self) -> Result<Lease, Failure> {
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| Failure::away("the target is closing"))?;
        loop {
            // In a statement of its own, so that the lock is not held while the connection is dropped.
            let idle = self.idle.lock().pop();
            let Some(mut session) = idle else { break };
            if !session.has_ended() {
                session.is_busy = true;
                return Ok(self.leased(session, false, permit));
            }
        }
        let mut session = self.connect().await?;
        session.is_busy = true;
        let lease = self.leased(session, true, permit);
        let within = self.connects_within();
        let created = tokio::time::timeout(within, checkpoint::create_table(&lease.client));
        let created =
            async { created.await.unwrap_or_else(|_| Err(Failure::away(format!("no answer within {within:?}")))) };
        self.has_checkpoints.get_or_try_init(|| created).await?;
        Ok(lease)
    }

    /// Takes a connection back after something was done on it, or closes it. Says whether that is to be tried again: the
    /// connection had died while nobody used it.
    pub(crate) async fn settle<T, E: Unwell>(&self, lease: Lease, done: &Result<T, E>) -> bool {
        match done.as_ref().err().and_then(Unwell::failure).map(|failure| failure.kind) {
            Some(Kind::Away) if !lease.is_new => {
                // The others have died with it.
                let idle = std::mem::take(&mut *self.idle.lock());
                drop(idle);
                return true;
            }
            // A server that has become a standby stays one; the next connection may find another.
            Some(Kind::Away | Kind::Unknown | Kind::ReadOnly) => {}
            _ if done.is_ok() => lease.give_back(),
            _ => {
                // A server that does not answer even this has gone.
                let rolled_back = tokio::time::timeout(self.connects_within(), lease.client.batch_execute("ROLLBACK"));
                if !lease.has_ended() && rolled_back.await.is_ok_and(|answer| answer.is_ok()) {
                    lease.give_back();
                }
            }
        }
        false
    }

    /// How long it may take until a connection can be worked with.
    fn connects_within(&self) -> Duration {
        Duration::from_millis(self.config.connect_time_max_ms)
    }

    fn leased(&self, session: Session, is_new: bool, permit: OwnedSemaphorePermit) -> Lease {
        Lease { session: Some(session), idle: self.idle.clone(), is_new, _permit: permit }
    }

    async fn connect(&self) -> Result<Session, Failure> {
        let not_before = self.trouble.lock().map(|(_, not_before)| not_before);
        if let Some(not_before) = not_before {
            tokio::time::sleep_until(not_before).await;
        }
        let connected = Session::connect(&self.address, &self.config).await;
        let mut trouble = self.trouble.lock();
        *trouble = connected.is_err().then(|| {
            let failures = trouble.map_or(0, |(failures, _)| failures);
            let wait = BACKOFF_FIRST.saturating_mul(1 << failures.min(16)).min(BACKOFF_MOST);
            (failures + 1, Instant::now() + wait)
        });
        connected
    }
}

/// What may have gone wrong on a connection.
pub(crate) trait Unwell {
    /// The failure of the connection or the server; none if the work itself was refused.
    fn failure(&self) -> Option<&Failure>;
}

impl Unwell for Failure {
    fn failure(&self) -> Option<&Failure> {
        Some(self)
    }
}

impl Lease {
    /// Gives the connection back: it is in the middle of nothing.
    fn give_back(mut self) {
        if let Some(mut session) = self.session.take() {
            session.is_busy = false;
            self.idle.lock().push(session);
        }
    }
}

impl Deref for Lease {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session.as_ref().expect("it is taken out only when the lease ends")
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Session {
        self.session.as_mut().expect("it is taken out only when the lease ends")
    }
}
