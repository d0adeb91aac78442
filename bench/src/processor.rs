//! Who used the processor while something was measured: the program by its kinds of threads, what drives it, and everybody
//! else on the machine. Without it nobody could tell a slow program from a busy machine.

use std::fs;
use std::time::Instant;

use anyhow::Context as _;

/// Ticks of the kernel's clock for programs, a second.
const TICKS_PER_S: f64 = 100.0;

/// What was used so far, in ticks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    at: Instant,
    requests: u64,
    log: u64,
    views: u64,
    driver: u64,
    all: u64,
}

/// What was used in between, of one core each: 1.5 are one and a half cores.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Shares {
    requests: f64,
    log: f64,
    views: f64,
    driver: f64,
    others: f64,
}

impl Used {
    /// By the program of that process, and by this one with what it has started and waited for.
    pub(crate) fn so_far(program: u32) -> anyhow::Result<Self> {
        let mut used = Self { at: Instant::now(), requests: 0, log: 0, views: 0, driver: 0, all: machine_ticks()? };
        let own = fs::read_to_string("/proc/self/stat")?;
        used.driver = ticks(&own, 4).context("/proc/self/stat")?.1;
        let whole = fs::read_to_string(format!("/proc/{program}/stat"))?;
        let whole = ticks(&whole, 2).context("the program's stat")?.1;
        for task in fs::read_dir(format!("/proc/{program}/task"))? {
            // A thread may have ended since it was listed.
            let Ok(stat) = fs::read_to_string(task?.path().join("stat")) else { continue };
            let Some((name, ticks)) = ticks(&stat, 2) else { continue };
            let of_views = ["sink-", "warehouse", "fjall", "base"];
            if name.starts_with("log ") {
                used.log += ticks;
            } else if !of_views.iter().any(|kind| name.starts_with(kind)) {
                used.requests += ticks;
            }
        }
        // Their threads come and go; what those that are gone have used is in the sum alone.
        used.views = whole.saturating_sub(used.requests + used.log);
        Ok(used)
    }

    /// What was used since then.
    pub(crate) fn until(self, later: Self) -> Shares {
        let ticks_in_all = (later.at - self.at).as_secs_f64() * TICKS_PER_S;
        let cores = |of: fn(&Self) -> u64| of(&later).saturating_sub(of(&self)) as f64 / ticks_in_all;
        let mut shares = Shares {
            requests: cores(|used| used.requests),
            log: cores(|used| used.log),
            views: cores(|used| used.views),
            driver: cores(|used| used.driver),
            others: cores(|used| used.all),
        };
        shares.others -= shares.requests + shares.log + shares.views + shares.driver;
        shares.others = shares.others.max(0.0);
        shares
    }
}

impl Shares {
    /// The mean of some.
    pub(crate) fn mean(of: &[Self]) -> Self {
        let mean = |part: fn(&Self) -> f64| of.iter().map(part).sum::<f64>() / of.len().max(1) as f64;
        Self {
            requests: mean(|shares| shares.requests),
            log: mean(|shares| shares.log),
            views: mean(|shares| shares.views),
            driver: mean(|shares| shares.driver),
            others: mean(|shares| shares.others),
        }
    }
}

impl std::fmt::Display for Shares {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { requests, log, views, driver, others } = self;
        write!(
            f,
            "cores: requests {requests:.2}, log {log:.2}, views (base and warehouse) {views:.2}, client {driver:.2}, \
             the rest of the machine {others:.2}"
        )
    }
}

/// The ticks that the machine was not idle, all cores together.
fn machine_ticks() -> anyhow::Result<u64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let fields = stat.lines().next().context("/proc/stat")?.split_whitespace().skip(1);
    let fields: Vec<u64> = fields.map_while(|field| field.parse().ok()).collect();
    // User, nice, system, idle, waiting for disks, interrupts, soft interrupts; what follows is counted in the first two or
    // was taken by other machines.
    anyhow::ensure!(fields.len() >= 7, "/proc/stat");
    Ok([0, 1, 2, 5, 6].into_iter().map(|place| fields[place]).sum())
}

/// The name in a `stat`, and the sum of the first so many of its times: own in programs and in the kernel, then those of
/// children that were waited for.
fn ticks(stat: &str, times: usize) -> Option<(&str, u64)> {
    let (name, fields) = stat.rsplit_once(')')?;
    let (_, name) = name.split_once('(')?;
    Some((name, fields.split_whitespace().skip(11).take(times).filter_map(|field| field.parse::<u64>().ok()).sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_has_a_name_and_times() {
        let stat = "1 (log (a) b) S 1 1 1 0 -1 4194560 1 2 3 4 70 30 5 6 20 0 1 0 5 6 7";
        assert_eq!(ticks(stat, 2), Some(("log (a) b", 100)));
        assert_eq!(ticks(stat, 4), Some(("log (a) b", 111)));
    }
}
