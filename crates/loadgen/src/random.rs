//! Packets that no server may take: broken JSON, wrong types, huge ids, random bytes. Each must be refused in order.

use bytes::Bytes;
use fastrand::Rng;
use http::Method;
use playhead_contracts::watch;
use tonic::Code;

use crate::grpc_line::GrpcLine;
use crate::http_line::HttpLine;
use crate::outcome::Failure;

/// A huge id in a body.
const HUGE_BYTES: usize = 64 * 1_024;
/// A long id in a path, well past the limit of 64.
const LONG_BYTES: usize = 1_000;

/// Sends one packet over HTTP. `Ok` means that the server took it.
pub(crate) async fn over_http(line: &mut HttpLine, rng: &mut Rng) -> Result<(), Failure> {
    let packet = http_packet(rng);
    let reply = line.send(packet.method, &packet.path, packet.content_type, packet.body).await?;
    if reply.status.is_success() { Ok(()) } else { Err(Failure::of_http(reply.status)) }
}

struct Packet {
    method: Method,
    path: String,
    content_type: &'static str,
    body: Bytes,
}

fn http_packet(rng: &mut Rng) -> Packet {
    let json = |path: &str, body: String| Packet {
        method: Method::PUT,
        path: path.to_owned(),
        content_type: "application/json",
        body: body.into(),
    };
    let position = "/v1/users/random/positions/random";
    match rng.u32(0..10) {
        0 => json(position, r#"{"event_time":1700000000001,"position_ms":"#.to_owned()),
        1 => json(position, r#"{"event_time":"yesterday","position_ms":[]}"#.to_owned()),
        2 => json(position, r#"{"event_time":-5,"position_ms":-1}"#.to_owned()),
        3 => json(
            position,
            format!(r#"{{"event_time":1700000000001,"position_ms":1,"play_id":"{}"}}"#, text(rng, HUGE_BYTES)),
        ),
        4 => json(position, format!(r#"{{"event_time":1700000000001,"position_ms":{}}}"#, u64::MAX)),
        5 => json(position, r#"{"event_time":1700000000001,"position_ms":1,"kind":"rewind"}"#.to_owned()),
        6 => json(position, "[".repeat(5_000)),
        7 => json(
            &format!("/v1/users/{}/positions/x", text(rng, LONG_BYTES)),
            r#"{"event_time":1700000000001,"position_ms":1}"#.to_owned(),
        ),
        8 => Packet {
            method: Method::PUT,
            path: position.to_owned(),
            content_type: "application/json",
            body: bytes(rng),
        },
        _ => Packet {
            method: Method::POST,
            path: "/v1/events".to_owned(),
            content_type: "application/octet-stream",
            body: bytes(rng),
        },
    }
}

/// Sends one packet over gRPC. `Ok` means that the server took it.
pub(crate) async fn over_grpc(line: &mut GrpcLine, rng: &mut Rng) -> Result<(), Failure> {
    if rng.u32(0..8) != 0 {
        return line.write_message(grpc_packet(rng)).await;
    }
    // A first byte that no message has. gRPC has no code for what cannot be decoded; servers say INTERNAL.
    match line.write_bytes(bytes(rng)).await {
        Err(status) if status.code() == Code::Internal => Err(Failure::refused("undecodable")),
        answer => answer.map_err(|status| Failure::of_grpc(&status)),
    }
}

fn grpc_packet(rng: &mut Rng) -> watch::Event {
    let good = watch::Event {
        user_id: "random".to_owned(),
        video_id: "random".to_owned(),
        event_time: 1_700_000_000_001,
        position_ms: 1,
        ..watch::Event::default()
    };
    match rng.u32(0..7) {
        0 => watch::Event::default(),
        1 => watch::Event { user_id: text(rng, HUGE_BYTES), ..good },
        2 => watch::Event { video_id: "a b/\u{0}\u{1f600}".to_owned(), ..good },
        3 => watch::Event { event_time: i64::MIN, ..good },
        4 => watch::Event { position_ms: u64::MAX, ..good },
        5 => watch::Event { kind: 77, ..good },
        _ => watch::Event { device: text(rng, LONG_BYTES), ..good },
    }
}

fn text(rng: &mut Rng, len: usize) -> String {
    (0..len).map(|_| rng.alphanumeric()).collect()
}

/// Random bytes behind one that begins neither JSON nor a protobuf message, so that none are good by chance.
fn bytes(rng: &mut Rng) -> Bytes {
    let len = rng.usize(1..2_000);
    std::iter::once(0xff).chain((0..len).map(|_| rng.u8(..))).collect()
}
