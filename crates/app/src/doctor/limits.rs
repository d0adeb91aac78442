//! What the system lets the process have: open files and memory.

use std::fs;

use rustix::process::{Resource, getrlimit};

use super::Finding;
use super::units::{bytes, count};
use crate::config::Config;

const FILES: &str = "files";
const MEMORY: &str = "memory";
/// Files of the engines: segments, tables, the warehouse.
const FILES_OF_ENGINES: u64 = 1_024;
/// Below this the engines alone may not have enough.
const FILES_LEAST: u64 = 512;
/// Below so many connections it is worth a word.
const CONNECTIONS_FEW: u64 = 1_000;
/// The program itself, its threads and its buffers.
const PROGRAM_BYTES: u64 = 256 << 20;
/// Memory of a recent entry, and the memtables that one database may have: one filled, two written out.
const RECENT_ENTRY_BYTES: u64 = 700;
const MEMTABLES: u64 = 2 * 3;

pub(super) fn check(config: &Config) -> [Finding; 2] {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let connections = 2 * config.edge.connections_max as u64;
    [judge_files(files, connections), judge_memory(limit_bytes(), need_bytes(config))]
}

fn judge_files(limit: u64, connections: u64) -> Finding {
    let needed = FILES_OF_ENGINES.saturating_add(connections);
    let advice = format!("raise it to {needed}: `ulimit -n {needed}`, in a systemd unit LimitNOFILE={needed}");
    if limit == u64::MAX || limit >= needed {
        let limit = if limit == u64::MAX { "any number".to_owned() } else { count(limit) };
        return Finding::ok(FILES, format!("{limit} may be open, {} are needed at most", count(needed)));
    }
    if limit < FILES_LEAST {
        return Finding::fail(FILES, format!("only {} may be open", count(limit)), advice);
    }
    let room = limit.saturating_sub(FILES_OF_ENGINES).max(limit / 4);
    let found = format!("{} may be open: enough for about {} connections", count(limit), count(room));
    if room < CONNECTIONS_FEW { Finding::warn(FILES, found, advice) } else { Finding::ok(FILES, found) }
}

/// What the process takes when everything is busy at once.
fn need_bytes(config: &Config) -> u64 {
    let log = 2 * config.log.queue_bytes_max as u64;
    let recent = config.recent.entries_max as u64 * RECENT_ENTRY_BYTES;
    let base = config.base.cache_bytes + MEMTABLES * config.base.memtable_bytes;
    let warehouse = config.warehouse.memory_max_bytes;
    PROGRAM_BYTES + log + recent + base + warehouse
}

/// The memory that the process may have: the least of its control group's limit and the machine's memory.
fn limit_bytes() -> Option<u64> {
    let read = |path: &str| fs::read_to_string(path).ok();
    let group = read("/sys/fs/cgroup/memory.max").or_else(|| read("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
    let group = group.and_then(|text| text.trim().parse().ok());
    let machine = read("/proc/meminfo").and_then(|text| total_bytes(&text));
    group.into_iter().chain(machine).min()
}

/// `MemTotal` of /proc/meminfo.
fn total_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn judge_memory(limit: Option<u64>, need: u64) -> Finding {
    let Some(limit) = limit else {
        return Finding::ok(MEMORY, format!("up to {} are used when all is busy; no limit is known", bytes(need)));
    };
    let found = format!("{} may be used, up to {} are when all is busy", bytes(limit), bytes(need));
    if limit < need {
        let advice = "give it more memory, or lower warehouse.memory_max_bytes, recent.entries_max or base.cache_bytes; \
                      a process that is killed for its memory loses nothing acknowledged, but is away meanwhile";
        return Finding::warn(MEMORY, found, advice);
    }
    Finding::ok(MEMORY, found)
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn few_open_files_are_told_with_the_number_that_is_needed() {
        let verdict = |limit| judge_files(limit, 20_000).verdict;
        let limits = [256, 1_024, 4_096, 65_536, u64::MAX];
        let verdicts = [Verdict::Fail, Verdict::Warn, Verdict::Ok, Verdict::Ok, Verdict::Ok];
        assert_eq!(limits.map(verdict), verdicts);
        assert!(judge_files(1_024, 20_000).advice.is_some_and(|advice| advice.contains("LimitNOFILE=21024")));
    }

    #[test]
    fn memory_is_held_against_what_the_settings_allow() {
        let need = need_bytes(&Config::default());
        assert!(((1 << 30)..(3 << 30)).contains(&need), "{need}");
        assert_eq!(judge_memory(Some(need - 1), need).verdict, Verdict::Warn);
        assert_eq!(judge_memory(Some(need), need).verdict, Verdict::Ok);
        assert_eq!(judge_memory(None, need).verdict, Verdict::Ok);
        assert_eq!(total_bytes("MemTotal:       24684100 kB\nMemFree: 1 kB\n"), Some(24_684_100 << 10));
    }
}
