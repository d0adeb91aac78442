//! The program under load: started on a folder of its own, and what its metrics and its process tell.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use playhead_testkit::{Program, Setup};
use tempfile::TempDir;

use crate::ground::Ground;
use crate::processor::Used;

/// The log's end is looked at so often by the consumers, so that a status may be as old.
const STATUS_AGE: Duration = Duration::from_millis(1_200);
const IDLE_WITHIN: Duration = Duration::from_secs(300);

/// The program, running.
pub(crate) struct Server {
    pub(crate) program: Program,
    _folder: TempDir,
}

impl Server {
    /// On an empty folder, as it comes.
    pub(crate) fn start(ground: &Ground) -> anyhow::Result<Self> {
        Self::start_on(ground, ground.new_folder()?)
    }

    /// On what lies in the folder's `data`.
    pub(crate) fn start_on(ground: &Ground, folder: TempDir) -> anyhow::Result<Self> {
        let program = Setup::new(&ground.playhead).data_dir(folder.path().join("data")).start();
        Ok(Self { program, _folder: folder })
    }

    /// Waits until every consumer of the log has caught up, so that what is measured next has the cores to itself.
    pub(crate) fn wait_idle(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + IDLE_WITHIN;
        std::thread::sleep(STATUS_AGE);
        loop {
            let status = self.program.http().get("/v1/admin/status").map_err(|lost| anyhow::anyhow!("{}", lost.0))?;
            let consumers = status.json["consumers"].as_array().context("consumers in the status")?;
            if consumers.iter().all(|consumer| consumer["next_offset"].as_u64() >= consumer["end_offset"].as_u64()) {
                return Ok(());
            }
            anyhow::ensure!(Instant::now() < deadline, "the consumers do not catch up: {}", status.text);
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Its metrics as Prometheus text.
    pub(crate) fn metrics(&self) -> anyhow::Result<String> {
        let answer = self.program.http().get("/metrics").map_err(|lost| anyhow::anyhow!("{}", lost.0))?;
        Ok(answer.text)
    }

    /// What it and this program used of the processor so far.
    pub(crate) fn used(&self) -> anyhow::Result<Used> {
        Used::so_far(self.program.pid())
    }

    /// Its memory, MiB.
    pub(crate) fn resident_mib(&self) -> u64 {
        resident_mib(format!("/proc/{}/status", self.program.pid()))
    }
}

/// The memory of this process, MiB.
pub(crate) fn own_resident_mib() -> u64 {
    resident_mib("/proc/self/status")
}

fn resident_mib(path: impl AsRef<Path>) -> u64 {
    let status = std::fs::read_to_string(path).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) >> 10
}

/// The counts of a histogram's buckets in Prometheus text, by upper bound.
pub(crate) struct Buckets(Vec<(f64, u64)>);

impl Buckets {
    /// Of the metric of that name whose labels contain all of `labels`.
    pub(crate) fn of(metrics: &str, name: &str, labels: &[&str]) -> Self {
        let prefix = format!("{name}_bucket{{");
        let lines = metrics.lines().filter_map(|line| line.strip_prefix(&prefix)?.split_once("} "));
        let ours = lines.filter(|(found, _)| labels.iter().all(|label| found.contains(label)));
        let bounds = ours.filter_map(|(found, count)| {
            let bound = found.split("le=\"").nth(1)?.split('"').next()?;
            Some((bound.parse().unwrap_or(f64::INFINITY), count.parse().ok()?))
        });
        Self(bounds.collect())
    }

    /// The upper bound, s, of the bucket below which this share of what came since `before` lies.
    pub(crate) fn bound_s(&self, before: &Self, share: f64) -> anyhow::Result<f64> {
        let earlier = |bound: f64| before.0.iter().find(|(other, _)| *other == bound).map_or(0, |(_, count)| *count);
        let since: Vec<(f64, u64)> = self.0.iter().map(|&(bound, count)| (bound, count - earlier(bound))).collect();
        let all = since.last().context("the metric is missing")?.1;
        let wanted = all as f64 * share;
        let bucket = since.into_iter().find(|(_, count)| *count as f64 >= wanted && *count > 0);
        Ok(bucket.context("nothing was measured")?.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_found_among_what_came_since() {
        let text = |counts: [u64; 3]| {
            let [low, high, all] = counts;
            format!(
                "t_bucket{{route=\"/a\",le=\"0.001\"}} {low}\nt_bucket{{route=\"/a\",le=\"0.01\"}} {high}\n\
                 t_bucket{{route=\"/a\",le=\"+Inf\"}} {all}\nt_bucket{{route=\"/b\",le=\"0.001\"}} 9\n"
            )
        };
        let of = |counts| Buckets::of(&text(counts), "t", &["route=\"/a\""]);
        let (before, after) = (of([100, 100, 100]), of([150, 199, 200]));
        assert_eq!(after.bound_s(&before, 0.5).unwrap(), 0.001);
        assert_eq!(after.bound_s(&before, 0.99).unwrap(), 0.01);
        assert!(before.bound_s(&before, 0.5).is_err());
    }
}
