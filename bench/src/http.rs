//! Unary durable writes over HTTP, beside empty handlers.

use anyhow::ensure;
use playhead_ports::Clock as _;
use playhead_system::SystemClock;

use crate::bare::Bare;
use crate::fill::Viewers;
use crate::ground::{Ground, median};
use crate::processor::Shares;
use crate::raw_http::{Drive, drive};
use crate::report::{Goal, Row, Section};
use crate::server::Server;

const CONNECTIONS: [usize; 3] = [16, 64, 256];
const GET: &[u8] = b"GET /livez HTTP/1.1\r\nhost: bench\r\n\r\n";

pub(crate) fn run(ground: &Ground) -> anyhow::Result<Section> {
    let server = Server::start(ground)?;
    let bare = Bare::start(ground)?;
    let http = server.program.http_address();
    let mut viewers = Viewers::new(20_000, 1_000, SystemClock.now());
    let mut section = Section::new(
        "HTTP: unary durable writes",
        "`PUT` of a position, a request at a time on each connection, by a client of one thread. The ceilings are `GET \
         /livez` on the same server (its empty handler), and the same `PUT` to an empty handler of hyper alone. While the \
         writes run, the sinks load the base and the warehouse beside them; before a ceiling is measured they have caught \
         up. Cores are those that were busy while the writes ran.",
    );
    let (rounds, time) = ground.rounds();
    for connections in CONNECTIONS {
        let how = Drive { connections, time, every: None };
        let (mut puts, mut lives, mut bares) = (Vec::new(), Vec::new(), Vec::new());
        let (mut latency, mut shares) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            server.wait_idle()?;
            lives.push(drive(http, how, |into| into.extend_from_slice(GET))?.per_s);
            let before = server.used()?;
            let put = drive(http, how, |into| viewers.tell().put(into))?;
            shares.push(before.until(server.used()?));
            ensure!(put.failed == 0, "{} writes failed", put.failed);
            puts.push(put.per_s);
            latency.push((put.p50_ms, put.p99_ms));
            server.wait_idle()?;
            bares.push(drive(bare.at, how, |into| viewers.tell().put(into))?.per_s);
        }
        let (p50_ms, p99_ms) = latency.into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
        let notes = format!("p50 {:.2} ms, p99 {:.2} ms", median(p50_ms), median(p99_ms));
        let per_s = median(puts);
        let row = |beside: &str, ceiling: Vec<f64>| {
            Row::new(format!("{connections} connections, writes/s beside {beside}"), per_s).ceiling(median(ceiling))
        };
        let live = row("`/livez`", lives).notes(notes);
        section.push(if connections == 256 { live.goal(Goal::RatioAtLeast(0.8)) } else { live });
        section.push(row("hyper alone", bares).notes(Shares::mean(&shares).to_string()));
    }
    Ok(section)
}
