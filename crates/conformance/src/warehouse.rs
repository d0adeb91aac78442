//! The contract of [`Warehouse`], sentence by sentence. Durability is each engine's own test: it knows how to be reopened.

mod asking;
mod changing;
mod committing;
mod declaring;

use std::sync::Arc;
use std::time::Duration;

use playhead_ports::{Cell, Columns, Load, Query, QueryError, Step, Warehouse};

use crate::rows::{DAYS, EVENTS, POSITIONS, TABLES, day, event, int, position};
use crate::samples::partition;

/// Checks every sentence; `make` gives a new, empty warehouse each time.
pub async fn warehouse(make: impl AsyncFn() -> Arc<dyn Warehouse>) {
    declaring::check(&make).await;
    committing::check(&make).await;
    changing::check(&make).await;
    asking::check(&make).await;
}

async fn declared(make: &impl AsyncFn() -> Arc<dyn Warehouse>) -> Arc<dyn Warehouse> {
    let warehouse = make().await;
    warehouse.declare(&TABLES).await.expect("declares");
    warehouse
}

fn question(sql: &str) -> Query {
    Query { sql: sql.to_owned(), rows_max: 100_000, time_max: Duration::from_secs(60) }
}

async fn ask(warehouse: &dyn Warehouse, sql: &str) -> Vec<Vec<Cell>> {
    rows_of(warehouse.query(question(sql)).await.unwrap_or_else(|error| panic!("{sql}: {error}"))).await.expect(sql)
}

async fn rows_of(mut answer: playhead_ports::Answer) -> Result<Vec<Vec<Cell>>, QueryError> {
    let mut rows = Vec::new();
    while let Some(chunk) = answer.rows.recv().await {
        rows.extend(chunk?);
    }
    Ok(rows)
}

/// Why there is no answer, whether it shows at once or later.
async fn refusal(warehouse: &dyn Warehouse, sql: &str) -> QueryError {
    match warehouse.query(question(sql)).await {
        Ok(answer) => rows_of(answer).await.expect_err(sql),
        Err(error) => error,
    }
}

/// How many rows the three tables have.
async fn counts(warehouse: &dyn Warehouse) -> (i64, i64, i64) {
    let count = async |table: &str| int(&ask(warehouse, &format!("SELECT count(*) FROM {table}")).await);
    (count("events").await, count("positions").await, count("days").await)
}

fn append(rows: Columns) -> Step {
    Step::Append { table: EVENTS.name, rows }
}

fn replace(rows: Columns) -> Step {
    Step::Replace { table: POSITIONS.name, rows }
}

fn add(rows: Columns) -> Step {
    Step::Add { table: DAYS.name, rows }
}

/// Loads steps without a checkpoint.
async fn load(warehouse: &dyn Warehouse, steps: Vec<Step>) {
    warehouse.load("loader", Load { steps }, &[]).await.expect("loads");
}

fn some_of_each() -> Load {
    Load { steps: vec![append(event("u", 1)), replace(position("u", "a", 10, 1)), add(day("a", 19_000, 1, 60))] }
}

async fn next_of(warehouse: &dyn Warehouse, consumer: &str, number: u32) -> Option<u64> {
    let found = warehouse.checkpoints(consumer, &[partition(number)]).await.expect("reads");
    found.into_iter().next().expect("an answer for each").map(|checkpoint| checkpoint.next.0)
}
