//! What it was measured on.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use crate::ground::Ground;

const SYNCS: usize = 300;

/// The head of the results.
pub(crate) fn describe(ground: &Ground) -> anyhow::Result<String> {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let memory_gib = memory_kib().unwrap_or(0) >> 20;
    let folder = ground.new_folder()?;
    let (p50_us, p99_us) = sync_us(folder.path())?;
    let mut text = String::from("# Benchmarks\n\n");
    writeln!(
        text,
        "`make bench` writes this file. {cores} cores ({}), {memory_gib} GiB of memory, Linux {}, {}; \
         4 KiB written and synced (fdatasync): p50 {p50_us:.0} us, p99 {p99_us:.0} us; load average before it began: {}.",
        cpu_model(),
        kernel.trim(),
        filesystem_of(folder.path()),
        load.split(' ').next().unwrap_or_default(),
    )?;
    text.push_str(
        "\nThe load runs on the same cores as the server, so rates are lower than a server of its own would give; what \
         counts is the ratio. What is measured and its ceiling take turns (A B A B), and the middle of the rounds is \
         shown. A latency is the caller's unless it says otherwise.\n",
    );
    Ok(text)
}

fn memory_kib() -> Option<u64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    info.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.split_whitespace().next()?.parse().ok()
}

fn cpu_model() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or_else(|| "unknown".to_owned(), |(_, name)| name.to_owned())
}

/// The type of the filesystem with the longest mount point above the folder.
fn filesystem_of(folder: &Path) -> String {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    let fields = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    let above = fields.filter(|(point, _)| folder.starts_with(point)).max_by_key(|(point, _)| point.len());
    above.map_or_else(|| "an unknown filesystem".to_owned(), |(_, name)| name.to_owned())
}

/// How long a write of 4 KiB takes to be on disk: the middle and the 99th of 100.
fn sync_us(folder: &Path) -> anyhow::Result<(f64, f64)> {
    let mut file = File::create(folder.join("sync"))?;
    let block = [7u8; 4096];
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let began = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        times.push(began.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    Ok((times[SYNCS / 2], times[SYNCS * 99 / 100]))
}
