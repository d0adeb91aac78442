//! The gate that every reader passes: who reads now, how to stop them, and how to keep new ones out for a moment.
//!
//! Checkpoints and the swap of the file need the database for themselves. It does not know what readers do.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use duckdb::{Connection, InterruptHandle};
use parking_lot::{Condvar, Mutex};

/// Why a reader was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Its time is over.
    TooLong,
    /// Nobody waits for the answer.
    Left,
    /// Memory is needed, or it took too much.
    TooLarge,
    /// The database is needed alone.
    Evicted,
}

/// One reader: how to interrupt it, and why that was done.
pub(crate) struct Reader {
    /// None once its connection is closed. Locked while it is interrupted, and before the connection is closed: the driver
    /// would interrupt a connection that the engine has freed, if both came at once.
    handle: Mutex<Option<Arc<InterruptHandle>>>,
    why: AtomicU8,
    stopped: tokio::sync::Notify,
}

impl Reader {
    /// Asks it to stop. The first reason holds. The engine forgets an interrupt that comes before a statement begins, so
    /// whoever waits for the end repeats this.
    pub(crate) fn stop(&self, why: Stop) {
        let _ = self.why.compare_exchange(0, why as u8 + 1, Ordering::AcqRel, Ordering::Acquire);
        if let Some(handle) = &*self.handle.lock() {
            handle.interrupt();
        }
        self.stopped.notify_one();
    }

    /// Why it was stopped, if it was.
    pub(crate) fn why(&self) -> Option<Stop> {
        [Stop::TooLong, Stop::Left, Stop::TooLarge, Stop::Evicted]
            .into_iter()
            .find(|why| *why as u8 + 1 == self.why.load(Ordering::Acquire))
    }

    /// Ends once it is asked to stop.
    pub(crate) async fn stopped(&self) {
        while self.why().is_none() {
            self.stopped.notified().await;
        }
    }
}

#[derive(Default)]
struct State {
    closed: bool,
    next: u64,
    readers: HashMap<u64, Arc<Reader>>,
}

/// The gate.
#[derive(Default)]
pub(crate) struct Gate {
    /// Guards who is inside; held for moments only, never while a statement runs.
    state: Mutex<State>,
    /// Told when a reader leaves and when the gate opens.
    changed: Condvar,
}

/// A reader's place inside; leaving is dropping it.
pub(crate) struct Inside {
    gate: Arc<Gate>,
    id: u64,
    /// The reader itself.
    pub(crate) reader: Arc<Reader>,
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.gate.state.lock().readers.remove(&self.id);
        self.gate.changed.notify_all();
    }
}

/// A reader's connection, which nobody interrupts any more once it is being closed. Drop it before the place inside.
pub(crate) struct Reading {
    connection: Connection,
    reader: Arc<Reader>,
}

impl Deref for Reading {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        *self.reader.handle.lock() = None;
    }
}

/// While this lives nobody else reads.
pub(crate) struct Closed(Arc<Gate>);

impl Drop for Closed {
    fn drop(&mut self) {
        self.0.state.lock().closed = false;
        self.0.changed.notify_all();
    }
}

impl Gate {
    /// Waits until the gate is open, makes the connection and takes its place, so that no reader has a handle of a database
    /// that is being closed. Drop the connection before the place. Blocks.
    pub(crate) fn enter<E>(
        self: &Arc<Self>,
        connect: impl FnOnce() -> Result<Connection, E>,
    ) -> Result<(Inside, Reading), E> {
        let mut state = self.state.lock();
        while state.closed {
            self.changed.wait(&mut state);
        }
        let connection = connect()?;
        let reader = Arc::new(Reader {
            handle: Mutex::new(Some(connection.interrupt_handle())),
            why: AtomicU8::new(0),
            stopped: tokio::sync::Notify::new(),
        });
        let id = state.next;
        state.next += 1;
        state.readers.insert(id, reader.clone());
        let reading = Reading { connection, reader: reader.clone() };
        Ok((Inside { gate: self.clone(), id, reader }, reading))
    }

    /// Keeps new readers out, lets the others end for so long, then stops them and says why. Blocks until all have left.
    pub(crate) fn close(self: &Arc<Self>, patience: Duration, why: Stop) -> Closed {
        let patient_until = Instant::now() + patience;
        let mut state = self.state.lock();
        while state.closed {
            self.changed.wait(&mut state);
        }
        state.closed = true;
        while !state.readers.is_empty() {
            if Instant::now() >= patient_until {
                state.readers.values().for_each(|reader| reader.stop(why));
                self.changed.wait_for(&mut state, Duration::from_millis(10));
            } else {
                self.changed.wait_until(&mut state, patient_until);
            }
        }
        Closed(self.clone())
    }

    /// Stops all who read now; they may still be inside for a moment.
    pub(crate) fn stop_all(&self, why: Stop) {
        self.state.lock().readers.values().for_each(|reader| reader.stop(why));
    }

    /// How many are inside.
    pub(crate) fn readers(&self) -> usize {
        self.state.lock().readers.len()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[test]
    fn a_connection_is_not_closed_while_it_is_interrupted_nor_interrupted_once_it_is_closed() {
        let root = Connection::open_in_memory().expect("opens");
        let gate = Arc::<Gate>::default();
        let (inside, connection) = gate.enter(|| root.try_clone()).expect("enters");
        let is_closed = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let interrupting = inside.reader.handle.lock();
            scope.spawn(|| {
                drop(connection);
                is_closed.store(true, Ordering::Release);
            });
            std::thread::sleep(Duration::from_millis(50));
            assert!(!is_closed.load(Ordering::Acquire));
            drop(interrupting);
        });
        assert!(inside.reader.handle.lock().is_none());
        gate.stop_all(Stop::Evicted);
        assert_eq!(inside.reader.why(), Some(Stop::Evicted));
    }
}
