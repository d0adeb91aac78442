//! One HTTP/1.1 connection: one request at a time, opened again after it broke.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;

use crate::audience::{Audience, Event, Key, video_id};
use crate::outcome::{Answer, CONNECTION_LOST, Failure};

/// A request that takes longer is given up.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// The pause before a connection that broke is opened again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(50);

/// Where and as whom requests are made.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    host: String,
    port: u16,
    host_header: HeaderValue,
    bearer: Option<HeaderValue>,
    session: String,
}

impl Target {
    pub(crate) fn new(url: &str, token: Option<&str>, session: String) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("`{url}` is not a URL"))?;
        anyhow::ensure!(uri.scheme_str() == Some("http"), "`{url}`: only http:// URLs can be loaded");
        let host = uri.host().with_context(|| format!("`{url}` names no host"))?;
        let port = uri.port_u16().unwrap_or(80);
        let bearer = token.map(|token| HeaderValue::from_str(&format!("Bearer {token}"))).transpose();
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            host_header: HeaderValue::from_str(&format!("{host}:{port}"))?,
            bearer: bearer.context("the token has bytes that no header may have")?,
            session,
        })
    }
}

/// A connection.
pub(crate) struct HttpLine {
    target: Target,
    sender: Option<SendRequest<Full<Bytes>>>,
}

/// A reply.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

#[derive(Deserialize)]
struct PositionBody {
    position_ms: u64,
    resume_ms: u64,
    completed: bool,
    event_time: i64,
    #[serde(default)]
    play_id: Option<String>,
    kind: String,
    #[serde(default)]
    stale: bool,
}

impl HttpLine {
    pub(crate) fn new(target: Target) -> Self {
        Self { target, sender: None }
    }

    /// Saves one event.
    pub(crate) async fn write(&mut self, audience: &Audience, event: &Event) -> Result<(), Failure> {
        let path = position_path(audience, event.key);
        let body = event_body(audience, event, &self.target.session);
        let reply = self.send(Method::PUT, &path, "application/json", body.into()).await?;
        if reply.status.is_success() { Ok(()) } else { Err(Failure::of_http(reply.status)) }
    }

    /// Reads one position.
    pub(crate) async fn read(&mut self, audience: &Audience, key: Key) -> Result<Option<Answer>, Failure> {
        let path = position_path(audience, key);
        let reply = self.send(Method::GET, &path, "application/json", Bytes::new()).await?;
        match reply.status {
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::OK => {
                let body: PositionBody =
                    serde_json::from_slice(&reply.body).map_err(|_| Failure::broken("unreadable answer"))?;
                Ok(Some(Answer {
                    position_ms: body.position_ms,
                    resume_ms: body.resume_ms,
                    completed: body.completed,
                    event_time: body.event_time,
                    play_id: body.play_id.unwrap_or_default(),
                    kind: body.kind,
                    stale: body.stale,
                }))
            }
            status => Err(Failure::of_http(status)),
        }
    }

    /// Sends any request.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        content_type: &'static str,
        body: Bytes,
    ) -> Result<Reply, Failure> {
        let request = self.request(method, path, content_type, body)?;
        let answered = tokio::time::timeout(REQUEST_TIMEOUT, self.exchange(request)).await;
        let result = answered.unwrap_or_else(|_| Err(Failure::broken("timeout")));
        if result.is_err() {
            self.sender = None;
            tokio::time::sleep(RECONNECT_PAUSE).await;
        }
        result
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        content_type: &'static str,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.target.host_header.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if let Some(bearer) = &self.target.bearer {
            request = request.header(AUTHORIZATION, bearer.clone());
        }
        request.body(Full::new(body)).map_err(|_| Failure::broken("no such request"))
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Reply, Failure> {
        // A server may close a connection after any answer; then the next request goes over a new one.
        let mut sender = match self.open_sender().await {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        let response = sender.send_request(request).await.map_err(|_| Failure::broken(CONNECTION_LOST))?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|_| Failure::broken(CONNECTION_LOST))?.to_bytes();
        // A server that would not read a body to its end closes the connection behind its answer.
        self.sender = (status != StatusCode::PAYLOAD_TOO_LARGE).then_some(sender);
        Ok(Reply { status, body })
    }

    async fn open_sender(&mut self) -> Option<SendRequest<Full<Bytes>>> {
        let mut sender = self.sender.take()?;
        sender.ready().await.ok()?;
        Some(sender)
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Failure> {
        let refused = |_| Failure::unreachable();
        let stream = TcpStream::connect((self.target.host.as_str(), self.target.port)).await.map_err(refused)?;
        stream.set_nodelay(true).map_err(refused)?;
        let (sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|_| Failure::unreachable())?;
        // How it ends is seen by the request that is under way.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }
}

fn position_path(audience: &Audience, key: Key) -> String {
    format!("/v1/users/{}/positions/{}", audience.user_id(key.user), video_id(key.video))
}

/// The event as JSON. Ids have no byte that JSON would escape.
fn event_body(audience: &Audience, event: &Event, session: &str) -> String {
    let moment = &event.moment;
    let mut body = String::with_capacity(256);
    let written = write!(
        body,
        r#"{{"event_time":{},"position_ms":{},"play_id":"{}","seq":{},"duration_ms":{},"kind":"{}","device":"load","session":"{session}"}}"#,
        moment.event_time.0,
        moment.position_ms,
        audience.play_id(event.play),
        moment.seq,
        moment.duration_ms.unwrap_or(1),
        moment.kind.name(),
    );
    written.expect("a string takes all text");
    body
}
