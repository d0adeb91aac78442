//! Looking for bytes in files.

use std::fs;
use std::path::{Path, PathBuf};

/// The files below `folder`, but for those below the folders of these names, that have `wanted` in them.
pub(crate) fn found_in(folder: &Path, wanted: &[u8], but_below: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in files_below(folder, but_below) {
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if bytes.windows(wanted.len()).any(|window| window == wanted) {
            found.push(path);
        }
    }
    found
}

/// Every file below `folder`, but for those below the folders of these names.
pub(crate) fn files_below(folder: &Path, but_below: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        if !path.is_dir() {
            files.push(path);
        } else if !path.file_name().is_some_and(|name| but_below.iter().any(|but| name == *but)) {
            files.extend(files_below(&path, but_below));
        }
    }
    files.sort();
    files
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
}

/// Flips the bits of one byte.
pub(crate) fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    bytes[at] ^= 0xff;
    fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
