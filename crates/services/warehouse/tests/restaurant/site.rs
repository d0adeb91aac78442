//! A pipeline on a new database, with its dictionaries, and looks at its tables.

use std::path::Path;
use std::sync::Arc;

use playhead_duckdb::DuckTarget;
use playhead_fjall::FjallDictionaries;
use playhead_ports::{Cell, Dictionaries, Target};
use playhead_postgres::PostgresTarget;
use playhead_testkit::Postgres;
use playhead_warehouse::dictionary::entries;
use playhead_warehouse::pipeline::{Loaded, Parts, Pipeline};
use playhead_warehouse::spec;

use crate::orders::{Order, restaurant, user};

const NOON_MS: i64 = 1_772_366_400_000;

/// A pipeline that is being tested.
pub(crate) struct Site {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) dictionaries: Arc<dyn Dictionaries>,
    pub(crate) target: Arc<dyn Target>,
    pub(crate) clock: Arc<playhead_testkit::ManualClock>,
    dir: tempfile::TempDir,
}

/// Runs a test on every target, one after the other; a failure names the target.
pub(crate) async fn on_every_target(test: impl AsyncFn(&Site)) {
    let dir = tempfile::tempdir().expect("a folder");
    let duckdb =
        DuckTarget::open(&dir.path().join("orders.duckdb"), playhead_duckdb::Config::default()).expect("opens");
    eprintln!("on DuckDB");
    test(&Site::new(Arc::new(duckdb)).await).await;
    let postgres = Postgres::start_new();
    let url = postgres.create_database("orders");
    eprintln!("on PostgreSQL");
    let target = PostgresTarget::new(&url, playhead_postgres::Config::default()).expect("an address");
    test(&Site::new(Arc::new(target)).await).await;
}

impl Site {
    async fn new(target: Arc<dyn Target>) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let store = FjallDictionaries::open(&dir.path().join("dictionaries"), &playhead_fjall::Config::default());
        let dictionaries: Arc<dyn Dictionaries> = Arc::new(store.expect("opens"));
        let clock = Arc::new(playhead_testkit::ManualClock::at(NOON_MS));
        let site = Self { pipeline: pipeline(&target, &dictionaries, &clock), dictionaries, target, clock, dir };
        site.pipeline.apply().await.expect("the tables");
        site.learn("user", &[user("u1", "Anna"), user("u2", "Boris")]).await;
        site.learn("restaurant", &[restaurant("Roma")]).await;
        site
    }

    /// Puts entries into a dictionary.
    pub(crate) async fn learn(&self, dictionary: &str, lines: &[String]) {
        let changes = entries(dictionary, "_id", lines.join("\n").as_bytes()).expect("entries");
        self.dictionaries.change(changes, &[]).await.expect("changes");
    }

    /// Loads orders, all in one batch.
    pub(crate) async fn load(&self, orders: &[Order]) -> Loaded {
        self.load_lines("orders.ndjson", &orders.iter().map(Order::line).collect::<Vec<_>>()).await
    }

    /// Loads the lines of a file of that name.
    pub(crate) async fn load_lines<S: AsRef<[u8]>>(&self, name: &str, lines: &[S]) -> Loaded {
        let path = self.dir.path().join(name);
        let mut bytes = Vec::new();
        for line in lines {
            bytes.extend_from_slice(line.as_ref());
            bytes.push(b'\n');
        }
        std::fs::write(&path, bytes).expect("written");
        self.pipeline.load_file("order_events", Path::new(&path), |_, _| {}).await.expect("loads")
    }

    /// The rows of a question, each as its texts.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let rows = self.target.select(&[], sql, 100_000).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.into_iter().map(|row| row.iter().map(text).collect()).collect()
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> usize {
        let rows = self.rows(&format!("SELECT count(*) FROM {table}")).await;
        rows[0][0].parse().expect("a number")
    }

    /// All rows of all tables of these layers.
    pub(crate) async fn all(&self, schemas: &[&str]) -> Vec<(String, Vec<Vec<String>>)> {
        let mut all = Vec::new();
        for table in self.pipeline.plan().tables.iter().filter(|table| schemas.contains(&table.schema.as_str())) {
            let name = format!("{}.{}", table.schema, table.name);
            let mut rows = self.rows(&format!("SELECT * FROM {name}")).await;
            rows.sort();
            all.push((name, rows));
        }
        all
    }
}

fn pipeline(
    target: &Arc<dyn Target>,
    dictionaries: &Arc<dyn Dictionaries>,
    clock: &Arc<playhead_testkit::ManualClock>,
) -> Arc<Pipeline> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../pipelines/orders.toml");
    let spec = spec::read(&path).unwrap_or_else(|complaints| panic!("{complaints:#?}"));
    Pipeline::new(Parts {
        spec,
        target: target.clone(),
        dictionaries: dictionaries.clone(),
        clock: clock.clone(),
        load_time: None,
        record_source: Some("orders".into()),
    })
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => "-".into(),
        Cell::Bool(value) => value.to_string(),
        Cell::Int(value) => value.to_string(),
        Cell::BigInt(value) => value.to_string(),
        Cell::Float(value) => value.to_string(),
        Cell::Text(text) => text.clone(),
        other => format!("{other:?}"),
    }
}
