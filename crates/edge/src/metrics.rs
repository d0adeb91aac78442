//! Where metrics are kept and how they are shown: Prometheus text. Whoever counts holds its own handles, made once.

use std::sync::{Mutex, PoisonError};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds of times, s.
const SECONDS: [f64; 18] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002, 0.003, 0.005, 0.007_5, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0,
];
/// Upper bounds of everything else: records, rows, bytes.
const SIZES: [f64; 19] =
    [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7, 1e8];

/// Where the metrics of the process are. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

/// Why metrics cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("metrics cannot be kept: {0}")]
pub struct MetricsError(#[from] BuildError);

/// A process has one recorder; who asks again gets the same.
static INSTALLED: Mutex<Option<Metrics>> = Mutex::new(None);

impl Metrics {
    /// Begins to keep metrics. Call it before anything makes a handle, else what that counts is lost.
    pub fn install() -> Result<Self, MetricsError> {
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(metrics) = &*installed {
            return Ok(metrics.clone());
        }
        let handle = PrometheusBuilder::new()
            .set_buckets(&SIZES)?
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
            .install_recorder()?;
        Ok(installed.insert(Self { handle }).clone())
    }

    /// All metrics as Prometheus text.
    pub(crate) fn render(&self) -> String {
        totals_are_counters(&self.handle.render())
    }

    /// Moves what histograms have gathered into their buckets, so that memory stays bounded while nobody asks.
    pub(crate) fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

/// A total is a counter. One with a fraction is kept as a gauge, since the recorder counts whole numbers only.
fn totals_are_counters(text: &str) -> String {
    text.replace("_total gauge\n", "_total counter\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_with_a_fraction_is_told_as_a_counter() {
        let text = "# TYPE process_cpu_seconds_total gauge\nprocess_cpu_seconds_total 1.25\n# TYPE x gauge\nx 1\n";
        let told = "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 1.25\n# TYPE x gauge\nx 1\n";
        assert_eq!(totals_are_counters(text), told);
    }
}
