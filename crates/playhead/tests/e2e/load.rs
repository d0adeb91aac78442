//! Writers and readers that go on through every break of the server, as good clients do: what was not answered is sent again,
//! or never.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use playhead_contracts::watch;
use playhead_testkit::{Grpc, Http, Program, seeded};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::ledger::{Ledger, Told};
use crate::plan::{Audience, Plan, Planned};

const PAUSE_AFTER_BREAK: Duration = Duration::from_millis(10);
/// Messages of a stream that are not acknowledged yet.
const IN_FLIGHT_MAX: usize = 8;

/// A way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// `PUT /v1/users/{user}/positions/{video}`.
    Put,
    /// `POST /v1/events`.
    Post,
    /// `SetPosition`.
    Set,
    /// `RecordEvents`.
    Record,
    /// `StreamEvents`.
    Stream,
}

impl Way {
    pub(crate) const ALL: [Self; 5] = [Self::Put, Self::Post, Self::Set, Self::Record, Self::Stream];

    /// How many events are sent at once.
    fn batch(self) -> usize {
        match self {
            Self::Put | Self::Set => 1,
            Self::Post | Self::Record => 40,
            Self::Stream => 25,
        }
    }
}

/// What the load is made of.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) audience: Audience,
    /// A writer each.
    pub(crate) writers: Vec<Way>,
    /// Threads that read pairs at random, by HTTP and gRPC in turn.
    pub(crate) readers: usize,
    /// How long each writer rests between sends.
    pub(crate) pause: Duration,
}

/// How often each refusal was answered, by its status and name.
type Refusals = Arc<Mutex<BTreeMap<String, u64>>>;

/// Load that runs until it is stopped.
pub(crate) struct Load {
    pub(crate) ledger: Arc<Ledger>,
    refusals: Refusals,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// What each thread has.
#[derive(Clone)]
struct Line {
    http: Http,
    grpc: SocketAddr,
    ledger: Arc<Ledger>,
    refusals: Refusals,
    stop: Arc<AtomicBool>,
    pause: Duration,
}

impl Load {
    /// Starts every thread. The seed is printed, for it makes the same events again, if not the same moments.
    pub(crate) fn start(program: &Program, shape: &Shape) -> Self {
        Self::go_on(program, shape, Arc::default())
    }

    /// The same with a ledger that has entries already.
    pub(crate) fn go_on(program: &Program, shape: &Shape, ledger: Arc<Ledger>) -> Self {
        let seed = seeded().seed();
        println!("load with seed {seed}");
        let (refusals, stop) = (Refusals::default(), Arc::new(AtomicBool::new(false)));
        let line = Line {
            http: program.http().clone(),
            grpc: program.grpc_address(),
            ledger: ledger.clone(),
            refusals: refusals.clone(),
            stop: stop.clone(),
            pause: shape.pause,
        };
        let mut threads = Vec::new();
        for (number, &way) in shape.writers.iter().enumerate() {
            let (line, plan) = (line.clone(), Plan::new(shape.audience, number, seed));
            threads.push(std::thread::spawn(move || line.write(way, plan)));
        }
        for number in 0..shape.readers {
            let (line, plan, audience) =
                (line.clone(), Plan::new(shape.audience, 1_000 + number, seed), shape.audience);
            threads.push(std::thread::spawn(move || line.read(plan, audience)));
        }
        Self { ledger, refusals, stop, threads }
    }

    /// Stops every thread and waits for it. What a thread has found wrong fails the test.
    pub(crate) fn stop(mut self) -> BTreeMap<String, u64> {
        self.stop.store(true, Ordering::SeqCst);
        for thread in std::mem::take(&mut self.threads) {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
        self.refused()
    }

    /// The refusals so far.
    pub(crate) fn refused(&self) -> BTreeMap<String, u64> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

impl Line {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::SeqCst)
    }

    fn refused(&self, why: impl Into<String>) {
        *self.refusals.lock().unwrap_or_else(PoisonError::into_inner).entry(why.into()).or_default() += 1;
    }

