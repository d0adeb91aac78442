//! Unary durable writes over gRPC, beside a health check on the same server by the same client.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::ensure;
use futures::stream::{FuturesUnordered, StreamExt as _};
use playhead_contracts::watch::SetPositionRequest;
use playhead_contracts::watch::watch_client::WatchClient;
use playhead_ports::Clock as _;
use playhead_system::SystemClock;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::fill::Viewers;
use crate::ground::{Ground, median};
use crate::processor::Shares;
use crate::raw_http::{Driven, times_us};
use crate::report::{Goal, Row, Section};
use crate::server::Server;

const IN_FLIGHT: [usize; 3] = [16, 64, 256];
const CONNECTIONS: usize = 8;

pub(crate) fn run(ground: &Ground) -> anyhow::Result<Section> {
    let server = Server::start(ground)?;
    let at = server.program.grpc_address();
    let viewers = RefCell::new(Viewers::new(20_000, 1_000, SystemClock.now()));
    let mut section = Section::new(
        "gRPC: unary durable writes",
        format!(
            "`SetPosition`, so many calls at once over {CONNECTIONS} connections, by a client (tonic) of one thread. The \
             ceiling is `grpc.health.v1.Health/Check` on the same server by the same client."
        ),
    );
    let (rounds, time) = ground.rounds();
    for in_flight in IN_FLIGHT {
        let (mut sets, mut checks, mut latency, mut shares) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            server.wait_idle()?;
            let checked = drive(at, in_flight, time, async |channel| {
                HealthClient::new(channel).check(HealthCheckRequest::default()).await.map(|_| ())
            })?;
            ensure!(checked.failed == 0, "{} checks failed", checked.failed);
            checks.push(checked.per_s);
            let before = server.used()?;
            let set = drive(at, in_flight, time, async |channel| {
                let event = Some(viewers.borrow_mut().tell().message());
                WatchClient::new(channel).set_position(SetPositionRequest { event, sent_time: None }).await.map(|_| ())
            })?;
            ensure!(set.failed == 0, "{} writes failed", set.failed);
            shares.push(before.until(server.used()?));
            sets.push(set.per_s);
            latency.push((set.p50_ms, set.p99_ms));
        }
        let (p50_ms, p99_ms) = latency.into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
        let row = Row::new(format!("{in_flight} in flight, writes/s beside `Check`"), median(sets))
            .ceiling(median(checks))
            .notes(format!("p50 {:.2} ms, p99 {:.2} ms; {}", median(p50_ms), median(p99_ms), Shares::mean(&shares)));
        section.push(if in_flight == 256 { row.goal(Goal::RatioAtLeast(0.8)) } else { row });
    }
    Ok(section)
}

/// Calls again and again, so many at once.
fn drive(
    at: SocketAddr,
    in_flight: usize,
    time: Duration,
    call: impl AsyncFn(Channel) -> Result<(), Status>,
) -> anyhow::Result<Driven> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (times, failed) = (RefCell::new(times_us()), RefCell::new(0));
    runtime.block_on(async {
        let endpoint = Endpoint::from_shared(format!("http://{at}"))?.tcp_nodelay(true);
        // Each lazy channel is a connection of its own.
        let channels: Vec<Channel> = (0..CONNECTIONS).map(|_| endpoint.connect_lazy()).collect();
        let began = Instant::now();
        let mut callers: FuturesUnordered<_> = (0..in_flight)
            .map(|number| {
                let channel = channels[number % CONNECTIONS].clone();
                let (times, failed, call) = (&times, &failed, &call);
                async move {
                    while began.elapsed() < time {
                        let asked = Instant::now();
                        match call(channel.clone()).await {
                            Ok(()) => times
                                .borrow_mut()
                                .saturating_record(u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX)),
                            Err(_) => *failed.borrow_mut() += 1,
                        }
                    }
                }
            })
            .collect();
        while callers.next().await.is_some() {}
        let driven = Driven::new(&times.borrow(), *failed.borrow(), began.elapsed());
        Ok(driven)
    })
}
