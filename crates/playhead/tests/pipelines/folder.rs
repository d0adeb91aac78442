//! A data folder with a log, dictionaries and a pipeline, and the program run on it: to its end, or until it is killed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use playhead_testkit::{Finished, Signal, run_to_end};
use tempfile::TempDir;

use crate::orders::{restaurants, users};

/// Generous, because the machine may be busy with other things.
pub(crate) const WITHIN: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_millis(5);
const BINARY: &str = env!("CARGO_BIN_EXE_playhead");
/// The load time of every row, so that two runs can be compared.
const LOAD_TIME: [&str; 2] = ["--load-time", "2026-04-01 00:00:00"];

/// A folder of a test.
pub(crate) struct Folder {
    dir: TempDir,
    /// The pipeline's file.
    pub(crate) spec: PathBuf,
}

impl Folder {
    /// A folder with the pipeline of orders and its dictionaries, and an empty topic of that many partitions.
    pub(crate) fn of_orders(partitions: u32) -> Self {
        let folder = Self::new("orders.toml");
        for (name, entries) in [("user", users()), ("restaurant", restaurants())] {
            folder.load_dictionary(name, &entries);
        }
        folder.produce("", partitions);
        folder
    }

    /// A folder with one of the pipelines that the program ships.
    pub(crate) fn new(pipeline: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines").join(pipeline);
        Self { dir, spec }
    }

    /// The same once more: log, dictionaries and all.
    pub(crate) fn copy(&self) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        copy(&self.data(), &dir.path().join("data"));
        Self { dir, spec: self.spec.clone() }
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// A file in it.
    pub(crate) fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_string_lossy().into_owned()
    }

    /// A DuckDB file in it, as a target.
    pub(crate) fn duckdb(&self) -> String {
        format!("duckdb:{}", self.path("orders.duckdb"))
    }

    /// Puts entries into a dictionary.
    #[track_caller]
    pub(crate) fn load_dictionary(&self, name: &str, entries: &str) {
        let (file, spec, data) = (self.path("entries.ndjson"), self.spec.to_string_lossy(), self.path("data"));
        fs::write(&file, entries).expect("written");
        self.command(&["dict", "load", name, &file, "--spec", &spec, "--data", &data]).expect_success();
    }

    /// Appends messages to the topic of orders.
    #[track_caller]
    pub(crate) fn produce(&self, messages: &str, partitions: u32) {
        let (file, data) = (self.path("messages.ndjson"), self.path("data"));
        fs::write(&file, messages).expect("written");
        let topic = ["warehouse", "produce", "order-service_orders", &file, "--key", "object_id", "--data", &data];
        self.command(&[&topic[..], &["--partitions", &partitions.to_string()]].concat()).expect_success();
    }

    /// A command to its end.
    #[track_caller]
    pub(crate) fn command(&self, args: &[&str]) -> Finished {
        run_to_end(BINARY, args, WITHIN)
    }

    /// A command on the pipeline, to its end.
    #[track_caller]
    pub(crate) fn pipeline(&self, into: &str, args: &[&str]) -> Finished {
        let (spec, data) = (self.spec.to_string_lossy(), self.path("data"));
        self.command(&[&["warehouse"], args, &["--spec", &spec, "--into", into, "--data", &data]].concat())
    }

    /// Loads all that the log has, undisturbed.
    #[track_caller]
    pub(crate) fn run_once(&self, into: &str) -> String {
        self.pipeline(into, &[&["run", "--once"], &LOAD_TIME[..]].concat()).expect_success().stdout
    }

    /// Starts a run: with `--once`, or until it is stopped.
    pub(crate) fn spawn_run(&self, into: &str, more: &[&str], settings: &[(&str, String)]) -> Run {
        let log = File::options().create(true).append(true).open(self.path("run.log")).expect("the log can be opened");
        let mut command = Command::new(BINARY);
        // The settings of whoever runs the tests are not those of the program.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PLAYHEAD_")) {
            command.env_remove(name);
        }
        command.args(["warehouse", "run", "--into", into, "--spec"]).arg(&self.spec).arg("--data").arg(self.data());
        command.args(LOAD_TIME).args(more).stdin(Stdio::null());
        for (name, value) in settings {
            command.env(format!("PLAYHEAD_{name}"), value);
        }
        command.stdout(log.try_clone().expect("an open file can be had twice")).stderr(log);
        Run { child: command.spawn().expect("the program starts"), log: self.path("run.log") }
    }
}

/// A run that goes on. It is killed when this is dropped, and what it said is shown if that is by a panic.
pub(crate) struct Run {
    child: Child,
    log: String,
}

impl Run {
    /// How it has ended; none if it goes on.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked")
    }

    /// Kills it. Gives how it had ended if it was faster.
    pub(crate) fn kill9(&mut self) -> Option<ExitStatus> {
        let ended = self.ended();
        // An error means that it has ended since.
        let _ = self.child.kill();
        self.child.wait().expect("a child can be waited for");
        ended
    }

    /// Sends it a signal.
    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("a child that was not waited for takes signals");
    }

    /// Asks it to end, and waits for that.
    #[track_caller]
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Waits for its end, whatever that is.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + WITHIN;
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(Instant::now() < deadline, "it has not ended within {WITHIN:?}");
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// What runs of this folder have said.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.kill9();
        if std::thread::panicking() {
            let said = self.said();
            let lines: Vec<&str> = said.lines().collect();
            eprintln!("--- the end of what it said ---\n{}\n---", lines[lines.len().saturating_sub(40)..].join("\n"));
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("read") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).expect("copied")),
        }
    }
}
