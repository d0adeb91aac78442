//! A PostgreSQL of a test's own: a cluster in a temporary folder, stopped, crashed and started again as the test likes.
//!
//! It runs from Debian's package, whose service it neither needs nor touches. It knows no table: a test asks through `psql`.

use std::fs::{self, File, OpenOptions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{Gid, Uid};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

use crate::ports::free_address;
use crate::program::wait_for_exit;

/// Generous, because a crashed cluster reads its log first, and the machine may be slow.
const READY_WITHIN: Duration = Duration::from_secs(120);
const ENDS_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOG_LINES_SHOWN: usize = 40;
/// The superuser of the cluster, who needs no password.
const USER: &str = "playhead";

/// How to make a cluster.
#[derive(Debug, Default)]
pub struct PostgresSetup {
    fsync: bool,
    settings: Vec<(String, String)>,
    data_dir: Option<PathBuf>,
}

impl PostgresSetup {
    /// Commits wait for the disk, as they do in production; else they survive the end of the processes only.
    pub fn fsync(self) -> Self {
        Self { fsync: true, ..self }
    }

    /// A setting as in `postgresql.conf`.
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where its data is, a folder that is not there yet; a temporary one if nothing is said.
    pub fn data_dir(self, path: impl Into<PathBuf>) -> Self {
        Self { data_dir: Some(path.into()), ..self }
    }

    /// Makes the cluster and waits until it takes connections. Panics, and says why, if it does not.
    #[track_caller]
    pub fn start(self) -> Postgres {
        let own_dir = tempfile::tempdir().expect("a temporary folder can be made");
        let data_dir = self.data_dir.unwrap_or_else(|| own_dir.path().join("data"));
        let runs_as = Account::unprivileged();
        fs::set_permissions(own_dir.path(), fs::Permissions::from_mode(0o755)).expect("an own folder can be opened up");
        fs::create_dir_all(&data_dir).expect("the data folder can be made");
        runs_as.own(own_dir.path());
        runs_as.own(&data_dir);
        let mut postgres = Postgres {
            bin_dir: bin_dir(),
            data_dir,
            address: free_address(),
            fsync: self.fsync,
            settings: self.settings,
            runs_as,
            child: None,
            own_dir,
        };
        let mut init = postgres.tool("initdb");
        init.args(["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"]).arg(&postgres.data_dir);
        assert_went_well("initdb", &init.output().expect("initdb can be run"));
        postgres.start();
        postgres
    }
}

/// A cluster, running or not. It is stopped when this is dropped, and its log is shown if that is by a panic.
#[derive(Debug)]
pub struct Postgres {
    bin_dir: PathBuf,
    data_dir: PathBuf,
    address: SocketAddr,
    fsync: bool,
    settings: Vec<(String, String)>,
    runs_as: Account,
    child: Option<Child>,
    /// Holds the log and the socket, apart from the data, which a test may put on a full disk.
    own_dir: TempDir,
}

impl Postgres {
    /// A running cluster with usual settings, which does not wait for the disk.
    #[track_caller]
    pub fn start_new() -> Self {
        PostgresSetup::default().start()
    }

    /// Starts it again after its end and waits until it takes connections.
    #[track_caller]
    pub fn start(&mut self) {
        assert!(self.child.is_none(), "the cluster is running already");
        let log = OpenOptions::new().create(true).append(true).open(self.log_path()).expect("the log can be opened");
        self.child = Some(self.server(log).spawn().expect("postgres can be run"));
        let deadline = Instant::now() + READY_WITHIN;
        while !self.try_sql("postgres", "SELECT 1").is_ok_and(|rows| rows.len() == 1) {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().expect("a child can be asked"))
            {
                panic!("postgres ended before it was ready: {status}");
            }
            assert!(Instant::now() < deadline, "postgres is not ready after {READY_WITHIN:?}");
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Ends it at once without a checkpoint, as `pg_ctl stop -m immediate` does: the next start recovers from its log.
    #[track_caller]
    pub fn stop_immediately(&mut self) {
        self.stop(Signal::QUIT);
    }

    /// Ends it in good order: sessions are cut, their transactions rolled back.
    #[track_caller]
    pub fn stop_fast(&mut self) {
        self.stop(Signal::INT);
    }

    /// Crashes it and starts it again.
    #[track_caller]
    pub fn restart_immediately(&mut self) {
        self.stop_immediately();
        self.start();
    }

    /// Where it listens, on loopback.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process id of the postmaster.
    #[track_caller]
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the cluster must run to have a process id").id()
    }

    /// The URL of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@{}/{database}", self.address)
    }

    /// Makes an empty database and gives its URL.
    #[track_caller]
    pub fn create_database(&self, name: &str) -> String {
        self.sql("postgres", &format!("CREATE DATABASE \"{name}\""));
        self.url(name)
    }

    /// The rows of the last statement, as `psql` prints them: cells as text, NULL as `\N`. Panics with the error if it fails.
    #[track_caller]
    pub fn sql(&self, database: &str, sql: &str) -> Vec<Vec<String>> {
        self.try_sql(database, sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The same, or what `psql` says instead.
    pub fn try_sql(&self, database: &str, sql: &str) -> Result<Vec<Vec<String>>, String> {
        // Separators that stand in no value of a test.
        let form = ["-X", "-q", "-A", "-t", "-F", "\u{1f}", "-R", "\u{1e}", "-P", "null=\\N", "-v", "ON_ERROR_STOP=1"];
        let done = self
            .tool("psql")
            .args(form)
            .args(["-d", &self.url(database), "-c", sql])
            .env("PGCONNECT_TIMEOUT", "10")
            .output()
            .map_err(|error| error.to_string())?;
        if !done.status.success() {
            return Err(String::from_utf8_lossy(&done.stderr).into_owned());
        }
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        let rows = text.strip_suffix('\n').unwrap_or(&text);
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        Ok(rows.split('\u{1e}').map(|row| row.split('\u{1f}').map(str::to_owned).collect()).collect())
    }

    /// Makes a folder its own, so that a tablespace can be put there.
    pub fn own(&self, folder: &Path) {
        self.runs_as.own(folder);
    }

    /// All that it has written, over all its lives.
    pub fn log(&self) -> String {
        fs::read(self.log_path()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.own_dir.path().join("postgres.log")
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin_dir.join(name));
        // The current folder may be one that the other account cannot enter.
        command.current_dir("/").stdin(Stdio::null()).env("LC_ALL", "C");
        self.runs_as.run(&mut command);
        command
    }

    fn server(&self, log: File) -> Command {
        let mut command = self.tool("postgres");
        let on_off = |on: bool| if on { "on" } else { "off" }.to_owned();
        let own = [
            ("listen_addresses", self.address.ip().to_string()),
            ("port", self.address.port().to_string()),
            ("unix_socket_directories", self.own_dir.path().display().to_string()),
            ("fsync", on_off(self.fsync)),
            ("logging_collector", on_off(false)),
            ("timezone", "UTC".to_owned()),
        ];
        let own = own.iter().map(|(name, value)| (*name, value.as_str()));
        let given = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        command.arg("-D").arg(&self.data_dir);
        for (name, value) in own.chain(given) {
            command.args(["-c", &format!("{name}={value}")]);
        }
        command.stdout(log.try_clone().expect("an open file can be had twice")).stderr(log);
        command
    }

    #[track_caller]
    fn stop(&mut self, signal: Signal) {
        let mut child = self.child.take().expect("the cluster must run to be stopped");
        kill_process(Pid::from_child(&child), signal).expect("a child that was not waited for takes signals");
        assert!(wait_for_exit(&mut child, ENDS_WITHIN).is_some(), "postgres still runs after {ENDS_WITHIN:?}");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Sessions end by themselves once the postmaster is gone, however it went.
            let _ = kill_process(Pid::from_child(&child), Signal::QUIT);
            wait_for_exit(&mut child, ENDS_WITHIN);
        }
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let end = lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n");
            eprintln!("--- the end of the log of postgres ---\n{end}\n---");
        }
    }
}

