//! What the programs share: numbers of a sample.

use std::time::Duration;

/// The value at this share of a sorted sample, ms.
pub fn at_share(sorted: &[Duration], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share) as usize).map_or(0.0, |took| took.as_secs_f64() * 1e3)
}
