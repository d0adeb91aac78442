//! What no good client sends: refused in words, never by a failure, and the server goes on.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use playhead_testkit::{Answer, Code, Grpc, Program, Seeded, event, seeded};
use serde_json::{Value, json};

use crate::setup;

const ANSWER_WITHIN: Duration = Duration::from_millis(300);
const CONNECTIONS: usize = 40;
const BODIES: usize = 600;
const MESSAGES: usize = 600;
const MIB: usize = 1 << 20;

fn assert_alive(program: &Program) {
    let at = event().user("alive");
    program.http().put(&at.path(), &at.put_json()).expect("an answer").expect_status(200);
    program.http().get(&at.path()).expect("an answer").expect_status(200);
    let mut grpc = Grpc::new(program.grpc_address());
    assert!(grpc.raw("GetPosition", b"\x0a\x05alive\x12\x01v".to_vec()).is_ok());
    assert!(!program.log().contains("panicked"), "{}", program.log());
}

#[test]
fn random_bytes_on_either_port_break_nothing() {
    let program = setup().start();
    let mut rng = seeded();
    for number in 0..CONNECTIONS {
        let size = rng.usize(1..4_096);
        let mut sent: Vec<u8> = (0..size).map(|_| rng.u8(..)).collect();
        match number % 4 {
            0 => {}
            // What begins well and goes wrong.
            1 => sent.splice(0..0, *b"GET /v1/users/u/positions HTTP/1.1\r\nhost: x\r\n").for_each(drop),
            2 => sent
                .splice(0..0, *b"POST /v1/events HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n")
                .for_each(drop),
            _ => sent.splice(0..0, *b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").for_each(drop),
        }
        for address in [program.http_address(), program.grpc_address()] {
            let answer = exchange(address, &sent);
            assert!(!answer.starts_with(b"HTTP/1.1 5"), "{}", String::from_utf8_lossy(&answer));
        }
    }
    assert_alive(&program);
}

/// Sends bytes and takes what comes back within a moment.
fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(ANSWER_WITHIN)).expect("a socket takes a timeout");
    let mut answer = Vec::new();
    // The other side may close while this is sent; both are good ends.
    if stream.write_all(bytes).is_ok() {
        let mut chunk = [0; 4_096];
        while let Ok(size @ 1..) = stream.read(&mut chunk) {
            answer.extend_from_slice(&chunk[..size]);
        }
    }
    answer
}

/// Bytes that were JSON, or are almost.
fn spoiled(rng: &mut Seeded, good: &str) -> Vec<u8> {
    let mut bytes = good.as_bytes().to_vec();
    for _ in 0..rng.usize(1..4) {
        let at = rng.usize(..bytes.len());
        match rng.u8(..5) {
            0 => bytes[at] = rng.u8(..),
            1 => bytes.truncate(at.max(1)),
            2 => drop(bytes.splice(at..at, *b"\"\\u0000").collect::<Vec<_>>()),
            3 => drop(bytes.splice(at..at, *b"9999999999999999999999").collect::<Vec<_>>()),
            _ => drop(bytes.splice(at..at, *b"[{\"a\":").collect::<Vec<_>>()),
        }
    }
    bytes
}

#[test]
fn spoiled_json_is_refused_in_words() {
    let program = setup().start();
    let mut rng = seeded();
    let at = event().play("p").seq(1).duration(9);
    let targets = [
        ("PUT", at.path(), at.put_json()),
        ("POST", "/v1/events".to_owned(), json!([at.json(), at.json()])),
        ("PUT", "/v1/users/u/marks/v".to_owned(), json!({"mark": "watched"})),
        ("PUT", "/v1/videos/v".to_owned(), json!({"title": "t", "genres": ["a"]})),
        ("POST", "/v1/videos".to_owned(), json!([{"video_id": "v", "title": "t"}])),
        ("POST", "/v1/sql".to_owned(), json!({"query": "SELECT 1", "format": "json"})),
    ];
    for number in 0..BODIES {
        let (method, path, good) = &targets[number % targets.len()];
        let body = spoiled(&mut rng, &good.to_string());
        let types = ["application/json", "application/x-ndjson", "text/plain"];
        let headers = [("content-type", if rng.u8(..10) < 8 { types[0] } else { types[rng.usize(..3)] })];
        let answer = program.http().send(method, path, &headers, Some(&body)).expect("an answer");
        assert!(answer.status < 500, "{method} {path} {}: {}", String::from_utf8_lossy(&body), answer.text);
        if answer.status >= 400 {
            assert_problem(&answer);
        }
    }
    assert_alive(&program);
}

#[track_caller]
fn assert_problem(answer: &Answer) {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.text);
    let name = answer.json["type"].as_str().unwrap_or_default();
    assert!(name.starts_with("urn:playhead:problem:") && name != "urn:playhead:problem:internal", "{}", answer.text);
    assert_eq!(answer.json["status"], answer.status, "{}", answer.text);
}

