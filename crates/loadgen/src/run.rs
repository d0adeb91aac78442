//! One run: connections, workers, the checks at its end.

use std::sync::Arc;
use std::time::Instant;

use fastrand::Rng;
use playhead_domain::Timestamp;
use tokio::task::JoinSet;

use crate::audience::{Audience, Event, Fate};
use crate::grpc_line::{GrpcLine, Service, services};
use crate::http_line::{HttpLine, Target};
use crate::line::Line;
use crate::pace::{Pace, release};
use crate::plan::{Pacing, Plan, Protocol};
use crate::preflight;
use crate::report::Report;
use crate::tally::Tally;
use crate::verify::{Readers, Verification, at_the_end};
use crate::{stream, warehouse};

/// HTTP/2 connections under the calls of [`Protocol::Grpc`].
const GRPC_CONNECTIONS_MAX: usize = 8;
/// Connections that verify at the end.
const VERIFYING_CONNECTIONS: usize = 16;

/// What all workers share.
pub(crate) struct Shared {
    pub(crate) plan: Plan,
    pub(crate) audience: Arc<Audience>,
    pub(crate) writes: Arc<Pace>,
    reads: Arc<Pace>,
    start: Instant,
}

impl Shared {
    fn new(plan: Plan) -> Self {
        let start = Instant::now();
        let writes = match plan.pacing {
            // A stream is paced by the batch.
            Pacing::Open { writes_per_s } if plan.protocol == Protocol::Stream => {
                #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
                let batches_per_s = writes_per_s / plan.batch as f64;
                Pace::open(start, plan.duration, batches_per_s)
            }
            Pacing::Open { writes_per_s } => Pace::open(start, plan.duration, writes_per_s),
            Pacing::Closed => Pace::closed(start, plan.duration),
        };
        let reads = Pace::open(start, plan.duration, plan.reads_per_s);
        let audience = Arc::new(Audience::new(&plan.run, plan.users, plan.videos, plan.verify_keys_max));
        Self { plan, audience, writes, reads, start }
    }

    /// Choices of one request: the same for the same seed and number, whoever sends it.
    pub(crate) fn rng(&self, number: u64) -> Rng {
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        Rng::with_seed(self.plan.seed.wrapping_add(number.wrapping_add(1).wrapping_mul(SPREAD)))
    }

    /// The time of day at an instant of the run.
    pub(crate) fn time_at(&self, at: Instant) -> Timestamp {
        let since_ms = at.saturating_duration_since(self.start).as_millis();
        self.plan.now.plus_ms(i64::try_from(since_ms).unwrap_or(i64::MAX))
    }

    /// Sends a packet that must be refused, and counts what came of it.
    pub(crate) async fn send_random(&self, line: &mut Line, tally: &mut Tally, rng: &mut Rng) {
        let sent = Instant::now();
        match line.send_random(rng).await {
            Ok(()) => tally.ok(sent, 1),
            Err(failure) => tally.failed(&failure, 1),
        }
    }
}

/// What the workers counted.
struct Counted {
    writes: Tally,
    reads: Tally,
    random: Tally,
    found: Verification,
}

/// Runs a plan to its end. An error means that it could not be run at all.
pub async fn run(plan: Plan) -> anyhow::Result<Report> {
    let http = Target::new(&plan.url, plan.token.as_deref(), plan.session())?;
    let connections = plan.connections.div_ceil(16).clamp(1, GRPC_CONNECTIONS_MAX);
    let grpc = services(&plan.grpc_url, plan.token.as_deref(), connections)?;
    preflight::check(&plan, &http, &grpc[0]).await?;
    let shared = Arc::new(Shared::new(plan));
    let releasing = release(vec![Arc::clone(&shared.writes), Arc::clone(&shared.reads)]);
    let mut counted = work(&shared, &http, &grpc).await;
    let ran_for = shared.start.elapsed();
    releasing.join().map_err(|_| anyhow::anyhow!("the pacing thread panicked"))?;
    counted.found.add(at_the_end(&shared.audience, readers(&shared, &http, &grpc)).await);
    let warehouse = if shared.plan.check_warehouse {
        let acknowledged = counted.writes.ok;
        Some(warehouse::check(HttpLine::new(http), &shared.plan.session(), acknowledged, counted.writes.unknown).await)
    } else {
        None
    };
    let unsent = (shared.writes.unsent(), shared.reads.unsent());
    Ok(Report::new(
        &shared.plan,
        ran_for,
        [&counted.writes, &counted.reads, &counted.random],
        unsent,
        counted.found,
        warehouse,
    ))
}

