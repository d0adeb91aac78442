//! What this process uses: memory, processor, open files.

use std::fs;

use metrics::gauge;

/// Kernel ticks a second in /proc/self/stat, which Linux fixes for programs at 100 (`getconf CLK_TCK`).
const TICKS_PER_S: f64 = 100.0;
const PAGE_BYTES: f64 = 4_096.0;

/// Measures once; where /proc is not there, nothing.
pub(crate) fn measure() {
    if let Some(pages) = fs::read_to_string("/proc/self/statm").ok().as_deref().and_then(resident_pages) {
        gauge!("process_resident_memory_bytes").set(pages * PAGE_BYTES);
    }
    if let Some(ticks) = fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(cpu_ticks) {
        // It only grows, but by parts of a second, and the recorder's counters know whole numbers alone.
        gauge!("process_cpu_seconds_total").set(ticks / TICKS_PER_S);
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        gauge!("process_open_fds").set(files.count() as f64);
    }
}

/// The second number of /proc/self/statm.
fn resident_pages(statm: &str) -> Option<f64> {
    statm.split(' ').nth(1)?.parse().ok()
}

/// utime + stime of /proc/self/stat, the fields 14 and 15; the name before them may have spaces, but ends with `)`.
fn cpu_ticks(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_proc_are_found() {
        assert_eq!(resident_pages("100 25 3 4 0 6 0"), Some(25.0));
        let stat = "1 (a b) c) S 1 1 1 0 -1 4194560 1 2 3 4 70 30 0 0 20 0 1 0 5 6 7";
        assert_eq!(cpu_ticks(stat), Some(100.0));
    }
}
