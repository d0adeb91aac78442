//! Events in batches, over a stream of gRPC and over `POST /v1/events`, beside a raw append and sync of the same bytes.

use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::uri::PathAndQuery;
use playhead_contracts::encode_fact;
use playhead_contracts::watch::{StreamEventsRequest, StreamEventsResponse};
use playhead_domain::Fact;
use playhead_ports::Clock as _;
use playhead_system::SystemClock;
use prost::Message as _;
use tonic::transport::Endpoint;

use crate::fill::{Told, Viewers};
use crate::ground::{Ground, median};
use crate::raw_codec::RawCodec;
use crate::raw_http::{Drive, drive};
use crate::report::{Goal, Row, Section};
use crate::server::Server;

const STREAMS: usize = 2;
const POSTING_CONNECTIONS: usize = 4;
/// A batch that takes so long is none that a benchmark waits for.
const LONG: Duration = Duration::from_secs(120);

/// How events travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Grpc,
    Lines,
}

pub(crate) fn run(ground: &Ground) -> anyhow::Result<Section> {
    let server = Server::start(ground)?;
    let raw_folder = ground.new_folder()?;
    let mut section = Section::new(
        "Streamed events",
        format!(
            "Events of 50,000 viewers, acknowledged durable: over {STREAMS} gRPC streams, and as NDJSON over \
             {POSTING_CONNECTIONS} connections of HTTP/1.1. Messages are encoded before the clock starts. The ceiling writes \
             the bytes of the same records to a file and syncs it, batch by batch, in one thread; the server joins the \
             batches that wait into one sync."
        ),
    );
    let events = ground.pick(50_000, 400_000);
    let (rounds, _) = ground.rounds();
    let mut viewers = Viewers::new(50_000, 1_000, SystemClock.now());
    for (way, batch) in [(Way::Grpc, 100), (Way::Grpc, 1_000), (Way::Lines, 1_000)] {
        let (mut ours, mut raws) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let told: Vec<Told> = (0..events).map(|_| viewers.tell()).collect();
            server.wait_idle()?;
            raws.push(raw(raw_folder.path(), &told, batch)?);
            ours.push(match way {
                Way::Grpc => streamed(server.program.grpc_address(), told, batch)?,
                Way::Lines => posted(server.program.http_address(), &told, batch)?,
            });
        }
        let what = match way {
            Way::Grpc => format!("`StreamEvents`, {batch} a message, events/s"),
            Way::Lines => format!("`POST /v1/events`, {batch} lines each, events/s"),
        };
        let row = Row::new(what, median(ours)).ceiling(median(raws));
        section.push(if batch == 1_000 && way == Way::Grpc { row.goal(Goal::AtLeast(500_000.0)) } else { row });
    }
    section.push(Row::new("memory of the server afterwards, MiB", server.resident_mib() as f64));
    Ok(section)
}

/// Events per second that one thread writes and syncs.
fn raw(folder: &Path, told: &[Told], batch: usize) -> anyhow::Result<f64> {
    let batches: Vec<Vec<u8>> = told
        .chunks(batch)
        .map(|batch| batch.iter().flat_map(|told| encode_fact(&Fact::Watched(told.event()))).collect())
        .collect();
    let path = folder.join("raw");
    let mut file = File::create(&path)?;
    let began = Instant::now();
    for bytes in batches {
        file.write_all(&bytes)?;
        file.sync_data()?;
    }
    let per_s = told.len() as f64 / began.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(per_s)
}

/// Events per second from the first message to the last acknowledgement.
fn streamed(at: SocketAddr, told: Vec<Told>, batch: usize) -> anyhow::Result<f64> {
    let events = told.len();
    let mut messages: Vec<Vec<Bytes>> = vec![Vec::new(); STREAMS];
    let mut told = told.into_iter();
    for number in 0..events.div_ceil(batch) {
        let events = told.by_ref().take(batch).map(Told::message).collect();
        let message = StreamEventsRequest { events, ..Default::default() }.encode_to_vec();
        messages[number % STREAMS].push(message.into());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let endpoint = Endpoint::from_shared(format!("http://{at}"))?.tcp_nodelay(true);
        let began = Instant::now();
        let streams = messages.into_iter().map(|messages| stream(&endpoint, messages, batch as u64));
        let acknowledged: u64 = futures::future::try_join_all(streams).await?.into_iter().sum();
        let took = began.elapsed();
        ensure!(acknowledged == events as u64, "{acknowledged} of {events} events were acknowledged");
        Ok(events as f64 / took.as_secs_f64())
    })
}

/// Sends the messages over one stream and gives how many events were acknowledged.
async fn stream(endpoint: &Endpoint, messages: Vec<Bytes>, batch: u64) -> anyhow::Result<u64> {
    let all = messages.len() as u64 * batch;
    let mut client = tonic::client::Grpc::new(endpoint.connect().await?);
    client.ready().await?;
    let path = PathAndQuery::from_static("/playhead.watch.v1.Watch/StreamEvents");
    let requests = tonic::Request::new(tokio_stream::iter(messages));
    let mut answers = client.streaming(requests, path, RawCodec).await?.into_inner();
    let mut acknowledged = 0;
    while acknowledged < all {
        let bytes = answers.message().await?.context("the stream ended early")?;
        let answer = StreamEventsResponse::decode(bytes)?;
        ensure!(answer.refused.is_empty(), "events were refused: {:?}", answer.refused.first());
        acknowledged = answer.durable_index + 1;
    }
    Ok(acknowledged)
}

/// Events per second by `POST`.
fn posted(at: SocketAddr, told: &[Told], batch: usize) -> anyhow::Result<f64> {
    let mut requests = told.chunks(batch).map(|batch| {
        let body: String = batch.iter().map(|told| told.json(true) + "\n").collect();
        let head = format!(
            "POST /v1/events HTTP/1.1\r\nhost: bench\r\ncontent-type: application/x-ndjson\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        (head + &body).into_bytes()
    });
    let requests: Vec<Vec<u8>> = requests.by_ref().collect();
    let mut requests = requests.into_iter();
    let how = Drive { connections: POSTING_CONNECTIONS, time: LONG, every: None };
    let driven = drive(at, how, |into| into.extend(requests.next().unwrap_or_default()))?;
    ensure!(driven.failed == 0, "{} batches failed", driven.failed);
    Ok(driven.per_s * batch as f64)
}
