//! The bounded queue between those who append and the committer. Records wait here as bytes already, one after another, so
//! that the committer has nothing to do but to write them.

use parking_lot::{Condvar, Mutex, MutexGuard};
use playhead_ports::AppendError;
use tokio::sync::oneshot;

/// Hears the first offset of a part, or why it was not written.
pub(crate) type Answer = oneshot::Receiver<Result<u64, AppendError>>;

/// Records of one caller that go into one frame.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) bytes: usize,
    pub(crate) count: u32,
    pub(crate) answer: oneshot::Sender<Result<u64, AppendError>>,
}

/// What has gathered: the parts' bytes, one after another.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) payload: Vec<u8>,
    pub(crate) parts: Vec<Part>,
    records: usize,
}

impl Gathered {
    /// Empties it, and keeps its memory for the next round unless a burst has made it large.
    pub(crate) fn recycle(mut self, keep_bytes: usize) -> Self {
        self.payload.clear();
        self.parts.clear();
        self.records = 0;
        self.payload.shrink_to(keep_bytes);
        self
    }
}

/// The queue.
#[derive(Debug)]
pub(crate) struct Queue {
    records_max: usize,
    bytes_max: usize,
    /// Held for as long as it takes to copy a batch's bytes.
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct State {
    gathered: Gathered,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(records_max: usize, bytes_max: usize) -> Self {
        Self { records_max, bytes_max, state: Mutex::default(), filled: Condvar::new() }
    }

    /// Puts the parts in, all or none: `(bytes, records)` of each, which lie one after another in `payload`.
    pub(crate) fn push(&self, payload: &[u8], parts: &[(usize, u32)]) -> Result<Vec<Answer>, AppendError> {
        let records: usize = parts.iter().map(|(_, count)| *count as usize).sum();
        let mut answers = Vec::with_capacity(parts.len());
        let mut state = self.state.lock();
        if state.closed {
            return Err(AppendError::Unavailable("it is closing".into()));
        }
        let gathered = &mut state.gathered;
        let fits =
            gathered.records + records <= self.records_max && gathered.payload.len() + payload.len() <= self.bytes_max;
        // Alone even a batch beyond the bound goes in, else it never would.
        if !fits && !gathered.parts.is_empty() {
            return Err(AppendError::Busy);
        }
        gathered.payload.extend_from_slice(payload);
        gathered.records += records;
        for (bytes, count) in parts {
            let (answer, receiver) = oneshot::channel();
            gathered.parts.push(Part { bytes: *bytes, count: *count, answer });
            answers.push(receiver);
        }
        drop(state);
        self.filled.notify_one();
        Ok(answers)
    }

    /// All that has gathered, in exchange for an empty `spare`; waits for it. Nothing once the queue is closed and empty.
    ///
    /// Of the `answered` callers of the last round many come back at once. As long as they keep coming they are let in first,
    /// else the first few of them would have a sync of their own, and all the others wait for it.
    pub(crate) fn take(&self, spare: Gathered, answered: usize) -> Option<Gathered> {
        let mut state = self.state.lock();
        while state.gathered.parts.is_empty() {
            if state.closed {
                return None;
            }
            self.filled.wait(&mut state);
        }
        let mut seen = 0;
        while seen < state.gathered.parts.len() && state.gathered.parts.len() < answered {
            seen = state.gathered.parts.len();
            MutexGuard::unlocked(&mut state, std::thread::yield_now);
        }
        Some(std::mem::replace(&mut state.gathered, spare))
    }

    /// Takes nothing more; what waits is still written.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.filled.notify_one();
    }

    /// Takes nothing more and forgets what waits: who asked hears that it is not known.
    pub(crate) fn abandon(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        drop(std::mem::take(&mut state.gathered));
    }
}
