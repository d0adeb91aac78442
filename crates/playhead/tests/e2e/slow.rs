//! Callers that are slow on purpose: sent away by a deadline, while everybody else is served.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use playhead_testkit::{Grpc, Program, event, wait_until};

use crate::setup;

const SLOW_CALLERS: usize = 24;
const PATIENCE: Duration = Duration::from_secs(240);

fn program() -> Program {
    setup()
        .env("PLAYHEAD_EDGE__HEADER_READ_TIMEOUT_MS", "3000")
        .env("PLAYHEAD_EDGE__REQUEST_TIMEOUT_MS", "8000")
        .env("PLAYHEAD_EDGE__SQL_TIME_MS_MAX", "2000")
        .env("PLAYHEAD_EDGE__SQL_READ_MS_MAX", "1000")
        .start()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_millis(20))).expect("a socket takes a timeout");
    stream
}

/// Whether the other side has closed; drips one more byte in if it has not. Adds what it said to `said`.
fn is_closed(stream: &mut TcpStream, drip: u8, said: &mut Vec<u8>) -> bool {
    let mut chunk = [0; 1_024];
    match stream.read(&mut chunk) {
        Ok(0) => true,
        Ok(size) => {
            said.extend_from_slice(&chunk[..size]);
            false
        }
        Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
            stream.write_all(&[drip]).is_err()
        }
        Err(_) => true,
    }
}

#[track_caller]
fn assert_served(program: &Program, grpc: &mut Grpc) {
    let at = event().user("quick");
    program.http().put(&at.path(), &at.put_json()).expect("an answer").expect_status(200);
    grpc.raw("GetPosition", b"\x0a\x05quick\x12\x01v".to_vec()).expect("an answer");
}

#[test]
fn headers_that_drip_in_end_the_connection_while_others_are_served() {
    let program = program();
    let mut grpc = Grpc::new(program.grpc_address());
    let begins: [(&[u8], u8); 3] =
        [(b"", b'G'), (b"GET / HTTP/1.1\r\nx: ", b'y'), (b"POST /v1/events HTTP/1.1\r\nhost: x\r\n", b'z')];
    let mut slow = Vec::new();
    for number in 0..SLOW_CALLERS {
        let (begin, drip) = begins[number % begins.len()];
        let mut stream = connect(if number % 2 == 0 { program.http_address() } else { program.grpc_address() });
        stream.write_all(begin).expect("the first bytes are taken");
        slow.push((stream, drip, Vec::new()));
    }
    let until = Instant::now() + PATIENCE;
    while !slow.is_empty() {
        assert!(Instant::now() < until, "{} slow callers are still connected", slow.len());
        slow.retain_mut(|(stream, drip, said)| !is_closed(stream, *drip, said));
        assert_served(&program, &mut grpc);
    }
}

#[test]
fn a_body_that_never_ends_is_answered_by_the_deadline() {
    let program = program();
    let mut grpc = Grpc::new(program.grpc_address());
    let head = "PUT /v1/users/u/positions/v HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{";
    let mut stream = connect(program.http_address());
    stream.write_all(head.as_bytes()).expect("taken");
    let mut said = Vec::new();
    let until = Instant::now() + PATIENCE;
    while !is_closed(&mut stream, b' ', &mut said) && !said.ends_with(b"}") {
        assert!(Instant::now() < until, "no answer: {}", String::from_utf8_lossy(&said));
        assert_served(&program, &mut grpc);
    }
    let said = String::from_utf8_lossy(&said);
    assert!(said.starts_with("HTTP/1.1 408") && said.contains("\"limit\":\"request-timeout\""), "{said}");
}

/// Callers that ask for much and read nothing give their places back once their time is over.
#[test]
fn answers_that_nobody_reads_do_not_hold_analysts_up() {
    let program = program();
    let query = r#"{"query": "SELECT range AS n, 'a row that is long enough to fill every buffer' AS text FROM range(100000)", "format": "csv"}"#;
    let mut stuck = Vec::new();
    for _ in 0..8 {
        let mut stream = connect(program.http_address());
        let size = query.len();
        let head = format!(
            "POST /v1/sql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {size}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(query.as_bytes())).expect("taken");
        stuck.push(stream);
    }
    wait_until(PATIENCE, "an analyst is answered", || {
        let at = event().user("quick");
        program.http().put(&at.path(), &at.put_json()).expect("an answer").expect_status(200);
        playhead_testkit::try_sql(program.http(), "SELECT 1").is_ok_and(|answer| answer.status == 200)
    });
    drop(stuck);
}

/// Connections past the limit wait; those that ask nothing make room.
#[test]
fn idle_connections_make_room_for_those_that_ask() {
    let program =
        setup().env("PLAYHEAD_EDGE__CONNECTIONS_MAX", "4").env("PLAYHEAD_EDGE__HEADER_READ_TIMEOUT_MS", "3000").start();
    let idle: Vec<TcpStream> = (0..20).map(|_| connect(program.http_address())).collect();
    program.http().get("/livez").expect("an answer").expect_status(200);
    let at = event().user("quick");
    program.http().put(&at.path(), &at.put_json()).expect("an answer").expect_status(200);
    drop(idle);
}
