//! Randomness that can be had again: the seed is printed when the test fails.

use std::ops::{Deref, DerefMut};

/// The environment variable that sets the seed of every test.
const SEED_VARIABLE: &str = "PLAYHEAD_TEST_SEED";

/// A random generator that tells its seed if it is dropped by a panic.
#[derive(Debug)]
pub struct Seeded {
    rng: fastrand::Rng,
    seed: u64,
}

/// A generator with a new seed, or with that of the environment variable `PLAYHEAD_TEST_SEED`.
pub fn seeded() -> Seeded {
    let seed = match std::env::var(SEED_VARIABLE) {
        Ok(text) => text.parse().unwrap_or_else(|e| panic!("{SEED_VARIABLE}={text}: {e}")),
        Err(_) => fastrand::u64(..),
    };
    Seeded::with_seed(seed)
}

impl Seeded {
    /// A generator with this seed.
    pub fn with_seed(seed: u64) -> Self {
        Self { rng: fastrand::Rng::with_seed(seed), seed }
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

impl Deref for Seeded {
    type Target = fastrand::Rng;

    fn deref(&self) -> &fastrand::Rng {
        &self.rng
    }
}

impl DerefMut for Seeded {
    fn deref_mut(&mut self) -> &mut fastrand::Rng {
        &mut self.rng
    }
}

impl Drop for Seeded {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("to see this again: {SEED_VARIABLE}={}", self.seed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let mut first = seeded();
        let mut again = Seeded::with_seed(first.seed());
        let numbers = |rng: &mut Seeded| (0..8).map(|_| rng.u64(..)).collect::<Vec<_>>();
        assert_eq!(numbers(&mut first), numbers(&mut again));
    }
}