/// The account that the cluster runs as: PostgreSQL refuses to run as root.
#[derive(Debug, Clone, Copy)]
struct Account(Option<(u32, u32)>);

impl Account {
    fn unprivileged() -> Self {
        if !geteuid().is_root() {
            return Self(None);
        }
        let accounts = fs::read_to_string("/etc/passwd").expect("the accounts of the machine can be read");
        let ids_of = |name: &str| {
            let mut fields = accounts.lines().find(|line| line.starts_with(&format!("{name}:")))?.split(':').skip(2);
            Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
        };
        Self(Some(ids_of("postgres").expect("Debian's package makes the account postgres: run `make setup`")))
    }

    fn run(self, command: &mut Command) {
        if let Self(Some((user, group))) = self {
            command.uid(user).gid(group);
        }
    }

    fn own(self, folder: &Path) {
        if let Self(Some((user, group))) = self {
            let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
            rustix::fs::chown(folder, Some(user), Some(group)).expect("root may give a folder away");
        }
    }
}

/// The programs of the newest version that Debian's packages have put on this machine.
fn bin_dir() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version_of = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.map(|entry| entry.path()).filter(|path| path.join("bin/initdb").exists());
    let newest = newest.max_by_key(|path| version_of(path));
    newest.expect("PostgreSQL must be installed: run `make setup`").join("bin")
}

#[track_caller]
fn assert_went_well(what: &str, done: &Output) {
    assert!(done.status.success(), "{what}: {}", String::from_utf8_lossy(&done.stderr));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_committed_is_there_after_a_crash_and_a_start() {
        let mut postgres = Postgres::start_new();
        let url = postgres.create_database("some");
        assert!(url.ends_with("/some"));
        postgres.sql("some", "CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x y'), (2, NULL)");
        postgres.restart_immediately();
        let rows = postgres.sql("some", "SELECT * FROM t ORDER BY a");
        assert_eq!(rows, [["1", "x y"], ["2", "\\N"]]);
        assert_eq!(postgres.sql("some", "SELECT 1 WHERE false"), Vec::<Vec<String>>::new());
        assert!(postgres.try_sql("some", "SELECT nothing").unwrap_err().contains("nothing"));
    }

    #[test]
    fn its_processes_and_its_folder_are_gone_with_it() {
        let postgres = Postgres::start_new();
        let (pid, folder) = (postgres.pid(), postgres.own_dir.path().to_owned());
        drop(postgres);
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
        assert!(!folder.exists());
    }
}
