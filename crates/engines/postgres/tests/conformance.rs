//! The port's contract on this engine.

use std::cell::Cell;
use std::sync::Arc;

use playhead_ports::Target;
use playhead_postgres::{Config, PostgresTarget};
use playhead_testkit::Postgres;

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract_of_targets() {
    let postgres = Postgres::start_new();
    let made = Cell::new(0);
    playhead_conformance::target(async || {
        made.set(made.get() + 1);
        let url = postgres.create_database(&format!("target {}", made.get()));
        let target: Arc<dyn Target> = Arc::new(PostgresTarget::new(&url, Config::default()).expect("an address"));
        target
    })
    .await;
}
