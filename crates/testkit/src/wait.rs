//! Waiting for something to become true, with a deadline.

use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Waits until `is_so` says yes. Panics with `what` once `within` has passed.
pub fn wait_until(within: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + within;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited {within:?} in vain: {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_when_it_is_so() {
        let mut left = 3;
        wait_until(Duration::from_secs(10), "three looks", || {
            left -= 1;
            left == 0
        });
    }

    #[test]
    #[should_panic(expected = "in vain: the end of time")]
    fn waiting_in_vain_says_for_what() {
        wait_until(Duration::from_millis(20), "the end of time", || false);
    }
}