    fn write(self, way: Way, mut plan: Plan) {
        if way == Way::Stream {
            return self.stream(plan);
        }
        let mut grpc = Grpc::new(self.grpc);
        let mut again: Vec<Planned> = Vec::new();
        while self.goes_on() {
            let batch = if again.is_empty() { plan.batch(way.batch()) } else { std::mem::take(&mut again) };
            self.ledger.sending(&batch);
            let taken = match way {
                Way::Put => self.put(&batch),
                Way::Post => self.post(&batch),
                Way::Set => self.set(&mut grpc, &batch),
                Way::Record | Way::Stream => self.record(&mut grpc, &batch),
            };
            for (planned, taken) in batch.iter().zip(&taken) {
                if *taken {
                    self.ledger.acknowledged(planned);
                }
            }
            if taken.contains(&false) {
                std::thread::sleep(PAUSE_AFTER_BREAK);
                // A caller that gives up leaves an event that may be there or not.
                if plan.rng().u8(..10) < 7 {
                    again =
                        batch.into_iter().zip(taken).filter(|(_, taken)| !taken).map(|(planned, _)| planned).collect();
                }
            }
            std::thread::sleep(self.pause);
        }
    }

    fn put(&self, batch: &[Planned]) -> Vec<bool> {
        let put = |planned: &Planned| {
            let event = planned.event();
            match self.http.put(&event.path(), &event.put_json()) {
                Ok(answer) if answer.status == 200 => true,
                Ok(answer) => {
                    self.refused(format!("{} {}", answer.status, name_of(&answer.json["type"])));
                    false
                }
                Err(_) => false,
            }
        };
        batch.iter().map(put).collect()
    }

    fn post(&self, batch: &[Planned]) -> Vec<bool> {
        let lines: String = batch.iter().map(|planned| format!("{}\n", planned.event().json())).collect();
        let headers = [("content-type", "application/x-ndjson")];
        match self.http.send("POST", "/v1/events", &headers, Some(lines.as_bytes())) {
            Ok(answer) if answer.status == 200 => {
                let results = answer.json["results"].as_array().expect("a batch has results");
                assert_eq!(results.len(), batch.len(), "an answer for each event");
                let taken = |result: &serde_json::Value| {
                    let taken = result["status"] == "ok";
                    if !taken {
                        self.refused(format!("entry {}", name_of(&result["type"])));
                    }
                    taken
                };
                results.iter().map(taken).collect()
            }
            Ok(answer) => {
                self.refused(format!("{} {}", answer.status, name_of(&answer.json["type"])));
                vec![false; batch.len()]
            }
            Err(_) => vec![false; batch.len()],
        }
    }

    fn set(&self, grpc: &mut Grpc, batch: &[Planned]) -> Vec<bool> {
        let mut set = |planned: &Planned| {
            let request = watch::SetPositionRequest { event: Some(planned.event().proto()), sent_time: None };
            let answer = grpc.call(async |client| client.set_position(request).await);
            answer.inspect_err(|status| self.grpc_refused(status)).is_ok()
        };
        batch.iter().map(&mut set).collect()
    }

