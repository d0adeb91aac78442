//! Heavy tests take turns, so that each has the machine to itself however many threads run tests.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

static TURN: Mutex<()> = Mutex::new(());

/// The turn of a heavy test; the next one begins when this is dropped.
pub(crate) struct Turn {
    _alone: MutexGuard<'static, ()>,
    name: &'static str,
    begun: Instant,
}

/// Waits for the turn. A test that has failed hands it on.
pub(crate) fn take(name: &'static str) -> Turn {
    Turn { _alone: TURN.lock().unwrap_or_else(PoisonError::into_inner), name, begun: Instant::now() }
}

impl Turn {
    /// Fails once the test has taken longer than it may: a bound on what hangs, far above what it takes.
    #[track_caller]
    pub(crate) fn bound(&self, most: Duration) {
        let took = self.begun.elapsed();
        assert!(took < most, "{} is still not done after {took:?}", self.name);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        println!("{}: {:.1} s", self.name, self.begun.elapsed().as_secs_f64());
    }
}
