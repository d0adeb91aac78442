//! `playhead serve` as a process: started on free ports, killed, ended, started again on the same files and ports.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::cli::{Finished, command_of, run_to_end, run_with_env};
use crate::grpc::{WatchClient, watch_client};
use crate::http::Http;
use crate::ports::free_address;
use crate::sql::{Row, sql};
use crate::wait::wait_until;

/// Generous, because many programs may start at once on a small machine.
const READY_WITHIN: Duration = Duration::from_secs(240);
const COMMAND_WITHIN: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_millis(5);
const LOG_LINES_SHOWN: usize = 80;

/// How to start the program.
#[derive(Debug)]
pub struct Setup {
    binary: PathBuf,
    data_dir: Option<PathBuf>,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    on: IpAddr,
}

impl Setup {
    /// The program is `binary`: `env!("CARGO_BIN_EXE_playhead")`, in a test beside it.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        Self {
            binary: binary.into(),
            data_dir: None,
            args: Vec::new(),
            env: Vec::new(),
            on: Ipv4Addr::LOCALHOST.into(),
        }
    }

    /// Where its data is; a temporary folder if nothing is said.
    pub fn data_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(path.into());
        self
    }

    /// It listens on every address of the machine, not on loopback alone, where its clients still find it.
    pub fn listen_everywhere(self) -> Self {
        Self { on: Ipv4Addr::UNSPECIFIED.into(), ..self }
    }

    /// One more argument of `serve`.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// One more environment variable.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Starts it and waits until it is ready. Panics, and shows its log, if it does not become so.
    #[track_caller]
    pub fn start(self) -> Program {
        let mut program = self.prepare();
        program.start();
        program
    }

    /// Chooses its ports and folders without starting it.
    #[track_caller]
    pub fn prepare(self) -> Program {
        let own_dir = tempfile::tempdir().expect("a temporary folder can be made");
        let data_dir = self.data_dir.unwrap_or_else(|| own_dir.path().join("data"));
        let http_address = free_address();
        Program {
            binary: self.binary,
            data_dir,
            args: self.args,
            env: self.env,
            on: self.on,
            http_address,
            grpc_address: free_address(),
            http: Http::new(http_address),
            child: None,
            own_dir,
        }
    }
}

/// The program, running or not. It is killed when this is dropped, and its log is shown if that is by a panic.
#[derive(Debug)]
pub struct Program {
    binary: PathBuf,
    data_dir: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    on: IpAddr,
    http_address: SocketAddr,
    grpc_address: SocketAddr,
    http: Http,
    child: Option<Child>,
    /// Holds the log, apart from the data, which a test may put on a full disk.
    own_dir: TempDir,
}

impl Program {
    /// Starts it again after its end and waits until it is ready.
    #[track_caller]
    pub fn start(&mut self) {
        self.spawn();
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if self.http.get("/readyz").is_ok_and(|answer| answer.status == 200) {
                return;
            }
            if let Some(status) = self.exit_status() {
                panic!("the program ended before it was ready: {status}");
            }
            assert!(Instant::now() < deadline, "not ready after {READY_WITHIN:?}");
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Starts it again after its end without waiting for anything.
    #[track_caller]
    pub fn spawn(&mut self) {
        assert!(self.child.is_none(), "the program is running already");
        let log = OpenOptions::new().create(true).append(true).open(self.log_path()).expect("the log can be opened");
        let listens = |address: SocketAddr| SocketAddr::new(self.on, address.port()).to_string();
        let mut command = command_of(&self.binary);
        command
            .arg("serve")
            .args(["--http", &listens(self.http_address), "--grpc", &listens(self.grpc_address)])
            .arg("--data")
            .arg(&self.data_dir)
            .args(&self.args)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("an open file can be had twice"))
            .stderr(log);
        let child = command.spawn().unwrap_or_else(|e| panic!("{}: {e}", self.binary.display()));
        self.child = Some(child);
    }

    /// Kills it at once, as a power cut would, and starts it again.
    #[track_caller]
    pub fn restart(&mut self) {
        self.kill9();
        self.start();
    }

