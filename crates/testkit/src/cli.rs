//! Runs the program to its end, as a user of the command line does.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::program::wait_for_exit;

/// How a command ended and what it said.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

/// Runs `binary` with `args` to its end. Panics with what it said if it takes longer than `within`.
#[track_caller]
pub fn run_to_end(binary: impl AsRef<Path>, args: &[&str], within: Duration) -> Finished {
    run_with_env(binary.as_ref(), args, &[], within)
}

/// The same with environment variables.
#[track_caller]
pub(crate) fn run_with_env(binary: &Path, args: &[&str], env: &[(OsString, OsString)], within: Duration) -> Finished {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    let (out, err) = (dir.path().join("stdout"), dir.path().join("stderr"));
    // Files, because a full pipe would hold the command up.
    let create = |path: &Path| File::create(path).expect("a temporary file can be made");
    let mut command = command_of(binary);
    command.envs(env.iter().map(|(name, value)| (name, value)));
    command.args(args).stdin(Stdio::null()).stdout(create(&out)).stderr(create(&err));
    let mut child = command.spawn().unwrap_or_else(|e| panic!("{}: {e}", binary.display()));
    let status: Option<ExitStatus> = wait_for_exit(&mut child, within);
    let read =
        |path: &Path| String::from_utf8_lossy(&std::fs::read(path).expect("the temporary file is there")).into_owned();
    let (stdout, stderr) = (read(&out), read(&err));
    let Some(status) = status else {
        panic!("{args:?} did not end within {within:?}; it said:\n{stdout}{stderr}");
    };
    Finished { code: status.code(), stdout, stderr }
}

/// A command without the settings of whoever runs the tests: every variable of Playhead's is left out.
pub(crate) fn command_of(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PLAYHEAD_")) {
        command.env_remove(name);
    }
    command
}

impl Finished {
    /// This end, if it was a success. Panics with what it said otherwise.
    #[track_caller]
    pub fn expect_success(self) -> Self {
        assert_eq!(self.code, Some(0), "it said:\n{}{}", self.stdout, self.stderr);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_tells_its_code_and_both_its_outputs() {
        let end = run_to_end("/bin/sh", &["-c", "echo good; echo bad >&2; exit 3"], Duration::from_secs(10));
        assert_eq!((end.code, end.stdout.as_str(), end.stderr.as_str()), (Some(3), "good\n", "bad\n"));
    }

    #[test]
    #[should_panic(expected = "it said:\nstuck\n")]
    fn a_command_that_does_not_end_is_ended() {
        run_to_end("/bin/sh", &["-c", "echo stuck; exec sleep 60"], Duration::from_millis(300));
    }
}
