//! `StreamEvents`: messages are recorded side by side, answers keep the order of the messages. A stream is not read on while
//! too much of it is not durable, so a caller that is too fast is held back by the transport and nothing queues here.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesOrdered;
use playhead_contracts::watch as pb;
use playhead_ports::Scope;
use playhead_watch::Receipt;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status, Streaming};
use tracing::Instrument;

use super::front::timed_out;
use super::message;
use super::status::sized;
use crate::auth::{Standing, Viewer};
use crate::batch::{self, BATCH_MAX};
use crate::problem::{Problem, ProblemType};
use crate::{Edge, deadline};

/// Answers that the caller has not read yet; past that the stream waits.
const ANSWERS_WAITING: usize = 16;
/// Events that found the log busy are tried again after this, and then after longer.
const RETRY_FIRST: Duration = Duration::from_millis(5);
const RETRY_MOST: Duration = Duration::from_millis(100);
/// Longer than any stream lives.
const FOR_EVER: Duration = Duration::from_secs(86_400 * 365);

/// A stream under way.
pub(super) struct EventStream {
    edge: Arc<Edge>,
    viewer: Viewer,
    answers: mpsc::Sender<Result<pb::StreamEventsResponse, Status>>,
    in_flight: FuturesOrdered<JoinHandle<Done>>,
    events_in_flight: usize,
    /// The number of the next event.
    next_index: u64,
    /// Why nothing more is read, once that is so.
    over: Option<Result<(), Status>>,
}

/// A message that was dealt with.
struct Done {
    first_index: u64,
    events: usize,
    refused: Vec<pb::RefusedEvent>,
}

impl EventStream {
    /// Begins to read; the answers as they come.
    pub(super) fn start(
        edge: Arc<Edge>,
        viewer: Viewer,
        room: OwnedSemaphorePermit,
        request: Request<Streaming<pb::StreamEventsRequest>>,
    ) -> ReceiverStream<Result<pb::StreamEventsResponse, Status>> {
        let headers = request.metadata().clone().into_headers();
        let until = Instant::now() + deadline::of_grpc(&headers).unwrap_or(FOR_EVER).min(FOR_EVER);
        let (answers, received) = mpsc::channel(ANSWERS_WAITING);
        let in_flight = FuturesOrdered::new();
        let standing = Standing::of(&edge, &headers, Scope::Write);
        let stream = Self { edge, viewer, answers, in_flight, events_in_flight: 0, next_index: 0, over: None };
        let run = async move {
            let _room = room;
            stream.run(request.into_inner(), until, standing).await;
        };
        tokio::spawn(run.instrument(tracing::Span::current()));
        ReceiverStream::new(received)
    }

    async fn run(mut self, mut incoming: Streaming<pb::StreamEventsRequest>, until: Instant, standing: Standing) {
        let edge = Arc::clone(&self.edge);
        let answers = self.answers.clone();
        let left = answers.closed();
        let told_to_stop = edge.draining.cancelled();
        let timed = tokio::time::sleep_until(until);
        let revoked = standing.lost();
        tokio::pin!(left, told_to_stop, timed, revoked);
        while self.over.is_none() || !self.in_flight.is_empty() {
            let may_read = self.over.is_none() && self.has_room();
            tokio::select! {
                biased;
                Some(done) = self.in_flight.next(), if !self.in_flight.is_empty() => {
                    if self.acknowledge(done).await.is_err() {
                        return;
                    }
                }
                () = left.as_mut() => return,
                () = told_to_stop.as_mut(), if self.over.is_none() => {
                    let detail = "the server is stopping: resend what follows the last durable index";
                    self.over = Some(Err(Problem::new(ProblemType::Unavailable, detail).into()));
                }
                () = timed.as_mut(), if self.over.is_none() => self.over = Some(Err(timed_out().into())),
                problem = revoked.as_mut(), if self.over.is_none() => self.over = Some(Err(problem.into())),
                message = incoming.message(), if may_read => match message {
                    Ok(Some(message)) => self.over = self.begin(message).err().map(|problem| Err(problem.into())),
                    Ok(None) => self.over = Some(Ok(())),
                    Err(status) => self.over = Some(Err(sized(status, edge.config.batch_bytes_max))),
                },
            }
        }
        if let Some(Err(status)) = self.over {
            // Nobody may be there any more to read it.
            let _ = self.answers.send(Err(status)).await;
        }
    }

    fn has_room(&self) -> bool {
        let config = &self.edge.config;
        self.in_flight.len() < config.stream_messages_in_flight_max.max(1)
            && self.events_in_flight < config.stream_events_in_flight_max.max(1)
    }

    /// Begins to record a message; an error ends the stream.
    fn begin(&mut self, message: pb::StreamEventsRequest) -> Result<(), Problem> {
        let events = message.events.len();
        if events > BATCH_MAX {
            return Err(batch::too_many());
        }
        self.viewer.may_record(message.backfill)?;
        let receipt = Receipt { sent_time: message::sent_time(message.sent_time)?, backfill: message.backfill };
        let (edge, first_index) = (Arc::clone(&self.edge), self.next_index);
        self.next_index += events as u64;
        self.events_in_flight += events;
        let recording = async move {
            let refused = record(&edge, &message.events, receipt, first_index).await;
            Done { first_index, events, refused }
        };
        self.in_flight.push_back(tokio::spawn(recording.instrument(tracing::Span::current())));
        Ok(())
    }

    /// Answers for a message; an error if the caller is gone.
    async fn acknowledge(&mut self, done: Result<Done, tokio::task::JoinError>) -> Result<(), ()> {
        let Ok(done) = done else {
            let status = Problem::internal("recording a message panicked").into();
            let _ = self.answers.send(Err(status)).await;
            return Err(());
        };
        self.events_in_flight -= done.events;
        let Some(durable_index) = (done.first_index + done.events as u64).checked_sub(1) else { return Ok(()) };
        let answer = pb::StreamEventsResponse { durable_index, refused: done.refused };
        self.answers.send(Ok(answer)).await.map_err(|_| ())
    }
}

/// Records the events; those that find the log or recent positions busy wait and are tried again within the time that a
/// request may take. Gives back those that were refused.
async fn record(edge: &Edge, events: &[pb::Event], receipt: Receipt, first_index: u64) -> Vec<pb::RefusedEvent> {
    let until = Instant::now() + Duration::from_millis(edge.config.request_timeout_ms);
    let mut waiting: Vec<usize> = (0..events.len()).collect();
    let mut refused = Vec::new();
    let mut pause = RETRY_FIRST;
    while !waiting.is_empty() {
        let checked = waiting.iter().map(|&place| message::event(&events[place])).collect();
        let answers = batch::record(edge, checked, receipt).await;
        let may_wait = Instant::now() < until && !edge.draining.is_cancelled();
        let places = std::mem::take(&mut waiting);
        for (place, answer) in places.into_iter().zip(answers) {
            match answer {
                Ok(_) => {}
                Err(problem) if problem.of == ProblemType::TooBusy && may_wait => waiting.push(place),
                Err(problem) => refused.push((place, problem)),
            }
        }
        if !waiting.is_empty() {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY_MOST);
        }
    }
    refused.sort_unstable_by_key(|(place, _)| *place);
    let told = |(place, problem)| pb::RefusedEvent {
        index: first_index + place as u64,
        error: Some(message::event_error(problem)),
    };
    refused.into_iter().map(told).collect()
}
