//! Which of N things is asked for next, when a few are asked for most: Zipf's law with exponent 1.
//!
//! It knows nothing of users or videos.

use fastrand::Rng;

/// Ranks 1 to N, rank k with a probability proportional to 1/k. Sampling is O(1) and needs no table: rejection-inversion
/// (Hörmann and Derflinger, 1996) with the exponent fixed at 1, where the integral of 1/x is a logarithm.
#[derive(Debug, Clone)]
pub(crate) struct Zipf {
    ranks: u32,
    /// The integral at the left border of the first rank's bar, and at the right border of the last one's.
    low: f64,
    high: f64,
    /// A point this near to its rank is taken without looking further.
    sure: f64,
}

/// The integral of 1/x.
fn integral(x: f64) -> f64 {
    x.ln()
}

impl Zipf {
    /// Ranks 1 to `ranks`; at least one.
    pub(crate) fn new(ranks: u32) -> Self {
        let ranks = ranks.max(1);
        Self {
            ranks,
            low: integral(1.5) - 1.0,
            high: integral(f64::from(ranks) + 0.5),
            sure: 2.0 - (integral(2.5) - 0.5).exp(),
        }
    }

    /// The next rank.
    pub(crate) fn sample(&self, rng: &mut Rng) -> u32 {
        loop {
            let u = self.high + rng.f64() * (self.low - self.high);
            let x = u.exp();
            let k = x.round().clamp(1.0, f64::from(self.ranks));
            if k - x <= self.sure || u >= integral(k + 0.5) - 1.0 / k {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 1..=ranks")]
                return k as u32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_come_as_often_as_the_law_says() {
        const RANKS: u32 = 1_000;
        const SAMPLES: u32 = 400_000;
        let zipf = Zipf::new(RANKS);
        let mut rng = Rng::with_seed(1);
        let mut counts = vec![0u32; RANKS as usize + 1];
        for _ in 0..SAMPLES {
            counts[zipf.sample(&mut rng) as usize] += 1;
        }
        let harmonic: f64 = (1..=RANKS).map(|k| 1.0 / f64::from(k)).sum();
        for k in [1u32, 2, 3, 10, 50] {
            let expected = f64::from(SAMPLES) / harmonic / f64::from(k);
            let got = f64::from(counts[k as usize]);
            assert!((got - expected).abs() < 6.0 * expected.sqrt(), "seed 1, rank {k}: {got} against {expected}");
        }
        assert_eq!(counts[0], 0);
    }

    #[test]
    fn one_rank_is_always_the_first() {
        let zipf = Zipf::new(1);
        let mut rng = Rng::with_seed(7);
        assert!((0..1_000).all(|_| zipf.sample(&mut rng) == 1));
    }
}