#[test]
fn bytes_that_are_no_message_are_refused_by_every_grpc_method() {
    let program = setup().start();
    let mut rng = seeded();
    let mut grpc = Grpc::new(program.grpc_address());
    let methods = [
        "SetPosition",
        "GetPosition",
        "GetPositions",
        "ListPositions",
        "RecordEvents",
        "StreamEvents",
        "MarkWatched",
        "MarkUnwatched",
        "Hide",
        "Forget",
        "NoSuchMethod",
    ];
    let good = b"\x0a\x1d\x0a\x01u\x12\x01v\x18\x80\xd0\x95\xff\xbc\x31\x20\x05\x2a\x01p\x30\x01\x38\x0a\x40\x01";
    for number in 0..MESSAGES {
        let mut message = if rng.bool() { good.to_vec() } else { (0..rng.usize(..300)).map(|_| rng.u8(..)).collect() };
        for _ in 0..rng.usize(..4) {
            if !message.is_empty() {
                let at = rng.usize(..message.len());
                message[at] = rng.u8(..);
            }
        }
        let method = methods[number % methods.len()];
        if let Err(status) = grpc.raw(method, message.clone()) {
            // A stream may well end without an answer, which a call of one answer takes amiss.
            if method == "StreamEvents" && status.message().starts_with("Missing response message") {
                continue;
            }
            let is_named = status.metadata().contains_key("playhead-problem");
            // What cannot be decoded is refused before it is anybody's field.
            let is_refused = matches!(status.code(), Code::InvalidArgument | Code::NotFound | Code::Unimplemented)
                || (status.code() == Code::Internal && !is_named && status.message().contains("decode"));
            assert!(is_refused, "{method} {message:02x?}: {status}");
        }
    }
    drop(grpc);
    assert_alive(&program);
}

#[test]
fn what_is_far_too_large_is_refused_by_the_name_of_its_limit() {
    let program = setup().start();
    let long = "x".repeat(MIB);
    let refused = |status: u16, limit: Value, answer: Answer| {
        assert_eq!(
            (answer.status, &answer.json["limit"]),
            (status, &limit),
            "{}",
            &answer.text[..answer.text.len().min(500)]
        );
        assert_problem(&answer);
    };
    let http = program.http();
    // An id of 1 MB: in a path, in a body, in a batch, in gRPC.
    let in_path = exchange(
        program.http_address(),
        format!("GET /v1/users/{long}/positions HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes(),
    );
    assert!(in_path.is_empty() || in_path.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&in_path));
    let big = event().user(&long);
    refused(
        413,
        json!("body-bytes"),
        http.put(
            "/v1/users/u/positions/v",
            &json!({"event_time": 1_700_000_000_001_i64, "position_ms": 1, "play_id": long}),
        )
        .expect("an answer"),
    );
    let in_batch = http.post("/v1/events", &json!([big.json(), event().json()])).expect("an answer").expect_status(200);
    let results = &in_batch.json["results"];
    assert_eq!((&results[0]["field"], &results[1]["status"]), (&json!("user_id"), &json!("ok")), "{}", in_batch.text);
    let mut grpc = Grpc::new(program.grpc_address());
    let get = playhead_contracts::watch::GetPositionRequest { user_id: long.clone(), video_id: "v".into() };
    let status = grpc.call(async |client| client.get_position(get).await).expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().len() < 500, "the refusal repeats the id");

    // Depth, count, size, headers.
    for deep in
        ["[".repeat(100_000), "{\"a\":".repeat(50_000), format!("[{}1{}]", "[".repeat(30_000), "]".repeat(30_000))]
    {
        for path in ["/v1/events", "/v1/sql"] {
            let headers = [("content-type", "application/json")];
            let answer = http.send("POST", path, &headers, Some(deep.as_bytes())).expect("an answer");
            assert!((400..500).contains(&answer.status) || answer.json["accepted"] == 0, "{path}: {}", answer.text);
        }
    }
    let many: Vec<Value> = (0..10_001).map(|seq| event().play("p").seq(seq).json()).collect();
    refused(400, json!("batch-events"), http.post("/v1/events", &json!(many)).expect("an answer"));
    let ndjson = [("content-type", "application/x-ndjson")];
    let lines = "{}\n".repeat(10_001);
    refused(
        400,
        json!("batch-events"),
        http.send("POST", "/v1/events", &ndjson, Some(lines.as_bytes())).expect("an answer"),
    );
    let spaces = vec![b' '; 9 * MIB];
    match http.send("POST", "/v1/events", &ndjson, Some(&spaces)) {
        Ok(answer) => refused(413, json!("batch-bytes"), answer),
        Err(lost) => panic!("a body past the limit has no answer: {lost:?}"),
    }
    let packed = [("content-type", "application/x-ndjson"), ("content-encoding", "gzip")];
    // The connection may be closed before all of it was sent.
    if let Ok(answer) = http.send("POST", "/v1/events", &packed, Some(&bomb())) {
        refused(413, json!("batch-bytes"), answer);
    }
    let header = "y".repeat(17 * 1024);
    refused(
        431,
        json!("header-bytes"),
        http.send("GET", "/v1/users/u/positions", &[("x-long", &header)], None).expect("an answer"),
    );
    let events = (0..10_001).map(|seq| event().play("p").seq(seq).proto()).collect();
    let request = playhead_contracts::watch::RecordEventsRequest { events, sent_time: None, backfill: false };
    let status = grpc.call(async |client| client.record_events(request).await).expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    assert_alive(&program);
    assert_small(&program);
}

/// A gigabyte of spaces in a megabyte.
fn bomb() -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..256 {
        packed.write_all(&vec![b' '; 4 * MIB]).expect("memory takes it");
    }
    packed.finish().expect("memory takes it")
}

/// Nothing of all that was kept in memory.
fn assert_small(program: &Program) {
    let statm = std::fs::read_to_string(format!("/proc/{}/statm", program.pid())).expect("it runs");
    let pages: usize = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("resident pages");
    assert!(pages * 4_096 < 700 * MIB, "{} MiB are resident", pages * 4_096 / MIB);
}
