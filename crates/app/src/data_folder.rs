//! A data folder: how it is made, and what belongs to it, by name. It does not know what is in the files.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
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
const PUT_ASIDE: &str = ".broken";
/// How many names a message shows.
const SHOWN_MAX: usize = 5;

/// For the user that Playhead runs as alone: what everybody watched is nobody else's business.
const MODE: u32 = 0o700;

/// Makes the folder if it is not there; one that is there keeps its mode.
pub(crate) fn make(data: &Path) -> Result<()> {
    let made = || {
        if let Some(above) = data.parent() {
            fs::create_dir_all(above)?;
        }
        match DirBuilder::new().mode(MODE).create(data) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && data.is_dir() => Ok(()),
            done => done,
        }
    };
    made().with_context(|| format!("cannot make the data folder {}", data.display()))
}

/// Refuses a folder that is there and is none of Playhead's: its name was most likely mistyped. An empty one may become one, and
/// a file system of its own is empty but for `lost+found`.
pub(crate) fn refuse_other(data: &Path) -> Result<()> {
    let entries = match fs::read_dir(data) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| format!("{}", data.display()))?,
    };
    let entries: Vec<_> = entries.flatten().filter(|entry| entry.file_name() != "lost+found").collect();
    if entries.is_empty() || entries.iter().any(|entry| is_known(&entry.file_name().to_string_lossy(), &entry.path())) {
        return Ok(());
    }
    bail!("{} is no data folder of Playhead: name the one that the server uses with --data", data.display())
}

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

/// Other programs have a folder `log` too; Playhead's has a lock in it, from the first moment on. What is damaged is put aside
/// under a name that Playhead proposes.
fn is_known(name: &str, path: &Path) -> bool {
    match name.strip_suffix(PUT_ASIDE).unwrap_or(name) {
        "log" => path.join("lock").exists() || fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none()),
        name => KNOWN.contains(&name) || name.starts_with(PROBE),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_folder_that_is_made_is_for_its_owner_alone_and_one_that_is_there_stays_as_it_is() {
        let own = tempfile::tempdir().expect("a folder");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        let data = own.path().join("above/data");
        make(&data).expect("made");
        assert_eq!(mode(&data), MODE);
        fs::set_permissions(&data, fs::Permissions::from_mode(0o750)).expect("it is ours");
        make(&data).expect("it is there");
        assert_eq!(mode(&data), 0o750);
        fs::write(own.path().join("file"), "").expect("written");
        assert!(make(&own.path().join("file")).is_err());
    }

    #[test]
    fn a_folder_with_anything_that_was_never_playheads_is_refused_by_name() {
        let data = tempfile::tempdir().expect("a folder");
        for known in KNOWN {
            fs::create_dir(data.path().join(known)).expect("made");
        }
        fs::write(data.path().join("log/lock"), "").expect("written");
        fs::create_dir(data.path().join("warehouse.broken")).expect("made");
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

    #[test]
    fn a_folder_is_another_ones_if_nothing_in_it_is_playheads() {
        let data = tempfile::tempdir().expect("a folder");
        refuse_other(&data.path().join("absent")).expect("it may be made");
        fs::create_dir(data.path().join("lost+found")).expect("made");
        refuse_other(data.path()).expect("it is empty");
        fs::write(data.path().join("notes.txt"), "mine").expect("written");
        assert!(refuse_other(data.path()).is_err_and(|error| error.to_string().contains("is no data folder")));
        fs::create_dir(data.path().join("log")).expect("made");
        refuse_other(data.path()).expect("it has a log");
    }
}
