//! Waiting after a failure: twice as long each time up to a limit, with jitter, so that many who failed together do not come
//! back together.

use std::time::Duration;

use crate::config::Config;

/// The waits of one trouble.
pub(crate) struct Backoff {
    next_ms: u64,
    most_ms: u64,
}

impl Backoff {
    pub(crate) fn new(config: &Config) -> Self {
        Self { next_ms: config.backoff_ms_min.max(1), most_ms: config.backoff_ms_max.max(1) }
    }

    /// The next wait: half to all of its length.
    pub(crate) fn next(&mut self) -> Duration {
        let whole = self.next_ms.min(self.most_ms);
        self.next_ms = whole.saturating_mul(2);
        Duration::from_millis(fastrand::u64(whole.div_ceil(2)..=whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit() {
        let config = Config { backoff_ms_min: 10, backoff_ms_max: 35, ..Config::default() };
        let mut backoff = Backoff::new(&config);
        for whole in [10, 20, 35, 35] {
            let wait = u64::try_from(backoff.next().as_millis()).expect("a short wait");
            assert!((whole / 2..=whole).contains(&wait), "{wait} of {whole}");
        }
    }
}
