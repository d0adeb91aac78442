//! Imports against a server that answers by a script.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use super::super::csv_events;
use super::*;

/// An answer: the status, a header line or nothing, the body.
pub(in crate::commands::import) type Scripted = (u16, &'static str, String);

/// A server that answers each request by the script, given the number of the request and its lines. It lives until the test's
/// process ends.
pub(in crate::commands::import) struct Server {
    pub(in crate::commands::import) url: String,
    /// The lines of each request.
    seen: Arc<Mutex<Vec<Vec<Value>>>>,
}

impl Server {
    pub(in crate::commands::import) fn start(script: impl Fn(usize, &[Value]) -> Scripted + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let seen: Arc<Mutex<Vec<Vec<Value>>>> = Arc::default();
        let server = Self { url, seen: Arc::clone(&seen) };
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let lines = request(&mut stream);
                let number = seen.lock().expect("no panics").len();
                let (status, header, body) = script(number, &lines);
                seen.lock().expect("no panics").push(lines);
                let head = format!(
                    "HTTP/1.1 {status} x\r\n{header}content-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                stream.write_all(head.as_bytes()).expect("written");
                stream.write_all(body.as_bytes()).expect("written");
            }
        });
        server
    }

    /// How many lines each request had.
    fn sizes(&self) -> Vec<usize> {
        self.seen.lock().expect("no panics").iter().map(Vec::len).collect()
    }

    fn import(&self, dir: &Path, batch: u16) -> anyhow::Result<Summary> {
        let client = ClientArgs { url: self.url.clone(), token: None };
        let args = FileArgs {
            path: dir.join("events.csv"),
            batch,
            rejects: dir.join("rejects.tsv"),
            state: Some(dir.join("state.json")),
            no_wait: true,
            json: false,
        };
        let mut session = Session::open("csv", &args, &client)?;
        session.send("events", "/v1/events?backfill=true", csv_events::rows(&args.path)?)?;
        session.finish(false)
    }
}

/// Reads a request; gives the lines of its body.
fn request(stream: &mut TcpStream) -> Vec<Value> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a whole body");
    let text = String::from_utf8(body).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn taken(lines: &[Value]) -> Scripted {
    results(lines.iter().map(|_| json!({ "status": "ok" })).collect())
}

fn results(results: Vec<Value>) -> Scripted {
    (200, "", json!({ "results": results }).to_string())
}

/// A file of `count` good events: positions 1 to `count`.
fn events(count: usize) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let rows: String = (1..=count).map(|n| format!("u{n},v1,1365029107000,{n}\n")).collect();
    std::fs::write(dir.path().join("events.csv"), format!("user_id,video_id,event_time,position_ms\n{rows}"))
        .expect("a file");
    dir
}

#[test]
fn batches_are_sent_in_order_and_counted() {
    let server = Server::start(|_, lines| taken(lines));
    let dir = events(25);
    let summary = server.import(dir.path(), 10).expect("imported");
    assert_eq!((summary.accepted, summary.rejected, summary.resumed), (25, 0, false));
    assert_eq!(server.sizes(), [10, 10, 5]);
    assert!(summary.took_something());
    assert!(!dir.path().join("state.json").exists(), "a finished import leaves nothing behind");
    assert!(!dir.path().join("rejects.tsv").exists());
}

#[test]
fn a_server_that_is_busy_is_asked_again() {
    let server = Server::start(|number, lines| match number {
        0 => (429, "retry-after: 0\r\n", r#"{"detail":"full"}"#.to_owned()),
        1 => (503, "", String::new()),
        2 => (507, "", String::new()),
        _ => taken(lines),
    });
    let summary = server.import(events(3).path(), 10).expect("imported");
    assert_eq!(summary.accepted, 3);
    assert_eq!(server.sizes(), [3, 3, 3, 3]);
}

#[test]
fn only_lines_that_may_be_taken_later_are_sent_again() {
    let server = Server::start(|number, lines| {
        let result = |line: &Value| match (number, line["position_ms"].as_u64()) {
            (0, Some(2)) => json!({ "status": "error", "type": "too-busy", "detail": "full", "retryable": true }),
            (_, Some(3)) => {
                json!({ "status": "error", "type": "invalid-field", "field": "user_id", "detail": "unwanted", "retryable": false })
            }
            _ => json!({ "status": "ok" }),
        };
        results(lines.iter().map(result).collect())
    });
    let dir = events(4);
    let summary = server.import(dir.path(), 10).expect("imported");
    assert_eq!((summary.accepted, summary.rejected), (3, 1));
    assert_eq!(server.sizes(), [4, 1]);
    let rejects = std::fs::read_to_string(dir.path().join("rejects.tsv")).expect("rejects");
    assert!(rejects.ends_with("events.csv\t4\tuser_id: unwanted\tu3,v1,1365029107000,3\n"), "{rejects}");
}

#[test]
fn a_body_that_is_too_large_is_halved() {
    let server = Server::start(|_, lines| match lines.len() {
        0..=2 => taken(lines),
        _ => (413, "", r#"{"detail":"at most 2"}"#.to_owned()),
    });
    let summary = server.import(events(7).path(), 8).expect("imported");
    assert_eq!(summary.accepted, 7);
    assert_eq!(server.sizes(), [7, 4, 2, 2, 2, 1]);
}

#[test]
fn an_interrupted_import_goes_on_where_it_stopped() {
    let server = Server::start(|number, lines| match number {
        2 => (401, "", r#"{"detail":"the token was revoked"}"#.to_owned()),
        _ => taken(lines),
    });
    let dir = events(30);
    let error = server.import(dir.path(), 10).expect_err("it is interrupted");
    assert!(error.to_string().contains("the token was revoked"), "{error}");
    let summary = server.import(dir.path(), 10).expect("imported");
    assert_eq!((summary.accepted, summary.resumed), (30, true));
    assert_eq!(server.sizes(), [10, 10, 10, 10]);
    let seen = server.seen.lock().expect("no panics");
    assert_eq!(seen[2], seen[3], "the batch without an answer is sent again, and nothing before it");
}

#[test]
fn an_answer_for_other_lines_is_no_answer() {
    let server = Server::start(|_, lines| taken(&lines[1..]));
    assert!(server.import(events(3).path(), 10).is_err());
}

#[test]
fn lines_that_cannot_be_events_are_never_sent() {
    let server = Server::start(|_, lines| taken(lines));
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("events.csv"), "user_id,video_id,event_time,position_ms\nu,v,x,1\n")
        .expect("a file");
    let summary = server.import(dir.path(), 10).expect("imported");
    assert_eq!((summary.accepted, summary.rejected), (0, 1));
    assert!(!summary.took_something());
    assert!(summary.to_string().contains("rejects.tsv"));
}
