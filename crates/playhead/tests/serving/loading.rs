//! Files loaded once, whatever cuts the load off, and what is taken in again on purpose.

use std::process::{Command, Stdio};

use playhead_testkit::wait_until;
use serde_json::Value;

use crate::scene::{Scene, TOPIC, WITHIN, order, rows};

fn place(scene: &Scene) -> Vec<String> {
    let into = format!("duckdb:{}", scene.path("orders.duckdb"));
    ["--spec", &scene.spec(), "--into", &into, "--data", &scene.path("data")].map(str::to_owned).to_vec()
}

#[track_caller]
fn pipeline(scene: &Scene, args: &[&str]) -> playhead_testkit::Finished {
    let place = place(scene);
    let place: Vec<&str> = place.iter().map(String::as_str).collect();
    scene.run(&[&["warehouse"], args, &place].concat()).expect_success()
}

fn status(scene: &Scene) -> Value {
    serde_json::from_str(&pipeline(scene, &["status", "--json"]).stdout).expect("JSON")
}

#[test]
fn a_file_that_was_loaded_changes_nothing_whatever_it_is_called() {
    let scene = Scene::new(None);
    scene.write("orders.ndjson", &(1..=5).map(order).collect::<Vec<_>>().join("\n"));
    let file = scene.path("orders.ndjson");
    assert!(pipeline(&scene, &["load", &file]).stdout.starts_with("5 of 5 are loaded"));
    let before = status(&scene);
    std::fs::copy(&file, scene.path("same.ndjson")).expect("copied");
    for file in [file.clone(), scene.path("same.ndjson")] {
        let again = pipeline(&scene, &["load", &file]);
        assert!(again.stdout.starts_with("0 of 0 are loaded"), "{again:?}");
        assert!(again.stderr.contains("before line 6 is loaded already"), "{again:?}");
    }
    assert_eq!(status(&scene), before);
    assert!(pipeline(&scene, &["load", &file, "--again"]).stdout.starts_with("5 of 5 are loaded"));
    assert_eq!(status(&scene)["tables"], before["tables"]);
}

#[test]
fn a_load_that_is_killed_goes_on_where_it_was() {
    const ORDERS: u32 = 60_000;
    let scene = Scene::new(None);
    scene.write("orders.ndjson", &(1..=ORDERS).map(order).collect::<Vec<_>>().join("\n"));
    let file = scene.path("orders.ndjson");
    let mut child = Command::new(env!("CARGO_BIN_EXE_playhead"))
        .args(["warehouse", "load", &file])
        .args(place(&scene))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    // Once the first batch is in; a load that was quicker than this look is no fault.
    let database = scene.path("orders.duckdb");
    wait_until(WITHIN, "a batch is in", || {
        let size = |path: &str| std::fs::metadata(path).map_or(0, |found| found.len());
        size(&database) + size(&format!("{database}.wal")) > 4 << 20
            || child.try_wait().expect("a child can be asked").is_some()
    });
    let _ = child.kill();
    child.wait().expect("a child can be waited for");
    let rest = pipeline(&scene, &["load", &file]);
    let status = status(&scene);
    assert_eq!(rows(&status, "h_order"), Some(u64::from(ORDERS)), "{rest:?}");
    assert_eq!(rows(&status, "order_events_history"), Some(u64::from(ORDERS)));
    assert!(pipeline(&scene, &["load", &file]).stdout.starts_with("0 of 0 are loaded"));
}

