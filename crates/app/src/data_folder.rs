//! What belongs to a data folder, by name: what a restore may put aside for good. It does not know what is in the files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::backup::BACKUPS;

/// All that Playhead makes in a data folder; what begins so is a probe of `doctor`.
const KNOWN: [&str; 11] = [
    "log",
    "positions",
    "warehouse",
    "dictionaries",
    BACKUPS,
    "tokens.json",
    "tokens.json.tmp",
    "tokens.lock",
    "gaps.json",
    "compacted",
    "compacted.new",
];
const PROBE: &str = ".playhead-doctor-";
/// How many names a message shows.
const SHOWN_MAX: usize = 5;

/// Refuses a folder that holds anything which Playhead did not make: removing it would remove that too.
pub(crate) fn refuse_strangers(data: &Path) -> Result<()> {
    let mut strangers = Vec::new();
    for entry in fs::read_dir(data).with_context(|| format!("{}", data.display()))? {
        let entry = entry.with_context(|| format!("{}", data.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !is_known(&name, &entry.path()) {
            strangers.push(name);
        }
    }
    if strangers.is_empty() {
        return Ok(());
    }
    strangers.sort();
    let more = strangers.len().saturating_sub(SHOWN_MAX);
    strangers.truncate(SHOWN_MAX);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    bail!(
        "{} holds what Playhead did not make: {}{more}. It would be removed with the data that is replaced: move it away, or \
         name another folder with --data",
        data.display(),
        strangers.join(", ")
    )
}

/// Other programs have a folder `log` too; Playhead's has a lock in it, from the first moment on.
fn is_known(name: &str, path: &Path) -> bool {
    match name {
        "log" => path.join("lock").exists() || fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none()),
        _ => KNOWN.contains(&name) || name.starts_with(PROBE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_anything_that_was_never_playheads_is_refused_by_name() {
        let data = tempfile::tempdir().expect("a folder");
        for known in KNOWN {
            fs::create_dir(data.path().join(known)).expect("made");
        }
        fs::write(data.path().join("log/lock"), "").expect("written");
        refuse_strangers(data.path()).expect("all is known");
        fs::write(data.path().join("log/syslog"), "").expect("written");
        refuse_strangers(data.path()).expect("topics have any names");
        fs::remove_file(data.path().join("log/lock")).expect("removed");
        fs::write(data.path().join("notes.txt"), "mine").expect("written");
        for number in 0..5 {
            fs::create_dir(data.path().join(format!("photos{number}"))).expect("made");
        }
        let refused = refuse_strangers(data.path()).expect_err("it is somebody's").to_string();
        assert!(refused.contains("log, notes.txt, photos0, photos1, photos2 and 2 more"), "{refused}");
    }
}
