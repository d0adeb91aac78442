//! `scripts/setup` where something cannot be fetched: it says what to do, and not only that it failed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of programs that do nothing; of cargo's commands this one fails.
fn programs(failing: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("setup-{failing}"));
    fs::create_dir_all(&folder).expect("made");
    let nothing = "#!/bin/sh\n";
    let cargo = format!("#!/bin/sh\ncase $1 in --version) echo cargo 9.9.9;; {failing}) exit 101;; esac\n");
    for (name, text) in [("cc", nothing), ("git", nothing), ("npm", nothing), ("cargo", &cargo)] {
        fs::write(folder.join(name), text).expect("written");
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).expect("set");
    }
    folder
}

/// What it says if that command of cargo fails.
fn said(failing: &str) -> String {
    let path = format!("{}:{}", programs(failing).display(), std::env::var("PATH").unwrap_or_default());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/setup");
    let done = Command::new("bash").arg(script).arg("build").env("PATH", path).output().expect("bash runs");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(if failing == "nothing" { 0 } else { 1 }), "{said}");
    said
}

#[test]
fn what_cannot_be_fetched_is_told_with_what_to_do() {
    let crates = said("fetch");
    assert!(crates.contains("setup: the crates could not be fetched") && crates.contains("https_proxy"), "{crates}");
    let library = said("run");
    assert!(library.contains("setup: DuckDB's library could not be fetched"), "{library}");
    assert!(library.contains("npm ping") && library.contains("DUCKDB_LIB_DIR"), "{library}");
    assert_eq!(said("nothing"), "");
}
