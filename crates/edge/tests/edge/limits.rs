//! What happens at a limit: it is named, and what is not at its limit goes on.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Fault, Running, SOON, Server};

const POSITION: &str = "/v1/users/u/positions/v";
const BODY: &str = r#"{"event_time":1700000000001,"position_ms":1}"#;

async fn limited(limit: impl FnOnce(&mut Server)) -> Running {
    let mut server = Server::default();
    limit(&mut server);
    server.start().await
}

#[tokio::test]
async fn writes_at_their_limit_leave_reads_alone() {
    let server = limited(|server| server.config.write_concurrency = 1).await;
    server.log.fail(Fault::Slow(SOON));
    let slow = server.ask("PUT", POSITION).json(BODY);
    let slow = tokio::spawn(slow.send());
    while server.log.appends.load(std::sync::atomic::Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let refused = server.put(POSITION, BODY).await;
    assert_eq!(refused.problem(), "429 too-busy write-concurrency");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(server.get(POSITION).await.status, 404);
    server.log.fail(Fault::None);
    assert_eq!(slow.await.expect("it ends").status, 200);
    assert_eq!(server.put(POSITION, BODY).await.status, 200);
}

#[tokio::test]
async fn writes_stop_while_recent_positions_are_full() {
    let server = limited(|server| server.recent_max = 1).await;
    assert_eq!(server.put(POSITION, BODY).await.status, 200);
    assert_eq!(server.put("/v1/users/u/positions/w", BODY).await.problem(), "429 too-busy recent-positions");
    assert_eq!(server.get(POSITION).await.status, 200);
}

#[tokio::test]
async fn a_client_has_its_rate() {
    let server = limited(|server| (server.config.client_rate_per_s, server.config.client_burst) = (1, 3)).await;
    for _ in 0..3 {
        assert_eq!(server.get(POSITION).await.status, 404);
    }
    assert_eq!(server.get(POSITION).await.problem(), "429 too-busy client-rate");
    assert_eq!(server.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_request_has_its_time() {
    let server = Running::open().await;
    server.log.fail(Fault::Slow(SOON));
    let answer = server.ask("PUT", POSITION).header("x-request-timeout-ms", "50").json(BODY).send().await;
    assert_eq!(answer.problem(), "408 timeout request-timeout");
    let wrong = server.ask("PUT", POSITION).header("x-request-timeout-ms", "soon").json(BODY).send().await;
    assert_eq!(wrong.problem(), "400 invalid-field x-request-timeout-ms");
}

#[tokio::test]
async fn bodies_and_headers_have_their_size() {
    let server = Running::open().await;
    let large = format!(r#"{{"event_time":1700000000001,"position_ms":1,"device":"{}"}}"#, "x".repeat(70_000));
    let refused = server.put(POSITION, &large).await;
    assert_eq!(refused.problem(), "413 body-too-large body-bytes");
    assert_eq!(refused.header("connection"), None, "the rest was taken, so the connection goes on");
    let headed = server.ask("GET", "/livez").header("x-long", &"x".repeat(20_000)).send().await;
    assert_eq!(headed.problem(), "431 header-too-large header-bytes");
    let id = "u".repeat(10_000);
    assert_eq!(server.get(&format!("/v1/users/{id}/positions/v")).await.problem(), "400 invalid-field user_id");
}

/// Writes `bytes` and waits for the other side to hang up; what it said until then.
async fn until_hung_up(server: &Running, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.http).await.expect("a connection");
    stream.write_all(bytes).await.expect("sent");
    let mut said = Vec::new();
    tokio::time::timeout(SOON, stream.read_to_end(&mut said)).await.expect("it hangs up").expect("read");
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn slow_heads_are_hung_up_on() {
    let server = limited(|server| server.config.header_read_timeout_ms = 200).await;
    assert_eq!(until_hung_up(&server, b"GET /livez HT").await, "");
    assert_eq!(until_hung_up(&server, b"").await, "");
    assert_eq!(until_hung_up(&server, b"PRI * HTT").await, "");
}

#[tokio::test]
async fn a_slow_body_has_the_time_of_its_request() {
    let server = limited(|server| server.config.request_timeout_ms = 200).await;
    let head = "PUT /v1/users/u/positions/v HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n\
                content-length: 100\r\n\r\n{";
    let said = until_hung_up(&server, head.as_bytes()).await;
    assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
}

/// A caller is often refused by its head alone, while the body is still on its way.
#[tokio::test]
async fn a_body_that_nobody_reads_costs_neither_the_answer_nor_the_connection() {
    let server = Running::open().await;
    let mut stream = TcpStream::connect(server.http).await.expect("a connection");
    let body = vec![b'x'; 3 << 20];
    let refused = format!("POST /v1/nothing HTTP/1.1\r\nhost: h\r\ncontent-length: {}\r\n\r\n", body.len());
    for _ in 0..3 {
        stream.write_all(refused.as_bytes()).await.expect("sent");
        tokio::task::yield_now().await;
        tokio::time::timeout(SOON, stream.write_all(&body)).await.expect("all of it is taken").expect("sent");
        let said = said_until(&mut stream, b"}").await;
        assert!(said.starts_with("HTTP/1.1 404 ") && !said.contains("connection: close"), "{said}");
    }
    // Who waits to be told to go on is not told to.
    let waits = format!(
        "POST /v1/nothing HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let said = until_hung_up(&server, waits.as_bytes()).await;
    assert!(said.starts_with("HTTP/1.1 404 ") && said.contains("connection: close"), "{said}");
}

/// What is said up to these bytes.
async fn said_until(stream: &mut TcpStream, end: &[u8]) -> String {
    let mut said = Vec::new();
    while !said.ends_with(end) {
        let mut chunk = [0; 1_024];
        let size = tokio::time::timeout(SOON, stream.read(&mut chunk)).await.expect("an answer").expect("read");
        assert!(size > 0, "it hung up after {}", String::from_utf8_lossy(&said));
        said.extend_from_slice(&chunk[..size]);
    }
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn an_url_of_a_megabyte_is_refused() {
    let server = Running::open().await;
    let request = format!("GET /v1/users/{}/positions HTTP/1.1\r\nhost: h\r\n\r\n", "u".repeat(1_000_000));
    let mut stream = TcpStream::connect(server.http).await.expect("a connection");
    // It hangs up as soon as it has read too much, so the rest may find nobody.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut said = Vec::new();
    let _ = tokio::time::timeout(SOON, stream.read_to_end(&mut said)).await.expect("it hangs up");
    assert!(said.is_empty() || said.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&said));
    assert_eq!(server.get("/livez").await.status, 200);
}

#[tokio::test]
async fn a_message_of_grpc_has_its_size_packed_or_not() {
    use playhead_contracts::watch::{Event, RecordEventsRequest, StreamEventsRequest};
    use tonic::codec::CompressionEncoding;

    let server = limited(|server| server.config.batch_bytes_max = 10_000).await;
    let events = vec![Event { device: "x".repeat(20_000), ..Event::default() }];
    let check = |status: tonic::Status| {
        assert_eq!(status.code(), tonic::Code::ResourceExhausted, "{status}");
        assert_eq!(status.metadata().get("playhead-problem").expect("a name"), "body-too-large");
        assert_eq!(status.message(), "batch-bytes: a message may have 10000 bytes, unpacked");
        assert!(status.metadata().get("retry-after").is_none(), "it will never be taken");
    };
    let plain = server.watch_client().await;
    for mut client in [plain.clone(), plain.send_compressed(CompressionEncoding::Gzip)] {
        let request = RecordEventsRequest { events: events.clone(), ..Default::default() };
        check(client.record_events(request).await.expect_err("it is too large"));
        let message = StreamEventsRequest { events: events.clone(), ..Default::default() };
        let mut answers = client.stream_events(tokio_stream::once(message)).await.expect("a stream").into_inner();
        check(answers.message().await.expect_err("it is too large"));
    }
}
