//! The same over gRPC: what a stream may do wrong.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use playhead_contracts::watch::watch_server::{Watch, WatchServer};
use playhead_contracts::watch::{self, *};
use playhead_domain::{Kind, Limits, Moment, Offset, PlayId, Position, State, Timestamp, UserId, VideoId};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

/// How the server treats a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamManner {
    Honest,
    /// Refuses every fiftieth event as too much for now, and does not keep it.
    RefusesSome,
    /// Refuses every fiftieth event, and keeps none of its message.
    DropsMessages,
    /// Keeps ten messages, then ends the stream before it has acknowledged the last.
    Breaks,
}

#[derive(Clone)]
struct Fake {
    manner: StreamManner,
    states: Arc<Mutex<HashMap<(String, String), State>>>,
}

/// Serves on a free port until the test's runtime ends.
pub(crate) async fn serve(manner: StreamManner) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let fake = Fake { manner, states: Arc::default() };
    let incoming = TcpListenerStream::new(listener);
    let server = tonic::transport::Server::builder().add_service(WatchServer::new(fake));
    tokio::spawn(server.serve_with_incoming(incoming));
    address
}

impl Fake {
    fn keep(&self, event: &Event) -> Result<(), Status> {
        let wrong = |_| Status::invalid_argument("wrong");
        event.user_id.parse::<UserId>().map_err(|error| Status::invalid_argument(error.to_string()))?;
        event.video_id.parse::<VideoId>().map_err(|error| Status::invalid_argument(error.to_string()))?;
        let play_id: PlayId = event.play_id.parse().map_err(|_| Status::invalid_argument("play_id"))?;
        let kind = watch::Kind::try_from(event.kind).map_err(|_| Status::invalid_argument("kind"))?;
        let moment = Moment {
            seq: event.seq.unwrap_or_default(),
            event_time: Limits::time("event_time", event.event_time).map_err(wrong)?,
            position_ms: Limits::position_ms("position_ms", event.position_ms).map_err(wrong)?,
            kind: kind_of(kind),
            duration_ms: event.duration_ms,
        };
        let state = State::of_event(play_id, moment, Offset(0));
        let key = (event.user_id.clone(), event.video_id.clone());
        self.states.lock().expect("no panics").entry(key).or_default().join(&state);
        Ok(())
    }

    fn position(&self, user: &str, video: &str) -> Option<watch::Position> {
        let states = self.states.lock().expect("no panics");
        let position = Position::of(states.get(&(user.to_owned(), video.to_owned()))?)?;
        let Timestamp(event_time) = position.event_time;
        Some(watch::Position {
            video_id: video.to_owned(),
            position_ms: position.position_ms,
            resume_ms: position.resume_ms,
            completed: position.completed,
            duration_ms: position.duration_ms,
            event_time,
            play_id: position.play_id.map(|play_id| play_id.to_string()).unwrap_or_default(),
            kind: number_of(position.kind).into(),
            hidden: position.hidden,
        })
    }

    /// Takes one message of a stream whose first event has the number `first`.
    fn take(&self, first: u64, events: &[Event]) -> StreamEventsResponse {
        let mut refused = Vec::new();
        let drops = self.manner == StreamManner::DropsMessages;
        for (index, event) in (first..).zip(events) {
            let is_refused = drops || self.manner == StreamManner::RefusesSome;
            if is_refused && index % 50 == 0 {
                let error = EventError {
                    r#type: "too-busy".to_owned(),
                    field: String::new(),
                    detail: "full".to_owned(),
                    retryable: true,
                };
                refused.push(RefusedEvent { index, error: Some(error) });
            } else if !drops {
                self.keep(event).expect("the events of a stream are good");
            }
        }
        StreamEventsResponse { durable_index: first + events.len() as u64 - 1, refused }
    }
}

fn kind_of(kind: watch::Kind) -> Kind {
    match kind {
        watch::Kind::Seek => Kind::Seek,
        watch::Kind::Pause => Kind::Pause,
        watch::Kind::Ended => Kind::Ended,
        watch::Kind::Unspecified | watch::Kind::Progress => Kind::Progress,
    }
}

fn number_of(kind: Kind) -> watch::Kind {
    match kind {
        Kind::Progress => watch::Kind::Progress,
        Kind::Seek => watch::Kind::Seek,
        Kind::Pause => watch::Kind::Pause,
        Kind::Ended => watch::Kind::Ended,
    }
}

type Answers = Pin<Box<dyn Stream<Item = Result<StreamEventsResponse, Status>> + Send>>;

#[tonic::async_trait]
impl Watch for Fake {
    type StreamEventsStream = Answers;

    async fn set_position(
        &self,
        request: Request<SetPositionRequest>,
    ) -> Result<Response<SetPositionResponse>, Status> {
        let event = request.into_inner().event.ok_or_else(|| Status::invalid_argument("event"))?;
        self.keep(&event)?;
        Ok(Response::new(SetPositionResponse { event_time: event.event_time, received_time: event.event_time }))
    }

    async fn get_position(
        &self,
        request: Request<GetPositionRequest>,
    ) -> Result<Response<GetPositionResponse>, Status> {
        let request = request.into_inner();
        let position = self.position(&request.user_id, &request.video_id).ok_or_else(|| Status::not_found("none"))?;
        Ok(Response::new(GetPositionResponse { position: Some(position), stale: false }))
    }

    async fn get_positions(
        &self,
        request: Request<GetPositionsRequest>,
    ) -> Result<Response<GetPositionsResponse>, Status> {
        let request = request.into_inner();
        let positions = request.video_ids.iter().filter_map(|video| self.position(&request.user_id, video)).collect();
        Ok(Response::new(GetPositionsResponse { positions, stale: false }))
    }

    async fn stream_events(
        &self,
        request: Request<Streaming<StreamEventsRequest>>,
    ) -> Result<Response<Answers>, Status> {
        let (fake, mut requests) = (self.clone(), request.into_inner());
        let (answers, receiver) = mpsc::channel(4);
        tokio::spawn(async move {
            let (mut first, mut messages) = (0, 0);
            while let Some(Ok(message)) = requests.next().await {
                let answer = fake.take(first, &message.events);
                first += message.events.len() as u64;
                messages += 1;
                let breaks = fake.manner == StreamManner::Breaks && messages == 10;
                if breaks || answers.send(Ok(answer)).await.is_err() {
                    return;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn list_positions(
        &self,
        _: Request<ListPositionsRequest>,
    ) -> Result<Response<ListPositionsResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn record_events(&self, _: Request<RecordEventsRequest>) -> Result<Response<RecordEventsResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn mark_watched(&self, _: Request<MarkWatchedRequest>) -> Result<Response<MarkWatchedResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn mark_unwatched(
        &self,
        _: Request<MarkUnwatchedRequest>,
    ) -> Result<Response<MarkUnwatchedResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn hide(&self, _: Request<HideRequest>) -> Result<Response<HideResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn forget(&self, _: Request<ForgetRequest>) -> Result<Response<ForgetResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }
}
