//! Pipelines by the command line: the tutorial of docs/warehouse.md, command by command, on both targets.

use std::path::{Path, PathBuf};
use std::time::Duration;

use playhead_testkit::{Finished, Postgres, run_to_end};
use serde_json::Value;

const WITHIN: Duration = Duration::from_secs(300);

/// A folder with what the tutorial writes.
struct Folder {
    dir: tempfile::TempDir,
    spec: PathBuf,
}

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/orders.toml");
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("written");
        write("users.ndjson", r#"{"_id":"u1","name":"Anna","login":"anna"}"#);
        let menu = r#"[{"_id":"p1","name":"Margherita","price":9,"category":"pizza"}]"#;
        write("restaurants.ndjson", &format!(r#"{{"_id":"r1","name":"Roma","menu":{menu}}}"#));
        let order = |n: u32| {
            format!(
                r#"{{"object_id":{n},"object_type":"order","sent_dttm":"2026-03-01 12:0{n}:00","payload":{{"user":{{"id":"u1"}},"restaurant":{{"id":"r1"}},"order_items":[{{"id":"p1","name":"Margherita","price":9,"quantity":1}}],"date":"2026-03-01 12:00:00","cost":9,"payment":9,"final_status":"CLOSED","statuses":[]}}}}"#
            )
        };
        write("orders.ndjson", &(1..=5).map(order).collect::<Vec<_>>().join("\n"));
        Self { dir, spec }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_string_lossy().into_owned()
    }

    #[track_caller]
    fn run(&self, args: &[&str]) -> Finished {
        run_to_end(env!("CARGO_BIN_EXE_playhead"), args, WITHIN)
    }

    /// A command on the pipeline in that database.
    #[track_caller]
    fn pipeline(&self, into: &str, args: &[&str]) -> String {
        let (spec, data) = (self.spec.to_string_lossy().into_owned(), self.path("data"));
        let place = ["--spec", &spec, "--into", into, "--data", &data];
        self.run(&[&["warehouse"], args, &place].concat()).expect_success().stdout
    }

    fn rows(&self, into: &str) -> Vec<(String, u64)> {
        let status: Value = serde_json::from_str(&self.pipeline(into, &["status", "--json"])).expect("JSON");
        let tables = status["tables"].as_array().expect("tables");
        let row = |table: &Value| {
            let name = table["table"].as_str().expect("a name").to_owned();
            (name, table["rows"].as_u64().expect("a number"))
        };
        tables.iter().map(row).collect()
    }
}

fn tutorial(folder: &Folder, into: &str) {
    let (data, spec) = (folder.path("data"), folder.spec.to_string_lossy().into_owned());
    for (name, file) in [("user", "users.ndjson"), ("restaurant", "restaurants.ndjson")] {
        let args = ["dict", "load", name, &folder.path(file), "--spec", &spec, "--data", &data];
        folder.run(&args).expect_success();
    }
    let args = ["warehouse", "produce", "order-service_orders", &folder.path("orders.ndjson"), "--data", &data];
    folder.run(&[&args[..], &["--key", "object_id"]].concat()).expect_success();
    let said = folder.pipeline(into, &["run", "--once"]);
    assert!(said.starts_with("5 records are loaded"), "{said}");
    let rows = folder.rows(into);
    let of = |name: &str| rows.iter().find(|(table, _)| table == name).map(|(_, rows)| *rows);
    assert_eq!(
        (of("h_order"), of("h_user"), of("user_category_counters"), of("user_tags")),
        (Some(5), Some(1), Some(1), Some(1))
    );
    let tags = folder.pipeline(into, &["show", "cdm.user_tags", "--format", "csv"]);
    let mut lines = tags.lines();
    assert!(lines.next().is_some_and(|names| names.starts_with("user_id,category_id,category_name,tag,")), "{tags}");
    assert!(lines.next().is_some_and(|row| row.starts_with("u1,") && row.contains(",pizza,")), "{tags}");
    let some = folder.pipeline(into, &["show", "h_order", "--limit", "2", "--format", "json"]);
    let some: Value = serde_json::from_str(&some).expect("JSON");
    assert_eq!((some["rows"].as_array().map(Vec::len), &some["truncated"]), (Some(2), &true.into()), "{some}");
    let messages = folder.pipeline(into, &["lineage", "user_product_counters", "u1", "p1", "--json"]);
    assert_eq!(messages.lines().count(), 5, "{messages}");
    let of_category = ["lineage", "cdm.user_category_counters", "user_id=u1", "category_name=pizza", "--json"];
    assert_eq!(folder.pipeline(into, &of_category), messages);
    assert!(folder.pipeline(into, &["run", "--once"]).starts_with("0 records are loaded"));
    folder.pipeline(into, &["replay"]);
    folder.pipeline(into, &["replay", "--layer", "dds"]);
    assert_eq!(folder.rows(into), rows);
    assert!(folder.pipeline(into, &["docs"]).contains("### cdm.user_tags"));
    assert_eq!(folder.pipeline(into, &["apply"]), "");
}

#[test]
fn the_tutorial_tags_a_guest_in_duckdb() {
    let folder = Folder::new();
    let into = format!("duckdb:{}", folder.path("orders.duckdb"));
    tutorial(&folder, &into);
}

#[test]
fn the_tutorial_tags_a_guest_in_postgresql() {
    let postgres = Postgres::start_new();
    tutorial(&Folder::new(), &postgres.create_database("orders"));
}

#[test]
fn what_is_no_database_is_refused_and_stays_as_it_is() {
    let folder = Folder::new();
    let (spec, data, file) =
        (folder.spec.to_string_lossy().into_owned(), folder.path("data"), folder.path("orders.ndjson"));
    let refused = |into: &str, args: &[&str]| {
        let place = ["--spec", &spec, "--into", into, "--data", &data];
        let refused = folder.run(&[&["warehouse"], args, &place].concat());
        assert_eq!(refused.code, Some(1), "{refused:?}");
        refused.stderr
    };
    let before = std::fs::read(&file).expect("it is there");
    for args in [&["run", "--once"][..], &["status"], &["load", &file]] {
        let told = refused(&format!("duckdb:{file}"), args);
        assert!(told.contains("orders.ndjson is there and is no DuckDB database"), "{told}");
        let told = refused("orders.duckdb", args);
        assert!(told.contains("--into: `orders.duckdb`") && told.contains("duckdb:FILE or postgres://"), "{told}");
        assert!(refused("duckdb::memory:", args).contains(":memory:"));
    }
    assert_eq!(std::fs::read(&file).expect("it is there"), before);
}

#[test]
fn what_asks_says_how_and_a_replay_past_the_end_is_refused() {
    let folder = Folder::new();
    let (spec, data, file) =
        (folder.spec.to_string_lossy().into_owned(), folder.path("data"), folder.path("orders.ndjson"));
    let place = ["--spec", &spec, "--data", &data];
    let nowhere = folder.run(&[&["warehouse", "status"], &place[..]].concat());
    assert!(nowhere.code == Some(1) && nowhere.stderr.contains("--into") && nowhere.stderr.contains("--url"));
    let both = ["--into", "duckdb:x.duckdb", "--url", "http://127.0.0.1:1"];
    let both = folder.run(&[&["warehouse", "status"], &place[..], &both].concat());
    assert!(both.code == Some(1) && both.stderr.contains("both given"), "{both:?}");
    folder.run(&["warehouse", "produce", "order-service_orders", &file, "--data", &data]).expect_success();
    let into = format!("duckdb:{}", folder.path("orders.duckdb"));
    let past = ["warehouse", "replay", "--from", "5", "--into", &into];
    let past = folder.run(&[&past[..], &place].concat());
    assert_eq!(past.code, Some(1), "{past:?}");
    assert!(past.stderr.contains("nothing from offset 5 on") && past.stderr.contains("orders/0 at 5"), "{past:?}");
}

#[test]
fn a_file_that_is_wrong_is_told_by_line_and_key() {
    let folder = Folder::new();
    let text = std::fs::read_to_string(&folder.spec).expect("the pipeline").replace("identity =", "identify =");
    std::fs::write(folder.path("wrong.toml"), text).expect("written");
    let checked = folder.run(&["warehouse", "check", "--spec", &folder.path("wrong.toml")]);
    assert_eq!(checked.code, Some(1));
    assert!(checked.stdout.contains("wrong.toml:") && checked.stdout.contains("identify"), "{checked:?}");
    let right = folder.run(&["warehouse", "check", "--spec", &folder.spec.to_string_lossy()]);
    assert_eq!(right.code, Some(0), "{right:?}");
}

#[test]
fn a_topic_of_playhead_is_not_produced_to_and_a_new_one_is_told() {
    let folder = Folder::new();
    let (data, file) = (folder.path("data"), folder.path("orders.ndjson"));
    let produce = |topic: &str| folder.run(&["warehouse", "produce", topic, &file, "--data", &data]);
    for topic in ["watch", "videos", "orders.dlq", "a/b"] {
        let refused = produce(topic);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains(topic) && refused.stderr.contains("cannot be written to"), "{refused:?}");
    }
    assert!(!Path::new(&data).exists(), "nothing was made");
    assert!(produce("orders").stderr.contains("the topic orders was not there: it is made new"));
    assert_eq!(produce("orders").expect_success().stderr, "");
}
