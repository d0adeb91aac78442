//! Tables of mode `safe` are a function of the messages: whatever the order they come in, how often, and in which batches, they
//! are what a slow reference computes of all of them at once. The seed is printed on failure; `SEED=n` runs that case alone,
//! `CASES=n` so many on each target.

mod golden;
mod greenplum;
mod reference;
mod shop;
mod target;

use fastrand::Rng;
use playhead_ports::Target;
use playhead_testkit::Postgres;
use playhead_warehouse::plan::{Plan, plan};
use playhead_warehouse::spec::Spec;

use shop::Order;

const ORDERS_MAX: usize = 40;
const BATCH_MAX: usize = 9;
const CASES: u64 = 25;

fn shop() -> (Spec, Plan) {
    let spec: Spec = toml::from_str(include_str!("spec.toml")).expect("the shop's spec is one");
    let plan = plan(&spec);
    (spec, plan)
}

/// Runs the cases on a target.
async fn check(target: &dyn Target) {
    let (spec, plan) = shop();
    target::make(target, &plan).await;
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let (only, cases) = (number("SEED"), number("CASES").unwrap_or(CASES));
    let seeds = only.map_or(0..cases, |seed| seed..seed + 1);
    for seed in seeds {
        target::clear(target, &plan).await;
        let mut random = Rng::with_seed(seed);
        let orders: Vec<Order> = (0..random.usize(1..ORDERS_MAX)).map(|_| Order::random(&mut random)).collect();
        for (number, batch) in deliveries(&mut random, &orders).iter().enumerate() {
            let loaded = target::load(target, &spec, &plan, batch).await;
            loaded.unwrap_or_else(|error| panic!("seed {seed}, batch {number}: {error}"));
        }
        let found = target::tables(target, &plan).await;
        for (name, expected) in reference::tables(&spec, &orders) {
            let found = &found[name];
            assert!(
                *found == expected,
                "seed {seed}, {}: {name} has\n{}\ninstead of\n{}",
                target.dialect().name(),
                shown(found),
                shown(&expected)
            );
        }
    }
}

/// Each order once or more, in any order, in batches of any size.
fn deliveries(random: &mut Rng, orders: &[Order]) -> Vec<Vec<Order>> {
    let mut all: Vec<Order> = orders.to_vec();
    for _ in 0..random.usize(0..=orders.len() / 2) {
        all.push(orders[random.usize(0..orders.len())].clone());
    }
    // Often in order of time, so that what comes in order is tried too.
    match random.u8(0..3) {
        0 => all.sort_by_key(|order| order.at),
        _ => random.shuffle(&mut all),
    }
    let mut batches = Vec::new();
    while !all.is_empty() {
        let size = random.usize(1..=BATCH_MAX).min(all.len());
        batches.push(all.drain(..size).collect());
    }
    batches
}

fn shown(rows: &[Vec<shop::Text>]) -> String {
    let row = |row: &Vec<shop::Text>| {
        let short = |value: &shop::Text| value.as_ref().map_or("-".to_owned(), |text| text.chars().take(10).collect());
        format!("  {}", row.iter().map(short).collect::<Vec<_>>().join(" | "))
    };
    rows.iter().map(row).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn tables_are_a_function_of_the_messages_on_postgres() {
    let postgres = Postgres::start_new();
    let url = postgres.create_database("streams");
    let target = playhead_postgres::PostgresTarget::new(&url, playhead_postgres::Config::default());
    check(&target.expect("the URL is one")).await;
}

#[tokio::test]
async fn tables_are_a_function_of_the_messages_in_the_sql_of_greenplum() {
    let postgres = Postgres::start_new();
    let url = postgres.create_database("streams");
    let target = playhead_postgres::PostgresTarget::new(&url, playhead_postgres::Config::default());
    check(&greenplum::AsGreenplum(target.expect("the URL is one"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_a_function_of_the_messages_on_duckdb() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("streams.duckdb");
    let target = playhead_duckdb::DuckTarget::open(&file, playhead_duckdb::Config::default());
    check(&target.expect("a new file opens")).await;
}
