//! The machine's time of day.

use std::time::{SystemTime, UNIX_EPOCH};

use playhead_domain::Timestamp;
use playhead_ports::Clock;

/// This machine's clock, in whole milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the engine that serves the time")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let ms = |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Timestamp(since.map_or_else(|before| -ms(before.duration()), ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn now_is_after_this_was_written_and_within_what_is_accepted() {
        let now = SystemClock.now();
        assert!(now.day().to_string().as_str() >= "2025-01-01", "the clock says {}", now.day());
        assert!(now <= Timestamp::MAX);
    }
}
