//! Keeps the house as it is meant to be: which crate may know which, and what no file may have in it.
//!
//! It reads what git tracks or would track, and what cargo says of the workspace; it builds nothing.

mod edges;
mod files;
mod words;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace is there")
}

/// A file of the project: its path from the root, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
}

/// All files of text that git tracks, or would if they were added.
fn sources() -> Vec<Source> {
    let root = root();
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(&root);
    let listed = git.output().expect("git is installed");
    assert!(listed.status.success(), "git: {}", String::from_utf8_lossy(&listed.stderr));
    let paths = String::from_utf8(listed.stdout).expect("paths are UTF-8");
    let sources: Vec<Source> = paths
        .split_terminator('\0')
        // What is no text, or was just removed, has nothing to say here.
        .filter_map(|path| Some(Source { path: path.to_owned(), text: std::fs::read_to_string(root.join(path)).ok()? }))
        .collect();
    assert!(sources.len() > 50, "git lists only {} files", sources.len());
    sources
}

/// Fails with all that is wrong, a line each.
#[track_caller]
fn assert_tidy(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
