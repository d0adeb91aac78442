//! Random bytes: whatever comes, it is answered as the caller's fault and the server lives on.

use bytes::Bytes;
use fastrand::Rng;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::support::{Ask, Running, SOON};

fn seed() -> u64 {
    let given = std::env::var("PLAYHEAD_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| fastrand::u64(..));
    println!("PLAYHEAD_SEED={seed}");
    seed
}

/// Valid JSON with some bytes changed, cut or doubled.
fn spoiled(rng: &mut Rng, text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..rng.usize(1..6) {
        let at = rng.usize(..bytes.len().max(1)).min(bytes.len().saturating_sub(1));
        match rng.u8(..4) {
            0 if !bytes.is_empty() => bytes[at] = rng.u8(..),
            1 => bytes.truncate(at),
            2 => bytes.insert(at, rng.u8(..)),
            _ => bytes.extend_from_within(..at),
        }
    }
    bytes
}

#[tokio::test]
async fn random_json_is_never_the_servers_fault() {
    let server = Running::open().await;
    let mut rng = Rng::with_seed(seed());
    let position = r#"{"event_time":1700000000000,"position_ms":61000,"play_id":"p1","seq":7,"kind":"pause"}"#;
    let events = format!("[{}]", r#"{"user_id":"u","video_id":"v","event_time":1700000000001,"position_ms":1}"#);
    for _ in 0..300 {
        for (method, path, text) in [
            ("PUT", "/v1/users/u/positions/v", position),
            ("POST", "/v1/events", events.as_str()),
            ("PUT", "/v1/videos/v", r#"{"title":"A","genres":["x"]}"#),
            ("POST", "/v1/sql", r#"{"query":"SELECT 1"}"#),
        ] {
            let body = spoiled(&mut rng, text);
            let ask = Ask::new(server.http, method, path).header("content-type", "application/json");
            let answer = ask.body(body.clone()).send().await;
            assert!(answer.status < 500, "{path} {:?}: {}", String::from_utf8_lossy(&body), answer.text());
        }
    }
}

#[tokio::test]
async fn random_protobuf_is_never_the_servers_fault() {
    let server = Running::open().await;
    let mut rng = Rng::with_seed(seed());
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let methods = ["SetPosition", "GetPosition", "GetPositions", "ListPositions", "RecordEvents", "Forget", "Nothing"];
    for _ in 0..300 {
        let method = methods[rng.usize(..methods.len())];
        let message: Vec<u8> = (0..rng.usize(..200)).map(|_| rng.u8(..)).collect();
        let length = if rng.u8(..10) == 0 { rng.u32(..) } else { message.len() as u32 };
        let mut body = vec![rng.u8(..20) / 19];
        body.extend(length.to_be_bytes());
        body.extend(message);
        let request = Request::post(format!("http://{}/playhead.watch.v1.Watch/{method}", server.grpc))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Full::new(Bytes::from(body)))
            .expect("a request");
        let answer = tokio::time::timeout(SOON, client.request(request)).await.expect("in time").expect("an answer");
        let (head, body) = answer.into_parts();
        let whole = body.collect().await.expect("a body");
        let status =
            head.headers.get("grpc-status").or(whole.trailers().and_then(|trailers| trailers.get("grpc-status")));
        let code = status.expect("a status").to_str().expect("text").to_owned();
        // 2 is unknown, 15 data loss: neither is a caller's fault. 13, internal, is what the protocol says of bytes that
        // cannot be decoded.
        assert!(!["2", "15"].contains(&code.as_str()), "{method}: {code}");
    }
    assert_eq!(server.get("/livez").await.status, 200);
}
