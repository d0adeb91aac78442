//! gRPC calls over a shared HTTP/2 connection.

use anyhow::Context as _;
use bytes::Bytes;
use http::uri::PathAndQuery;
use playhead_contracts::watch::watch_client::WatchClient;
use playhead_contracts::watch::{self, GetPositionRequest, GetPositionsRequest, SetPositionRequest};
use playhead_domain::Kind;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

use crate::audience::{Audience, Event, Key, video_id};
use crate::http_line::REQUEST_TIMEOUT;
use crate::outcome::{Answer, Failure};
use crate::raw_codec::RawCodec;

/// Puts the token into every call.
#[derive(Debug, Clone)]
pub(crate) struct Bearer(Option<MetadataValue<Ascii>>);

impl Bearer {
    pub(crate) fn new(token: Option<&str>) -> anyhow::Result<Self> {
        let value = token.map(|token| format!("Bearer {token}").parse()).transpose();
        Ok(Self(value.context("the token has bytes that no header may have")?))
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: tonic::Request<()>) -> Result<tonic::Request<()>, Status> {
        if let Some(bearer) = &self.0 {
            request.metadata_mut().insert("authorization", bearer.clone());
        }
        Ok(request)
    }
}

/// A connection with the token.
pub(crate) type Service = InterceptedService<Channel, Bearer>;

/// Opens so many connections.
pub(crate) fn services(url: &str, token: Option<&str>, connections: usize) -> anyhow::Result<Vec<Service>> {
    let endpoint = Endpoint::from_shared(url.to_owned())
        .with_context(|| format!("`{url}` is not a URL"))?
        .tcp_nodelay(true)
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(4 << 20);
    let bearer = Bearer::new(token)?;
    // Each lazy channel is a connection of its own.
    let service = |_| InterceptedService::new(endpoint.connect_lazy(), bearer.clone());
    Ok((0..connections.max(1)).map(service).collect())
}

/// One call at a time.
#[derive(Clone)]
pub(crate) struct GrpcLine {
    client: WatchClient<Service>,
    service: Service,
    session: String,
}

impl GrpcLine {
    pub(crate) fn new(service: Service, session: String) -> Self {
        Self { client: WatchClient::new(service.clone()), service, session }
    }

    /// Saves one event.
    pub(crate) async fn write(&mut self, audience: &Audience, event: &Event) -> Result<(), Failure> {
        let event = message(audience, event, &self.session);
        self.write_message(event).await
    }

    /// Saves one event as it is given, right or wrong.
    pub(crate) async fn write_message(&mut self, event: watch::Event) -> Result<(), Failure> {
        let request = SetPositionRequest { event: Some(event), sent_time: None };
        within(self.client.set_position(request)).await.map(|_| ()).map_err(|status| Failure::of_grpc(&status))
    }

    /// Sends bytes in the place of a message.
    pub(crate) async fn write_bytes(&mut self, bytes: Bytes) -> Result<(), Status> {
        let mut grpc = tonic::client::Grpc::new(self.service.clone());
        grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
        let path = PathAndQuery::from_static("/playhead.watch.v1.Watch/SetPosition");
        within(grpc.unary(tonic::Request::new(bytes), path, RawCodec)).await.map(|_| ())
    }

    /// Reads one position.
    pub(crate) async fn read(&mut self, audience: &Audience, key: Key) -> Result<Option<Answer>, Failure> {
        let request = GetPositionRequest { user_id: audience.user_id(key.user), video_id: video_id(key.video) };
        match within(self.client.get_position(request)).await {
            Ok(response) => {
                let body = response.into_inner();
                Ok(body.position.map(|position| answer(position, body.stale).1))
            }
            Err(status) if status.code() == Code::NotFound => Ok(None),
            Err(status) => Err(Failure::of_grpc(&status)),
        }
    }

    /// Asks for a position, for the answer's own sake.
    pub(crate) async fn get_position(&mut self, request: GetPositionRequest) -> Result<(), Status> {
        within(self.client.get_position(request)).await.map(|_| ())
    }

    /// Reads the positions of some videos of a user, each with the video's id.
    pub(crate) async fn read_many(
        &mut self,
        audience: &Audience,
        user: u32,
        videos: impl Iterator<Item = u32>,
    ) -> Result<Vec<(String, Answer)>, Failure> {
        let request =
            GetPositionsRequest { user_id: audience.user_id(user), video_ids: videos.map(video_id).collect() };
        let body =
            within(self.client.get_positions(request)).await.map_err(|status| Failure::of_grpc(&status))?.into_inner();
        Ok(body.positions.into_iter().map(|position| answer(position, body.stale)).collect())
    }

    /// The client, for streams.
    pub(crate) fn client_mut(&mut self) -> &mut WatchClient<Service> {
        &mut self.client
    }
}

async fn within<T>(call: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
    tokio::time::timeout(REQUEST_TIMEOUT, call).await.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer")))
}

/// The event as a message.
pub(crate) fn message(audience: &Audience, event: &Event, session: &str) -> watch::Event {
    let moment = &event.moment;
    watch::Event {
        user_id: audience.user_id(event.key.user),
        video_id: video_id(event.key.video),
        event_time: moment.event_time.0,
        position_ms: moment.position_ms,
        play_id: audience.play_id(event.play),
        seq: Some(moment.seq),
        duration_ms: moment.duration_ms,
        kind: kind_number(moment.kind).into(),
        device: "load".to_owned(),
        session: session.to_owned(),
    }
}

fn kind_number(kind: Kind) -> watch::Kind {
    match kind {
        Kind::Progress => watch::Kind::Progress,
        Kind::Seek => watch::Kind::Seek,
        Kind::Pause => watch::Kind::Pause,
        Kind::Ended => watch::Kind::Ended,
    }
}

fn answer(position: watch::Position, stale: bool) -> (String, Answer) {
    let kind = match position.kind() {
        watch::Kind::Seek => Kind::Seek,
        watch::Kind::Pause => Kind::Pause,
        watch::Kind::Ended => Kind::Ended,
        watch::Kind::Progress | watch::Kind::Unspecified => Kind::Progress,
    };
    let answer = Answer {
        position_ms: position.position_ms,
        resume_ms: position.resume_ms,
        completed: position.completed,
        event_time: position.event_time,
        play_id: position.play_id,
        kind: kind.name().to_owned(),
        stale,
    };
    (position.video_id, answer)
}
