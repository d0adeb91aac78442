//! A writer over `StreamEvents`: batches go out at their times, acknowledgements come back on the same stream.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use playhead_contracts::watch::{StreamEventsRequest, StreamEventsResponse};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use crate::audience::{Event, Fate};
use crate::grpc_line::{GrpcLine, message};
use crate::http_line::REQUEST_TIMEOUT;
use crate::line::Line;
use crate::outcome::{CONNECTION_LOST, Failure};
use crate::pace::Due;
use crate::run::Shared;
use crate::tally::Tally;

/// Batches under way on one stream.
const WINDOW: usize = 16;
/// The pause before a stream that broke is opened again.
const REOPEN_PAUSE: Duration = Duration::from_millis(50);

/// A batch without its acknowledgement.
struct Sent {
    /// The index on the stream after the last of its events.
    end: u64,
    intended: Instant,
    /// Those that were not refused.
    events: Vec<Option<Event>>,
}

impl Sent {
    fn refuse(&mut self, index: u64) {
        let begin = self.end - self.events.len() as u64;
        let place = index.checked_sub(begin).and_then(|place| usize::try_from(place).ok());
        if let Some(event) = place.and_then(|place| self.events.get_mut(place)) {
            *event = None;
        }
    }
}

/// An open stream and what is under way on it.
struct Open {
    requests: mpsc::Sender<StreamEventsRequest>,
    answers: Streaming<StreamEventsResponse>,
    under_way: VecDeque<Sent>,
    next_index: u64,
}

/// Writes until the run is over.
pub(crate) async fn write(shared: Arc<Shared>, mut line: GrpcLine) -> (Tally, Tally) {
    let mut writer = Writer { shared, tally: Tally::new(), random: Tally::new(), open: None };
    let mut random_line = Line::Grpc(line.clone());
    while let Some(due) = writer.next().await {
        let mut rng = writer.shared.rng(due.number);
        if rng.f64() < writer.shared.plan.random_share {
            writer.shared.send_random(&mut random_line, &mut writer.random, &mut rng).await;
            continue;
        }
        writer.tally.late += u64::from(due.late) * writer.shared.plan.batch as u64;
        writer.send(&mut line, due.intended, &mut rng).await;
    }
    writer.finish().await;
    (writer.tally, writer.random)
}

struct Writer {
    shared: Arc<Shared>,
    tally: Tally,
    random: Tally,
    open: Option<Open>,
}

impl Writer {
    /// The next batch that is due; takes acknowledgements while it waits.
    async fn next(&mut self) -> Option<Due> {
        let shared = Arc::clone(&self.shared);
        let due = shared.writes.next();
        tokio::pin!(due);
        loop {
            while self.open.as_ref().is_some_and(|open| open.under_way.len() >= WINDOW) {
                self.take_answer().await;
            }
            if self.open.as_ref().is_none_or(|open| open.under_way.is_empty()) {
                return due.await;
            }
            let open = self.open.as_mut().expect("it has a batch under way");
            tokio::select! {
                biased;
                due = &mut due => return due,
                answer = open.answers.message() => self.answered(answer),
            }
        }
    }

    async fn send(&mut self, line: &mut GrpcLine, intended: Instant, rng: &mut Rng) {
        let plan = &self.shared.plan;
        let now = self.shared.time_at(intended);
        let events: Vec<Event> = (0..plan.batch).map(|_| self.shared.audience.next_event(rng, now)).collect();
        if self.open.is_none() {
            match Open::new(line).await {
                Ok(open) => self.open = Some(open),
                Err(failure) => {
                    // Nothing was sent.
                    self.tally.failed(&failure, events.len() as u64);
                    tokio::time::sleep(REOPEN_PAUSE).await;
                    return;
                }
            }
        }
        let session = plan.session();
        let messages = events.iter().map(|event| message(&self.shared.audience, event, &session)).collect();
        let events: Vec<Option<Event>> = events.into_iter().map(Some).collect();
        let open = self.open.as_mut().expect("it was just opened");
        open.next_index += events.len() as u64;
        open.under_way.push_back(Sent { end: open.next_index, intended, events });
        let request = StreamEventsRequest { events: messages, sent_time: None, backfill: false };
        if open.requests.send(request).await.is_err() {
            self.broke(&Failure::broken(CONNECTION_LOST));
        }
    }

    async fn take_answer(&mut self) {
        let Some(open) = &mut self.open else { return };
        match tokio::time::timeout(REQUEST_TIMEOUT, open.answers.message()).await {
            Ok(answer) => self.answered(answer),
            Err(_) => self.broke(&Failure::broken("timeout")),
        }
    }

    fn answered(&mut self, answer: Result<Option<StreamEventsResponse>, tonic::Status>) {
        match answer {
            Ok(Some(answer)) => self.acknowledged(&answer),
            Ok(None) => self.broke(&Failure::broken("stream ended")),
            Err(status) => self.broke(&Failure::of_grpc(&status)),
        }
    }

    /// Notes all batches that lie wholly at or below the durable index. Refusals come no later than the index that covers
    /// them, so a batch is settled in one go.
    fn acknowledged(&mut self, answer: &StreamEventsResponse) {
        let Some(open) = &mut self.open else { return };
        for refused in &answer.refused {
            let failure = refused.error.as_ref().map_or_else(
                || Failure::broken("unreadable answer"),
                |error| Failure::of_event(&error.r#type, error.retryable),
            );
            open.under_way.iter_mut().for_each(|sent| sent.refuse(refused.index));
            self.tally.failed(&failure, 1);
        }
        while open.under_way.front().is_some_and(|sent| sent.end <= answer.durable_index + 1) {
            let sent = open.under_way.pop_front().expect("it was just looked at");
            self.tally.ok(sent.intended, sent.events.iter().flatten().count() as u64);
            for event in sent.events.iter().flatten() {
                self.shared.audience.note(event, Fate::Acknowledged);
            }
        }
    }

    /// Nobody knows what became of what was under way. A player would send it again; here it stays unknown.
    fn broke(&mut self, failure: &Failure) {
        let Some(open) = self.open.take() else { return };
        for sent in open.under_way {
            self.tally.failed(failure, sent.events.iter().flatten().count() as u64);
            for event in sent.events.iter().flatten() {
                self.shared.audience.note(event, Fate::Unknown);
            }
        }
    }

    async fn finish(&mut self) {
        while self.open.as_ref().is_some_and(|open| !open.under_way.is_empty()) {
            self.take_answer().await;
        }
    }
}

impl Open {
    async fn new(line: &mut GrpcLine) -> Result<Self, Failure> {
        let (requests, receiver) = mpsc::channel(WINDOW);
        let opening = line.client_mut().stream_events(ReceiverStream::new(receiver));
        let answers = tokio::time::timeout(REQUEST_TIMEOUT, opening)
            .await
            .map_err(|_| Failure::broken("timeout"))?
            .map_err(|status| Failure::of_grpc(&status))?
            .into_inner();
        Ok(Self { requests, answers, under_way: VecDeque::new(), next_index: 0 })
    }
}
