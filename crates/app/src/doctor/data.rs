//! The data folder: whether it is there, whose it is, whether a server holds it, and whether the log in it is whole.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use playhead_segments::SegmentLog;

use super::Finding;
use super::units::{bytes, count};
use crate::config::Config;
use crate::engines::Engines;
use crate::held;

const CHECK: &str = "data";
/// A log up to this is read whole without being asked to: a few seconds.
const READ_BYTES_MAX: u64 = 1 << 30;

pub(super) fn check(config: &Config, is_served: bool, full: bool) -> Vec<Finding> {
    let data = &config.data;
    match fs::metadata(data) {
        Ok(meta) if meta.is_dir() => {
            let mut findings = vec![holder(data, is_served)];
            findings.extend(tokens(data));
            findings.push(log(&data.join("log"), full));
            findings
        }
        Ok(_) => vec![Finding::fail(
            CHECK,
            format!("{} is a file", data.display()),
            "name a folder with --data; it is made if it is not there",
        )],
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            vec![Finding::ok(CHECK, format!("{} is not there yet; `playhead serve` makes it", data.display()))]
        }
        Err(error) => vec![Finding::fail(
            CHECK,
            format!("{}: {error}", data.display()),
            "give the user that runs Playhead the right to read and write it",
        )],
    }
}

/// Whether a server holds it.
fn holder(data: &Path, is_served: bool) -> Finding {
    let place = data.display();
    match held::is_held(data) {
        Ok(None) => Finding::ok(CHECK, format!("{place} has no log yet")),
        Ok(Some(false)) => Finding::ok(CHECK, format!("{place}: no server has it open")),
        Ok(Some(true)) if is_served => Finding::ok(CHECK, format!("{place}: held by the server that runs")),
        Ok(Some(true)) => Finding::warn(
            CHECK,
            format!("{place} is held by a process that does not answer at this HTTP address"),
            "a second server on it would not start: stop that one, or say its address with --http",
        ),
        Err(error) => Finding::fail(
            CHECK,
            format!("{place}: {error}"),
            "give the user that runs Playhead the right to read and write everything below it",
        ),
    }
}

/// Hashes of tokens are nobody else's business.
fn tokens(data: &Path) -> Option<Finding> {
    let path = data.join("tokens.json");
    let mode = fs::metadata(&path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        let found = format!("{} may be read by other users (mode {mode:o})", path.display());
        Finding::warn("tokens", found, format!("chmod 600 {}", path.display()))
    })
}

fn log(folder: &Path, full: bool) -> Finding {
    const CHECK: &str = "log";
    let size_bytes = Engines::size_bytes(folder);
    if size_bytes == 0 {
        return Finding::ok(CHECK, "nothing is written yet");
    }
    if size_bytes > READ_BYTES_MAX && !full {
        return Finding::ok(CHECK, format!("{}, not read; --full reads all of it", bytes(size_bytes)));
    }
    let reports = match SegmentLog::verify(folder) {
        Ok(reports) => reports,
        Err(error) => return Finding::fail(CHECK, error.to_string(), "restore a backup if it cannot be put right"),
    };
    let damage: Vec<String> = reports
        .iter()
        .flat_map(|report| &report.damage)
        .map(|damage| format!("{} at byte {}: {}", damage.path.display(), damage.position, damage.why))
        .collect();
    if !damage.is_empty() {
        let advice =
            "put the file back from a copy, or restore a backup; the server says at its start what else can be done";
        return Finding::fail(CHECK, damage.join("; "), advice);
    }
    let records = reports.iter().map(|report| report.records).sum();
    Finding::ok(CHECK, format!("every frame is whole: {} records, {}", count(records), bytes(size_bytes)))
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_lock_that_is_held_is_well_only_if_its_server_answers() {
        let data = tempfile::tempdir().expect("a folder");
        assert_eq!(holder(data.path(), false).verdict, Verdict::Ok);
        fs::create_dir(data.path().join("log")).expect("a folder");
        let lock = fs::File::create(data.path().join("log/lock")).expect("a file");
        assert_eq!(holder(data.path(), false).verdict, Verdict::Ok);
        lock.lock().expect("nobody else has it");
        assert_eq!([true, false].map(|is_served| holder(data.path(), is_served).verdict), [Verdict::Ok, Verdict::Warn]);
    }

    #[test]
    fn tokens_that_others_may_read_are_told() {
        let data = tempfile::tempdir().expect("a folder");
        assert_eq!(tokens(data.path()), None);
        let path = data.path().join("tokens.json");
        fs::write(&path, "{}").expect("a file");
        let set = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
        set(0o600);
        assert_eq!(tokens(data.path()), None);
        set(0o644);
        assert_eq!(tokens(data.path()).map(|finding| finding.verdict), Some(Verdict::Warn));
    }
}
