//! `playhead doctor` beside a running server, and where something is wrong.

use std::time::Duration;

use playhead_testkit::run_to_end;
use serde_json::Value;

use crate::setup;

const WITHIN: Duration = Duration::from_secs(240);

/// How a check of the report ended: `ok`, `warn` or `fail`.
fn verdict<'a>(report: &'a Value, check: &str) -> &'a str {
    let findings = report["findings"].as_array().expect("a list");
    let found = findings.iter().find(|finding| finding["check"] == check);
    found.and_then(|finding| finding["verdict"].as_str()).unwrap_or_else(|| panic!("no check {check} in {report}"))
}

#[test]
fn a_doctor_knows_the_server_that_runs_and_leaves_it_alone() {
    let program = setup().start();
    let (http, grpc) = (program.http_address().to_string(), program.grpc_address().to_string());
    let data = program.data_dir().to_str().expect("a path in UTF-8").to_owned();
    let end = program.command(&["doctor", "--data", &data, "--http", &http, "--grpc", &grpc, "--json"]);
    let report: Value = serde_json::from_str(&end.stdout).unwrap_or_else(|error| panic!("{error}: {end:?}"));
    assert_eq!((end.code, &report["good"]), (Some(0), &Value::Bool(true)), "{report:#}");
    for check in ["config", "library", "data", "log", "clock", "http", "grpc"] {
        assert_ne!(verdict(&report, check), "fail", "{report:#}");
    }
    assert!(end.stdout.contains("held by the server that runs"), "{report:#}");
    assert!(end.stdout.contains("is served by Playhead, ready"), "{report:#}");
    program.http().get("/readyz").expect("an answer").expect_status(200);
}

#[test]
fn a_doctor_that_finds_a_failure_exits_with_1() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a path in UTF-8").to_owned();
    std::fs::write(path("playhead.toml"), "[edge]\nbatch_byte_max = 5\n").expect("a file");
    let args = ["doctor", "--data", &path("data"), "--config", &path("playhead.toml"), "--json"];
    let end = run_to_end(env!("CARGO_BIN_EXE_playhead"), &args, WITHIN);
    let report: Value = serde_json::from_str(&end.stdout).unwrap_or_else(|error| panic!("{error}: {end:?}"));
    assert_eq!((end.code, verdict(&report, "config")), (Some(1), "fail"), "{report:#}");
    assert!(end.stdout.contains("did you mean `edge.batch_bytes_max`?"), "{report:#}");
}