    fn record(&self, grpc: &mut Grpc, batch: &[Planned]) -> Vec<bool> {
        let events = batch.iter().map(|planned| planned.event().proto()).collect();
        let request = watch::RecordEventsRequest { events, sent_time: None, backfill: false };
        match grpc.call(async |client| client.record_events(request).await) {
            Ok(answer) => {
                assert_eq!(answer.results.len(), batch.len(), "an answer for each event");
                let refused = answer.results.iter().filter_map(|result| result.error.as_ref());
                refused.for_each(|error| self.refused(format!("entry {}", error.r#type)));
                answer.results.iter().map(|result| result.error.is_none()).collect()
            }
            Err(status) => {
                self.grpc_refused(&status);
                vec![false; batch.len()]
            }
        }
    }

    fn grpc_refused(&self, status: &playhead_testkit::Status) {
        // Without a name it is the connection that broke.
        if let Some(problem) = status.metadata().get("playhead-problem").and_then(|name| name.to_str().ok()) {
            self.refused(format!("{:?} {problem}", status.code()));
        }
    }

    /// One stream after the other; what a broken one has not acknowledged is sent first on the next.
    fn stream(self, mut plan: Plan) {
        let mut grpc = Grpc::new(self.grpc);
        let mut again = Vec::new();
        while self.goes_on() {
            again = grpc.run(async |client| self.one_stream(client, &mut plan, std::mem::take(&mut again)).await);
            std::thread::sleep(PAUSE_AFTER_BREAK);
        }
    }

    async fn one_stream(
        &self,
        client: &mut playhead_testkit::WatchClient,
        plan: &mut Plan,
        again: Vec<Planned>,
    ) -> Vec<Planned> {
        let (messages, received) = mpsc::channel(IN_FLIGHT_MAX);
        let mut in_flight = again;
        self.ledger.sending(&in_flight);
        if !in_flight.is_empty() {
            let _ = messages.try_send(message_of(&in_flight));
        }
        let Ok(answers) = client.stream_events(ReceiverStream::new(received)).await else { return in_flight };
        let mut answers = answers.into_inner();
        // The index of the first event in flight.
        let mut first = 0u64;
        loop {
            if in_flight.len() < IN_FLIGHT_MAX * Way::Stream.batch() && self.goes_on() {
                let batch = plan.batch(Way::Stream.batch());
                self.ledger.sending(&batch);
                let sent = messages.try_send(message_of(&batch));
                in_flight.extend(batch);
                if sent.is_err() {
                    return in_flight;
                }
                tokio::time::sleep(self.pause).await;
                if in_flight.len() < IN_FLIGHT_MAX * Way::Stream.batch() / 2 {
                    continue;
                }
            } else if in_flight.is_empty() {
                return in_flight;
            }
            let Ok(Some(answer)) = answers.message().await else { return in_flight };
            let dealt_with = usize::try_from(answer.durable_index + 1 - first).expect("few");
            let refused: Vec<u64> = answer.refused.iter().map(|refused| refused.index).collect();
            for refused in &answer.refused {
                self.refused(format!("entry {}", refused.error.as_ref().map_or("", |error| &error.r#type)));
            }
            let mut refused_events = Vec::new();
            for (index, planned) in (first..).zip(in_flight.drain(..dealt_with)) {
                if refused.contains(&index) {
                    refused_events.push(planned);
                } else {
                    self.ledger.acknowledged(&planned);
                }
            }
            first = answer.durable_index + 1;
            if !refused_events.is_empty() {
                // They go first on a new stream, so that the numbers stay simple.
                refused_events.append(&mut in_flight);
                return refused_events;
            }
        }
    }

    fn read(self, mut plan: Plan, audience: Audience) {
        let mut grpc = Grpc::new(self.grpc);
        while self.goes_on() {
            let rng = plan.rng();
            let user = Audience::user(rng.u64(..audience.users));
            let video = Audience::video(rng.u64(..audience.videos));
            let by_grpc = rng.bool();
            let expected = self.ledger.expected(&user, &video);
            let told =
                if by_grpc { self.get_by_grpc(&mut grpc, &user, &video) } else { self.get_by_http(&user, &video) };
            match told {
                Some(told) => self.ledger.compare(expected, told.as_ref()),
                None => std::thread::sleep(PAUSE_AFTER_BREAK),
            }
            std::thread::sleep(self.pause);
        }
    }

    /// None if there was no answer that must be right.
    #[expect(clippy::option_option, reason = "no answer, nothing known, a position")]
    fn get_by_http(&self, user: &str, video: &str) -> Option<Option<Told>> {
        let answer = self.http.get(&format!("/v1/users/{user}/positions/{video}")).ok()?;
        match answer.status {
            200 if answer.json["stale"] == true => None,
            200 => Some(Some(Told::of_json(&answer.json))),
            404 => Some(None),
            status => {
                self.refused(format!("read {status} {}", name_of(&answer.json["type"])));
                None
            }
        }
    }

    #[expect(clippy::option_option, reason = "no answer, nothing known, a position")]
    fn get_by_grpc(&self, grpc: &mut Grpc, user: &str, video: &str) -> Option<Option<Told>> {
        let request = watch::GetPositionsRequest { user_id: user.to_owned(), video_ids: vec![video.to_owned()] };
        match grpc.call(async |client| client.get_positions(request).await) {
            Ok(answer) if answer.stale => None,
            Ok(answer) => Some(answer.positions.first().map(Told::of_proto)),
            Err(status) => {
                self.grpc_refused(&status);
                None
            }
        }
    }
}

fn message_of(batch: &[Planned]) -> watch::StreamEventsRequest {
    let events = batch.iter().map(|planned| planned.event().proto()).collect();
    watch::StreamEventsRequest { events, sent_time: None, backfill: false }
}

/// The stable name of a problem.
fn name_of(problem: &serde_json::Value) -> &str {
    problem.as_str().unwrap_or_default().trim_start_matches("urn:playhead:problem:")
}
