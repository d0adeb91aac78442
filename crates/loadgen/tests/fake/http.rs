//! A small server of positions over HTTP that may lie.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use playhead_domain::{Kind, Moment, Offset, PlayId, Position, State, Timestamp, UserId, VideoId};
use serde::Deserialize;
use tokio::net::TcpListener;

/// How the server treats the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Honest,
    /// Acknowledges every hundredth write without keeping it.
    Forgets,
    /// Keeps the first position of each pair for ever.
    StaysBehind,
    /// The same, but owns to it.
    StaysBehindOpenly,
    /// Says a wrong resume point.
    MiscountsResume,
    /// Answers what it does not understand with 500.
    Chokes,
    /// Refuses every tenth write as too many.
    IsBusy,
}

struct Fake {
    manner: Manner,
    states: Mutex<HashMap<(String, String), State>>,
    writes: AtomicU64,
}

#[derive(Deserialize)]
struct Body {
    event_time: u64,
    position_ms: u64,
    play_id: String,
    seq: u64,
    duration_ms: u64,
    kind: String,
}

/// Serves on a free port until the test's runtime ends.
pub(crate) async fn serve(manner: Manner) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let fake = Arc::new(Fake { manner, states: Mutex::default(), writes: AtomicU64::new(0) });
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            stream.set_nodelay(true).expect("a TCP socket");
            let fake = Arc::clone(&fake);
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let fake = Arc::clone(&fake);
                    async move { Ok::<_, Infallible>(fake.answer(request).await) }
                });
                let serving = hyper::server::conn::http1::Builder::new();
                drop(serving.serve_connection(TokioIo::new(stream), service).await);
            });
        }
    });
    address
}

impl Fake {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        let bad =
            if self.manner == Manner::Chokes { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::BAD_REQUEST };
        let Some(key) = key_of(head.uri.path()) else { return status(bad) };
        match head.method {
            Method::PUT => match event_of(&body) {
                Some((play_id, moment)) => status(self.write(key, play_id, moment)),
                None => status(bad),
            },
            Method::GET => self.read(&key),
            _ => status(StatusCode::METHOD_NOT_ALLOWED),
        }
    }

    fn write(&self, key: (String, String), play_id: PlayId, moment: Moment) -> StatusCode {
        let number = self.writes.fetch_add(1, Ordering::Relaxed);
        if self.manner == Manner::IsBusy && number.is_multiple_of(10) {
            return StatusCode::TOO_MANY_REQUESTS;
        }
        if self.manner == Manner::Forgets && number.is_multiple_of(100) {
            return StatusCode::NO_CONTENT;
        }
        let mut states = self.states.lock().expect("no panics");
        let behind = matches!(self.manner, Manner::StaysBehind | Manner::StaysBehindOpenly);
        if behind && states.contains_key(&key) {
            return StatusCode::NO_CONTENT;
        }
        states.entry(key).or_default().join(&State::of_event(play_id, moment, Offset(0)));
        StatusCode::NO_CONTENT
    }

    fn read(&self, key: &(String, String)) -> Response<Full<Bytes>> {
        let states = self.states.lock().expect("no panics");
        let Some(position) = states.get(key).and_then(Position::of) else { return status(StatusCode::NOT_FOUND) };
        let resume_ms = position.resume_ms + u64::from(self.manner == Manner::MiscountsResume);
        let body = serde_json::json!({
            "video_id": key.1,
            "position_ms": position.position_ms,
            "resume_ms": resume_ms,
            "completed": position.completed,
            "event_time": position.event_time.0,
            "play_id": position.play_id.map(|play_id| play_id.to_string()),
            "kind": position.kind.name(),
            "hidden": position.hidden,
            "stale": self.manner == Manner::StaysBehindOpenly,
        });
        Response::new(Full::new(body.to_string().into()))
    }
}

fn key_of(path: &str) -> Option<(String, String)> {
    let (user, video) = path.strip_prefix("/v1/users/")?.split_once("/positions/")?;
    user.parse::<UserId>().ok()?;
    video.parse::<VideoId>().ok()?;
    Some((user.to_owned(), video.to_owned()))
}

fn event_of(body: &[u8]) -> Option<(PlayId, Moment)> {
    let body: Body = serde_json::from_slice(body).ok()?;
    let moment = Moment {
        seq: body.seq,
        event_time: Timestamp(i64::try_from(body.event_time).ok()?),
        position_ms: body.position_ms,
        kind: Kind::from_name(&body.kind)?,
        duration_ms: Some(body.duration_ms),
    };
    Some((body.play_id.parse().ok()?, moment))
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = status;
    response
}
