//! Pipelines of the warehouse: `pipelines/orders.toml` from the topic through all layers beside a raw insert of the same rows, and
//! files of staged rows into a vault.

mod flow;
mod orders;
mod place;
mod plain;
mod raw;
mod vault;

use std::time::{Duration, Instant};

use playhead_warehouse::spec::Mode;

use crate::ground::{Ground, median};
use crate::report::{Goal, Row, Section};
use crate::server::own_resident_mib;
use flow::{Flow, Times};
use place::Place;
use raw::Raw;
use vault::Vault;

/// The runner's largest batch.
const LARGE: u64 = 20_000;
const SMALL: u64 = 100;
/// The dictionaries know what so many more orders ask than the topic is to have.
const KNOWN_BEYOND: u64 = 200_000;
/// The flow stops after this long, whatever it has got.
const FLOW_TIME: Duration = Duration::from_secs(80);

/// Which target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Into {
    Postgres,
    Duckdb,
}

pub(crate) fn run(ground: &Ground, into: Into) -> anyhow::Result<Section> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (title, place) = match into {
        Into::Postgres => ("Pipelines into PostgreSQL", Place::postgres(ground)?),
        Into::Duckdb => ("Pipelines into DuckDB", Place::duckdb(ground)?),
    };
    let mut section = Section::new(
        title,
        "`pipelines/orders.toml`: orders of one to three items, one in twenty told twice, from the topic by the runner, through \
         STG, vault, marts and tags; rows of history are those of all tables. The ceiling is the rows that were staged for the \
         same orders (messages, orders, items), made before the clock starts, into plain tables by one keyed insert each, in \
         batches of 20,000 orders, while the tables are small. Times of batches are from the look-up of pins and dictionaries \
         to the commit. Vault loads are of CSV files by `playhead warehouse load`'s way: a hub, a small hub, a link and a \
         satellite; a filled vault has half of the file's customers, a quarter of them with something new. PostgreSQL waits for \
         the disk at each commit, and has 1 GB of shared buffers.",
    );
    let (through, alone) = runtime.block_on(plain::rates(&place, ground.pick(20_000, 500_000), ground.pick(1, 3)))?;
    section.push(Row::new("plain rows/s through the port, beside COPY or the appender", through).ceiling(alone));
    runtime.block_on(orders(ground, &place, &mut section))?;
    for mode in [Mode::Safe, Mode::AutomateDv] {
        runtime.block_on(vaults(ground, &place, mode, &mut section))?;
    }
    section.push(Row::new("memory of the benchmark, MiB", own_resident_mib() as f64));
    Ok(section)
}

async fn orders(ground: &Ground, place: &Place, section: &mut Section) -> anyhow::Result<()> {
    let (orders_max, step) = ground.pick((20_000, 5_000), (1_000_000, 50_000));
    let known = orders_max + KNOWN_BEYOND;
    let raw = ceiling(ground, place, known).await?;
    let mut flow = Flow::open(ground.new_folder()?, place.database("orders")?, known).await?;
    flow.tell(step).await?;
    let first = flow.run().await?;
    let few = batches(ground, &mut flow, section).await?;
    let began = Instant::now();
    let (mut took, from) = (Duration::ZERO, flow.loaded);
    while flow.loaded < orders_max && began.elapsed() < ground.pick(Duration::from_secs(4), FLOW_TIME) {
        flow.tell(step).await?;
        let step_took = flow.run().await?;
        took += step_took;
        eprintln!("{} orders, the last at {:.0}/s", flow.loaded, step as f64 / step_took.as_secs_f64());
    }
    let orders = flow.loaded - from;
    let per_s = orders as f64 / took.as_secs_f64();
    let notes = format!("{orders} orders; the first {step} at {:.0}/s", step as f64 / first.as_secs_f64());
    let what = "orders/s through all layers";
    section.push(Row::new(what, per_s).ceiling(raw).goal(Goal::AtLeast(10_000.0)).notes(notes));
    let many = batches(ground, &mut flow, section).await?;
    let what = format!("a batch of {SMALL} orders, ms: with the long history beside the short one");
    section.push(Row::new(what, many).ceiling(few).notes("1.00 is flat"));
    Ok(())
}

/// Orders per second of the raw insert.
async fn ceiling(ground: &Ground, place: &Place, known: u64) -> anyhow::Result<f64> {
    let mut raw = Raw::of_orders(place.database("plain")?, known)?;
    let mut rates = Vec::new();
    for _ in 0..ground.pick(2, 7) {
        rates.push(LARGE as f64 / raw.batch(LARGE).await?.as_secs_f64());
    }
    Ok(median(rates))
}

/// The times of single batches on what is there. Gives the middle one of small batches, ms.
async fn batches(ground: &Ground, flow: &mut Flow, section: &mut Section) -> anyhow::Result<f64> {
    let history = flow.rows().await?;
    let mut small = f64::NAN;
    for (orders, count) in [(SMALL, ground.pick(5, 40)), (4_000, ground.pick(1, 5))] {
        let mut times = Vec::new();
        for _ in 0..count {
            times.push(flow.batch(orders).await?);
        }
        let part =
            |of: fn(&Times) -> Duration| median(times.iter().map(|times| of(times).as_secs_f64() * 1e3).collect());
        let (gather, prepare, commit) = (part(|of| of.gather), part(|of| of.prepare), part(|of| of.commit));
        let notes = format!("p50 of gather {gather:.1}, prepare {prepare:.1}, commit {commit:.1} ms");
        let ms = part(|of| of.gather + of.prepare + of.commit);
        let what = format!("{history} rows of history: a batch of {orders} orders, ms");
        let row = Row::new(what, ms).notes(notes);
        section.push(if orders == SMALL { row.goal(Goal::AtMost(50.0)) } else { row });
        if orders == SMALL {
            small = ms;
        }
    }
    Ok(small)
}

async fn vaults(ground: &Ground, place: &Place, mode: Mode, section: &mut Section) -> anyhow::Result<()> {
    let rows = ground.pick(20_000, 500_000);
    let name = match mode {
        Mode::Safe => "safe",
        Mode::AutomateDv => "automate_dv",
    };
    let mut vault = Vault::open(ground.new_folder()?, place.database(&format!("vault_{name}"))?, mode).await?;
    let what = |what: &str| format!("mode {name}: {what}");
    let empty = vault.load(0, rows).await?;
    let goal = Goal::AtMost(4.0);
    section.push(Row::new(what(&format!("{rows} rows into an empty vault, s")), empty.as_secs_f64()).goal(goal));
    let filled = vault.load(rows / 2, rows).await?;
    section.push(Row::new(what(&format!("{rows} rows into a filled vault, s")), filled.as_secs_f64()).goal(goal));
    let mut times = Vec::new();
    for at in 0..ground.pick(3, 20) {
        times.push(vault.load(at * SMALL, SMALL).await?.as_secs_f64() * 1e3);
    }
    section
        .push(Row::new(what(&format!("{SMALL} rows into a filled vault, ms")), median(times)).goal(Goal::AtMost(50.0)));
    Ok(())
}
