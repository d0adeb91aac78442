//! Files, as `playhead warehouse load` takes them: staged ones as a whole, messages one by one.

use std::path::Path;
use std::sync::Arc;

use playhead_duckdb::DuckTarget;
use playhead_fjall::FjallDictionaries;
use playhead_ports::{Cell, Target};
use playhead_testkit::ManualClock;
use playhead_warehouse::pipeline::{Loaded, Parts, Pipeline};
use playhead_warehouse::spec::parse;

const SPEC: &str = r#"
[pipeline]
name = "files"
[vault]
mode = "automate_dv"
[source.staged]
staged = true
load_time = "at"
columns = { id = {}, born = { type = "date" }, at = { type = "time" } }
[source.other]
staged = true
load_time = "at"
columns = { id = {}, at = { type = "time" } }
[source.events]
identity = ["id"]
version = "n"
columns = { id = {}, n = { type = "int" }, born = { type = "date" } }
[hub.h]
from = ["staged", "other", "events"]
key = ["id"]
"#;

struct Site {
    folder: tempfile::TempDir,
    target: Arc<dyn Target>,
    pipeline: Arc<Pipeline>,
}

impl Site {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = |name: &str| folder.path().join(name);
        let duckdb = DuckTarget::open(&path("files.duckdb"), playhead_duckdb::Config::default());
        let target: Arc<dyn Target> = Arc::new(duckdb.expect("a new file can be opened"));
        let dictionaries = FjallDictionaries::open(&path("dictionaries"), &playhead_fjall::Config::default());
        let pipeline = Pipeline::new(Parts {
            spec: parse("the spec", SPEC).unwrap_or_else(|complaints| panic!("{complaints:#?}")),
            target: target.clone(),
            dictionaries: Arc::new(dictionaries.expect("new ones can be opened")),
            clock: Arc::new(ManualClock::at(1_772_366_400_000)),
            load_time: None,
            record_source: None,
        });
        pipeline.apply().await.expect("the tables can be made");
        Self { folder, target, pipeline }
    }

    /// Loads a file of that name, or tells what is wrong with it.
    async fn load(&self, source: &str, name: &str, text: &str) -> Result<Loaded, String> {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file can be written");
        let done = self.pipeline.load_file(source, Path::new(&path), |_, _| {}).await;
        done.map_err(|error| error.to_string())
    }

    async fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.target.select(&[], sql, 100).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let text = |cell: &Cell| match cell {
            Cell::Text(text) => text.clone(),
            other => format!("{other:?}"),
        };
        rows.iter().map(|row| row.iter().map(text).collect::<Vec<_>>().join(" ")).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_staged_file_with_rows_that_are_wrong_is_not_loaded_and_each_is_told() {
    let site = Site::new().await;
    let text = "id,born,at\na,2001-02-03,2024-01-01\nb,someday,2024-01-01\nc,,\nd,2001-02-30,2024-01-01\n";
    let wrong = site.load("staged", "one.csv", text).await.expect_err("two rows are wrong");
    let lines: Vec<&str> = wrong.lines().filter_map(|line| line.split(": must").next()).collect();
    assert_eq!(lines, ["nothing is loaded", "one.csv:3: born", "one.csv:5: born"], "{wrong}");
    assert_eq!(site.texts("SELECT id FROM dds.h").await, [""; 0]);
    let mended = "id,born,at\na,2001-02-03,2024-01-01\nb,,2024-01-01\n";
    assert_eq!(site.load("staged", "one.csv", mended).await, Ok(Loaded { loaded: 2, waiting: 0, rejected: 0 }));
    assert_eq!(site.texts("SELECT id FROM dds.h ORDER BY id").await, ["a", "b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_a_file_are_kept_and_those_that_are_wrong_are_noted() {
    let site = Site::new().await;
    let text = "{\"id\":\"a\",\"n\":1}\n{\"id\":\"b\",\"n\":\"one\"}\n{\"id\":\"a\",\"n\":2}\n";
    assert_eq!(site.load("events", "two.ndjson", text).await, Ok(Loaded { loaded: 2, waiting: 0, rejected: 1 }));
    assert_eq!(site.texts("SELECT id, CAST(_version AS text) FROM stg.events").await, ["a 2"]);
    assert_eq!(site.texts("SELECT id FROM stg.events_history").await, ["a", "a"]);
    let reasons = site.texts("SELECT CAST(_offset AS text), reason FROM stg.files_rejects").await;
    assert!(reasons.len() == 1 && reasons[0].starts_with("2 n: "), "{reasons:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_several_sources_are_one_load_or_none() {
    let site = Site::new().await;
    let write = |name: &str, text: &str| {
        let path = site.folder.path().join(name);
        std::fs::write(&path, text).expect("a file can be written");
        path
    };
    let staged = write("staged.csv", "id,born,at\na,2001-02-03,2024-01-02\nb,,2024-01-02\n");
    let late = write("late.ndjson", "{\"id\":\"a\",\"at\":\"2024-01-01\"}\n{\"id\":\"c\",\"at\":\"2024-01-01\"}\n");
    let wrong = write("wrong.csv", "id,at\nd,2024-01-01\ne,someday\n");
    let together = |last: &Path| {
        let (staged, last) = (staged.clone(), last.to_owned());
        let pipeline = site.pipeline.clone();
        async move { pipeline.load_together(&[("staged", &staged), ("other", &last)], |_| {}).await }
    };
    let refused = together(&wrong).await.expect_err("a row is wrong").to_string();
    assert!(refused.starts_with("nothing is loaded\nwrong.csv:3: at"), "{refused}");
    assert_eq!(site.texts("SELECT id FROM dds.h").await, [""; 0]);
    let loaded = Loaded { loaded: 4, waiting: 0, rejected: 0 };
    assert_eq!(together(&late).await, Ok(loaded));
    // The earlier row is in the second file, and it is the one that the hub keeps.
    let hub = "SELECT id, substr(CAST(load_dt AS text), 1, 10), load_src FROM dds.h ORDER BY id";
    let rows = ["a 2024-01-01 late.ndjson", "b 2024-01-02 staged.csv", "c 2024-01-01 late.ndjson"];
    assert_eq!(site.texts(hub).await, rows);
    assert_eq!(together(&late).await, Ok(loaded));
    assert_eq!(site.texts(hub).await, rows);
}