#[test]
fn a_replay_begins_at_an_offset_or_at_a_time_and_adopts_the_log_that_is_there() {
    let scene = Scene::new(None);
    let (data, file) = (scene.path("data"), scene.path("orders.ndjson"));
    scene.write("orders.ndjson", &(1..=5).map(order).collect::<Vec<_>>().join("\n"));
    let produce = || scene.run(&["warehouse", "produce", TOPIC, &file, "--data", &data]).expect_success();
    produce();
    pipeline(&scene, &["run", "--once"]);
    let replayed = |args: &[&str]| pipeline(&scene, &[&["replay"], args].concat()).stdout;
    assert!(replayed(&["--from", "3"]).starts_with("2 messages"));
    assert!(replayed(&["--from", "2000-01-01T00:00:00Z"]).starts_with("5 messages"));
    assert!(replayed(&["--from", "2999-01-01T00:00:00Z"]).starts_with("0 messages"));

    // The log is lost: the pipeline does not go on with another one by itself.
    std::fs::remove_dir_all(scene.path("data/log")).expect("removed");
    scene.write("orders.ndjson", &(4..=8).map(order).collect::<Vec<_>>().join("\n"));
    produce();
    let into = place(&scene);
    let into: Vec<&str> = into.iter().map(String::as_str).collect();
    let refused = scene.run(&[&["warehouse", "run", "--once"], &into[..]].concat());
    assert!(refused.code == Some(1) && refused.stderr.contains("another log"), "{refused:?}");
    assert!(replayed(&["--adopt"]).starts_with("5 messages"));
    assert!(pipeline(&scene, &["run", "--once"]).stdout.starts_with("0 records"));
    assert_eq!(rows(&status(&scene), "order_events_history"), Some(8));
}

#[test]
fn a_parquet_or_csv_file_is_loaded_as_lines_of_the_same_rows_are() {
    let scene = Scene::new(None);
    let spec = "[pipeline]\nname = \"visits\"\n[source.visit]\ntopic = \"visits\"\nidentity = [\"id\"]\n\
                event_time = \"at\"\n[source.visit.columns]\nid = { type = \"int\", required = true }\n\
                at = { type = \"time\", required = true }\nguest = { required = true }\n\
                paid = { type = \"decimal(19,2)\" }\n[hub.h_guest]\nfrom = [\"visit\"]\nkey = [\"guest\"]\n\
                [mart.guests]\nfrom = \"visit\"\nkey = [\"guest\"]\nmeasures = { paid = { sum = \"paid\" } }\n";
    scene.write("visits.toml", spec);
    let select = "SELECT range AS id, TIMESTAMP '2026-03-01 12:00:00' + INTERVAL (range) SECOND AS at, \
                  'guest ' || range % 3 AS guest, ((range - range % 4) / 4 + 0.25)::DECIMAL(19,2) AS paid FROM range(1000)";
    let program = scene.start();
    for format in ["parquet", "csv"] {
        let file = scene.path(&format!("visits.{format}"));
        program.client_command(&["sql", select, "--format", format, "--output", &file]).expect_success();
    }
    drop(program);
    let line = |n: u32| {
        let (minute, second, guest) = (n / 60, n % 60, n % 3);
        let at = format!("2026-03-01 12:{minute:02}:{second:02}");
        format!(r#"{{"id":{n},"at":"{at}","guest":"guest {guest}","paid":{}.25}}"#, n / 4)
    };
    scene.write("visits.ndjson", &(0..1_000).map(line).collect::<Vec<_>>().join("\n"));
    let load = |file: &str, into: &str| {
        let into = format!("duckdb:{}", scene.path(into));
        let (spec, file, data) = (scene.path("visits.toml"), scene.path(file), scene.path("data"));
        let place = ["--spec", &spec, "--into", &into, "--data", &data];
        let loaded = scene.run(&[&["warehouse", "load", &file][..], &place].concat()).expect_success().stdout;
        let status = scene.run(&[&["warehouse", "status", "--json"][..], &place].concat()).expect_success().stdout;
        let status: Value = serde_json::from_str(&status).expect("JSON");
        (loaded, status["tables"].clone())
    };
    let (parquet, lines) = (load("visits.parquet", "a.duckdb"), load("visits.ndjson", "b.duckdb"));
    assert!(parquet.0.starts_with("1000 of 1000 are loaded"), "{parquet:?}");
    assert_eq!(parquet, lines);
    assert_eq!(load("visits.csv", "c.duckdb"), lines);
    let rows = |table: &str| rows(&serde_json::json!({ "tables": parquet.1 }), table);
    assert_eq!((rows("guests"), rows("visit_history"), rows("visits_rejects")), (Some(3), Some(1_000), Some(0)));
    assert!(load("visits.parquet", "a.duckdb").0.starts_with("0 of 0 are loaded"));
}
