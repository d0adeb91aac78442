//! A clock that a test moves.

use std::sync::atomic::{AtomicI64, Ordering};

use playhead_domain::Timestamp;
use playhead_ports::Clock;

/// Stands still until it is told otherwise.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock at `ms`.
    pub fn at(ms: i64) -> Self {
        Self(AtomicI64::new(ms))
    }

    /// Sets it, forth or back.
    pub fn set(&self, ms: i64) {
        self.0.store(ms, Ordering::SeqCst);
    }

    /// Moves it by `ms`; back if that is negative.
    pub fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_only_by_hand() {
        let clock = ManualClock::at(100);
        clock.advance_ms(-30);
        assert_eq!(clock.now(), Timestamp(70));
        clock.set(5);
        assert_eq!(clock.now(), Timestamp(5));
    }
}