async fn work(shared: &Arc<Shared>, http: &Target, grpc: &[Service]) -> Counted {
    let session = shared.plan.session();
    let line = |n: usize| match shared.plan.protocol {
        Protocol::Http => Line::Http(HttpLine::new(http.clone())),
        Protocol::Grpc | Protocol::Stream => Line::Grpc(GrpcLine::new(grpc[n % grpc.len()].clone(), session.clone())),
    };
    let mut writers: JoinSet<(Tally, Tally)> = JoinSet::new();
    for n in 0..shared.plan.connections {
        match (shared.plan.protocol, line(n)) {
            (Protocol::Stream, Line::Grpc(line)) => writers.spawn(stream::write(Arc::clone(shared), line)),
            (_, line) => writers.spawn(write(Arc::clone(shared), line)),
        };
    }
    let mut readers: JoinSet<(Tally, Verification)> = JoinSet::new();
    for n in 0..shared.plan.reading_connections() {
        readers.spawn(read(Arc::clone(shared), line(n)));
    }
    let mut counted =
        Counted { writes: Tally::new(), reads: Tally::new(), random: Tally::new(), found: Verification::default() };
    while let Some(done) = writers.join_next().await {
        let (writes, random) = done.expect("a worker does not panic");
        counted.writes.add(&writes);
        counted.random.add(&random);
    }
    while let Some(done) = readers.join_next().await {
        let (reads, found) = done.expect("a worker does not panic");
        counted.reads.add(&reads);
        counted.found.add(found);
    }
    counted
}

fn readers(shared: &Shared, http: &Target, grpc: &[Service]) -> Readers {
    let session = shared.plan.session();
    match shared.plan.protocol {
        Protocol::Http => Readers::Http((0..VERIFYING_CONNECTIONS).map(|_| HttpLine::new(http.clone())).collect()),
        Protocol::Grpc | Protocol::Stream => Readers::Grpc(
            grpc.iter()
                .cycle()
                .take(VERIFYING_CONNECTIONS)
                .map(|service| GrpcLine::new(service.clone(), session.clone()))
                .collect(),
        ),
    }
}

/// Writes until the run is over.
async fn write(shared: Arc<Shared>, mut line: Line) -> (Tally, Tally) {
    let (mut writes, mut random) = (Tally::new(), Tally::new());
    while let Some(due) = shared.writes.next().await {
        let mut rng = shared.rng(due.number);
        if rng.f64() < shared.plan.random_share {
            shared.send_random(&mut line, &mut random, &mut rng).await;
            continue;
        }
        writes.late += u64::from(due.late);
        let event: Event = shared.audience.next_event(&mut rng, shared.time_at(due.intended));
        match line.write(&shared.audience, &event).await {
            Ok(()) => {
                writes.ok(due.intended, 1);
                shared.audience.note(&event, Fate::Acknowledged);
            }
            Err(failure) => {
                writes.failed(&failure, 1);
                shared.audience.note(&event, failure.fate());
            }
        }
    }
    (writes, random)
}

/// Reads until the run is over, and checks what it reads.
async fn read(shared: Arc<Shared>, mut line: Line) -> (Tally, Verification) {
    // Other numbers than those of the writes.
    const READS: u64 = 1 << 60;
    let (mut reads, mut found) = (Tally::new(), Verification::default());
    while let Some(due) = shared.reads.next().await {
        reads.late += u64::from(due.late);
        let (key, acked) = shared.audience.next_read(&mut shared.rng(READS + due.number));
        match line.read(&shared.audience, key).await {
            Ok(answer) => {
                reads.ok(due.intended, 1);
                found.check_during(&shared.audience, acked, answer.as_ref());
            }
            Err(failure) => reads.failed(&failure, 1),
        }
    }
    (reads, found)
}