    /// Kills it at once. Nothing is done if it does not run.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            end(&mut child);
        }
    }

    /// Waits until it has ended by itself. Panics, and shows its log, if that takes longer than `within`.
    #[track_caller]
    pub fn wait_for_end(&mut self, within: Duration) -> ExitStatus {
        let mut child = self.child.take().expect("the program must run to end");
        match wait_for_exit(&mut child, within) {
            Some(status) => status,
            None => panic!("still running after {within:?}"),
        }
    }

    /// Asks it to end (SIGTERM) and gives how it did. Panics, and shows its log, if that
    /// takes longer than `within`.
    #[track_caller]
    pub fn terminate(&mut self, within: Duration) -> ExitStatus {
        self.signal(Signal::TERM);
        let mut child = self.child.take().expect("a program that took a signal runs");
        match wait_for_exit(&mut child, within) {
            Some(status) => status,
            None => panic!("still running {within:?} after SIGTERM"),
        }
    }

    /// Sends a signal, SIGSTOP for instance.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(self.child.as_ref().expect("the program must run to take a signal"));
        kill_process(pid, signal).expect("a child that was not waited for takes signals");
    }

    /// How it ended by itself; none while it runs.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        let status = self.child.as_mut()?.try_wait().expect("a child can be asked");
        if status.is_some() {
            self.child = None;
        }
        status
    }

    /// Its process id.
    #[track_caller]
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the program must run to have a process id").id()
    }

    /// A client of its HTTP interface.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// Where it listens for HTTP.
    pub fn http_address(&self) -> SocketAddr {
        self.http_address
    }

    /// Where it listens for gRPC.
    pub fn grpc_address(&self) -> SocketAddr {
        self.grpc_address
    }

    /// A client of its gRPC interface.
    pub async fn grpc(&self) -> Result<WatchClient, tonic::transport::Error> {
        watch_client(self.grpc_address).await
    }

    /// Its data folder.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The rows that a query gives. Panics with the problem if it gives none.
    #[track_caller]
    pub fn sql(&self, query: &str) -> Vec<Row> {
        sql(&self.http, query)
    }

    /// Waits until the warehouse has at least `count` events; panics if that takes longer than `within`.
    #[track_caller]
    pub fn wait_loaded(&self, count: u64, within: Duration) {
        let mut loaded = 0;
        let deadline = Instant::now() + within;
        while loaded < count {
            assert!(Instant::now() < deadline, "{loaded} of {count} events are loaded after {within:?}");
            std::thread::sleep(LOOK_EVERY * 4);
            let rows = self.sql("SELECT count(*) FROM watch_events");
            loaded = rows[0][0].as_u64().unwrap_or_else(|| panic!("{} is no count", rows[0][0]));
        }
    }

    /// Runs another command of the same program to its end, as its client: `--url` names it, and `--grpc-url` where that is
    /// known.
    #[track_caller]
    pub fn client_command(&self, args: &[&str]) -> Finished {
        let (http, grpc) = (format!("http://{}", self.http_address), format!("http://{}", self.grpc_address));
        let grpc = if args.first() == Some(&"load") { &["--grpc-url", grpc.as_str()][..] } else { &[] };
        self.command(&[args, &["--url", &http], grpc].concat())
    }

    /// Runs another command of the same program to its end, under the settings that this one runs under.
    #[track_caller]
    pub fn command_with_env(&self, args: &[&str]) -> Finished {
        run_with_env(&self.binary, args, &self.env, COMMAND_WITHIN)
    }

    /// Runs another command of the same program to its end.
    #[track_caller]
    pub fn command(&self, args: &[&str]) -> Finished {
        run_to_end(&self.binary, args, COMMAND_WITHIN)
    }

    /// All that it has written, over all its lives.
    pub fn log(&self) -> String {
        std::fs::read(self.log_path()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Waits until a line of its log has `text` in it.
    #[track_caller]
    pub fn wait_logged(&self, text: &str, within: Duration) {
        wait_until(within, &format!("`{text}` in the log"), || self.log().contains(text));
    }

    fn log_path(&self) -> PathBuf {
        self.own_dir.path().join("program.log")
    }

    fn log_end(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let from = lines.len().saturating_sub(LOG_LINES_SHOWN);
        format!("--- the end of its log ---\n{}\n---", lines[from..].join("\n"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill9();
        if std::thread::panicking() {
            eprintln!("{}", self.log_end());
        }
    }
}

/// Waits for the child's end; ends it, and gives none, once `within` has passed.
pub(crate) fn wait_for_exit(child: &mut Child, within: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + within;
    loop {
        if let Some(status) = child.try_wait().expect("a child can be asked") {
            return Some(status);
        }
        if Instant::now() >= deadline {
            end(child);
            return None;
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn end(child: &mut Child) {
    // An error means that it has ended already; waiting tells.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "the program ended before it was ready: exit status: 1")]
    fn a_program_that_ends_at_once_is_not_waited_for() {
        Setup::new("/bin/false").start();
    }
}
