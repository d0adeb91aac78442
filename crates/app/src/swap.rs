//! Putting a restored data folder in the place of another. A crash on the way loses neither, nor the backups, which lie below
//! the data folder and outlive it.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use crate::backup::BACKUPS;

/// Refuses a data folder that cannot be put aside, before anything is done.
pub(crate) fn check_place(data: &Path) -> Result<()> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    match data.canonicalize() {
        Ok(whole) if is_mounted(&whole, &mounts) => bail!(mount_words(data)),
        _ => Ok(()),
    }
}

/// Whether something is mounted there, by the fifth field of each line of /proc/self/mountinfo.
fn is_mounted(folder: &Path, mounts: &str) -> bool {
    let escaped = folder.to_string_lossy().replace('\\', r"\134").replace(' ', r"\040").replace('\t', r"\011");
    mounts.lines().any(|line| line.split(' ').nth(4) == Some(&*escaped))
}

/// What to do where the folder itself cannot be moved.
fn mount_words(data: &Path) -> String {
    let data = data.display();
    format!(
        "{data} is a mount point, and a mount point cannot be replaced, only what is in it. Move the data into a folder of it: \
         `mkdir {data}/data && for f in log positions warehouse dictionaries tokens.json gaps.json compacted backups; do [ ! -e {data}/$f ] || mv {data}/$f \
         {data}/data/; done`, restore with --data {data}/data, and let `serve` use that from now on"
    )
}

/// Where a backup is laid out before it takes the place of the data folder.
pub(crate) fn restoring(data: &Path) -> PathBuf {
    beside(data, "restoring")
}

/// Where the data folder goes before it is removed.
fn replaced(data: &Path) -> PathBuf {
    beside(data, "replaced")
}

/// A folder beside another one.
fn beside(data: &Path, what: &str) -> PathBuf {
    let mut name = data.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{what}"));
    data.with_file_name(name)
}

/// Puts the restored folder in the place of the data folder, which may be absent, empty or full.
pub(crate) fn swap(fresh: &Path, data: &Path) -> Result<()> {
    if data.exists() {
        rename(data, &replaced(data))?;
    }
    rename(fresh, data)?;
    settle(data)
}

/// Ends a swap that was cut short: before the restored folder was in its place the other one comes back, afterwards it goes.
pub(crate) fn settle(data: &Path) -> Result<()> {
    let old = replaced(data);
    if !old.exists() {
        return Ok(());
    }
    if !data.exists() {
        tracing::warn!(data = %data.display(), "a restore was cut short: the data is as it was before");
        return rename(&old, data);
    }
    if restoring(data).exists() {
        // Something else has made a folder there meanwhile.
        bail!(
            "a restore was cut short: the data is in {} now, and {} is something else. Move that away and start again",
            old.display(),
            data.display()
        );
    }
    let (from, to) = (old.join(BACKUPS), data.join(BACKUPS));
    if from.exists() && !to.exists() {
        rename(&from, &to)?;
    }
    fs::remove_dir_all(&old).with_context(|| format!("{}", old.display()))
}

/// Renames, durably.
fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|error| match error.kind() {
        ErrorKind::ResourceBusy | ErrorKind::CrossesDevices => anyhow!(mount_words(from)),
        _ => anyhow::Error::from(error).context(format!("{} cannot become {}", from.display(), to.display())),
    })?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all().with_context(|| format!("{}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with the data `old`, its backups, and the restored data `new`.
    fn folders() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let own = tempfile::tempdir().expect("a folder");
        let data = own.path().join("data");
        let fresh = restoring(&data);
        fs::create_dir_all(data.join(BACKUPS).join("monday")).expect("made");
        fs::create_dir_all(&fresh).expect("made");
        fs::write(data.join("is"), "old").expect("written");
        fs::write(fresh.join("is"), "new").expect("written");
        (own, data, fresh)
    }

    fn check(data: &Path, is: &str) {
        assert_eq!(fs::read_to_string(data.join("is")).expect("there"), is);
        assert!(data.join(BACKUPS).join("monday").exists(), "the backups are gone");
        assert!(!replaced(data).exists(), "something was left");
    }

    #[test]
    fn the_restored_data_takes_the_place_and_the_backups_stay() {
        let (_own, data, fresh) = folders();
        swap(&fresh, &data).expect("swapped");
        check(&data, "new");
        assert!(!fresh.exists());
    }

    #[test]
    fn a_crash_before_the_restored_data_is_in_its_place_brings_the_old_back() {
        let (_own, data, _fresh) = folders();
        fs::rename(&data, replaced(&data)).expect("renamed");
        settle(&data).expect("settled");
        check(&data, "old");
    }

    #[test]
    fn what_was_made_in_the_place_of_data_that_was_put_aside_never_costs_that_data() {
        let (_own, data, _fresh) = folders();
        fs::rename(&data, replaced(&data)).expect("renamed");
        fs::create_dir(&data).expect("made");
        assert!(settle(&data).is_err());
        assert!(replaced(&data).join("is").exists());
    }

    #[test]
    fn a_crash_after_it_leaves_the_restored_data_with_the_backups() {
        let (_own, data, fresh) = folders();
        fs::rename(&data, replaced(&data)).expect("renamed");
        fs::rename(&fresh, &data).expect("renamed");
        settle(&data).expect("settled");
        check(&data, "new");
    }

    #[test]
    fn a_mount_point_is_known_by_its_name_with_spaces_too() {
        let mounts =
            "36 35 98:0 /mnt1 /data rw,noatime - ext3 /dev/root rw\n37 35 98:1 / /my\\040data rw - tmpfs t rw\n";
        assert!(is_mounted(Path::new("/data"), mounts) && is_mounted(Path::new("/my data"), mounts));
        assert!(!is_mounted(Path::new("/data/data"), mounts) && !is_mounted(Path::new("/mnt1"), mounts));
        assert!(check_place(Path::new("/proc")).is_err_and(|error| error.to_string().contains("mount point")));
    }

    #[test]
    fn an_empty_or_absent_folder_is_replaced_too() {
        let own = tempfile::tempdir().expect("a folder");
        for name in ["absent", "empty"] {
            let data = own.path().join(name);
            fs::create_dir_all(restoring(&data)).expect("made");
            if name == "empty" {
                fs::create_dir_all(&data).expect("made");
            }
            swap(&restoring(&data), &data).expect("swapped");
            assert!(data.exists() && !replaced(&data).exists());
        }
    }
}
