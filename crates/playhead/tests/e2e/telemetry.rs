//! What is seen from outside: probes, metrics, ids of requests, and logs that tell nothing of users.

use std::time::Duration;

use playhead_app::{METRICS, MetricKind};
use playhead_contracts::watch;
use playhead_testkit::{Grpc, Program, event, wait_until};
use serde_json::{Value, json};

use crate::{marts, setup};

const USER: &str = "viewer-5Tg8pL";
const PATIENCE: Duration = Duration::from_secs(240);

/// Something of everything: good and bad, over both protocols.
fn traffic(program: &Program) {
    let mut grpc = Grpc::new(program.grpc_address());
    let http = program.http();
    let at = |seq: u64| event().user(USER).play("p").seq(seq).after_ms(seq as i64 * 1_000).position(seq * 1_000);
    for seq in 0..5 {
        http.put(&at(seq).path(), &at(seq).put_json()).expect("an answer").expect_status(200);
    }
    http.put(&at(0).path(), &json!({"position_ms": -1})).expect("an answer").expect_status(400);
    http.get(&at(0).path()).expect("an answer").expect_status(200);
    http.get(&format!("/v1/users/{USER}/positions/none")).expect("an answer").expect_status(404);
    http.get(&format!("/v1/users/{USER}/nothing")).expect("an answer").expect_status(404);
    http.post("/v1/events", &json!([at(9).json(), {"user_id": USER}])).expect("an answer").expect_status(200);
    http.put("/v1/videos/v", &json!({"title": "A film"})).expect("an answer").expect_status(204);
    let request = watch::SetPositionRequest { event: Some(at(10).proto()), sent_time: None };
    grpc.call(async |client| client.set_position(request).await).expect("taken");
    let request = watch::GetPositionRequest { user_id: USER.into(), video_id: "none".into() };
    grpc.call(async |client| client.get_position(request).await).expect_err("nothing is known");
    marts::wait_loaded(program);
    assert_eq!(program.sql("SELECT count(*) FROM watch_events")[0][0], 7);
    http.delete(&format!("/v1/users/{USER}/positions/other")).expect("an answer").expect_status(204);
}

/// The values of a metric, of every label set.
fn values(metrics: &str, name: &str) -> Vec<f64> {
    let of_name = metrics.lines().filter(|line| line.split(['{', ' ']).next() == Some(name));
    of_name.map(|line| line.rsplit_once(' ').expect("a value").1.parse().expect("a number")).collect()
}

#[test]
fn the_metrics_say_what_operators_ask() {
    let program = setup().start();
    traffic(&program);
    let named = [
        // Request rate, errors, latency histogram by route.
        "playhead_http_requests_total",
        "playhead_http_request_seconds_bucket",
        "playhead_http_request_seconds_count",
        "playhead_grpc_requests_total",
        "playhead_grpc_request_seconds_bucket",
        "playhead_watch_events_total",
        // Group-commit size and fsync time, log end and size.
        "playhead_log_group_commit_records_bucket",
        "playhead_log_fsync_seconds_bucket",
        "playhead_log_end_offset",
        "playhead_log_size_bytes",
        // Lag of each sink, batches, rejects.
        "playhead_sink_lag_records",
        "playhead_sink_lag_seconds",
        "playhead_sink_batches_total",
        "playhead_sink_batch_records_bucket",
        "playhead_sink_batch_seconds_bucket",
        // Memory, CPU, open files.
        "process_resident_memory_bytes",
        "process_cpu_seconds_total",
        "process_open_fds",
    ];
    let metrics = || program.http().get("/metrics").expect("an answer").expect_status(200);
    let lags = ["marts", "positions"].map(|sink| format!("playhead_sink_lag_records{{sink=\"{sink}\",topic=\"watch\""));
    // Lags, and what the process uses, are measured once a second.
    wait_until(PATIENCE, "every metric is there", || {
        let text = metrics().text;
        let is_there = |begin: &String| text.lines().any(|line| line.starts_with(begin));
        named.iter().all(|name| !values(&text, name).is_empty()) && lags.iter().all(is_there)
    });
    let answer = metrics();
    assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"), "{:?}", answer.headers);
    let text = answer.text;
    let lines: Vec<&str> = text.lines().collect();
    for expected in [
        "playhead_http_requests_total{route=\"/v1/users/{user}/positions/{video}\",method=\"PUT\",status=\"200\"} 5",
        "playhead_http_requests_total{route=\"/v1/users/{user}/positions/{video}\",method=\"PUT\",status=\"400\"} 1",
        "playhead_grpc_requests_total{method=\"GetPosition\",code=\"NotFound\"} 1",
        "playhead_watch_events_total{outcome=\"recorded\"} 7",
    ] {
        assert!(lines.contains(&expected), "no line `{expected}`, but {:#?}", like(&lines, expected));
    }
    assert!(values(&text, "process_resident_memory_bytes")[0] > 1e6 && values(&text, "process_open_fds")[0] > 3.0);
    assert!(!text.contains(USER), "metrics name a user");
    let sample = |line: &&&str| !line.starts_with('#') && !line.is_empty();
    for line in lines.iter().filter(sample) {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        let is_told = |what: &str| lines.iter().any(|told| told.starts_with(&format!("# {what} {family} ")));
        assert!(is_told("HELP") && is_told("TYPE"), "{family} is not described");
    }
    assert_types_are_as_documented(&lines);
}

/// By the convention of Prometheus a name ends with `_total` if it is a counter's, and no other does.
fn assert_types_are_as_documented(lines: &[&str]) {
    let told = lines.iter().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    for (name, of) in told {
        let metric =
            METRICS.iter().find(|metric| metric.name == name).unwrap_or_else(|| panic!("{name} is in no table"));
        let kind = match metric.of {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        };
        assert_eq!((of, of == "counter"), (kind, name.ends_with("_total")), "{name}");
    }
}

/// The lines of the same metric.
fn like<'a>(lines: &[&'a str], expected: &str) -> Vec<&'a str> {
    let name = expected.split('{').next().unwrap_or_default();
    lines.iter().filter(|line| line.starts_with(name)).copied().collect()
}

#[test]
fn the_probes_say_how_it_is() {
    let program = setup().start();
    assert_eq!(program.http().get("/livez").expect("an answer").expect_status(200).text, "ok\n");
    let ready = program.http().get("/readyz").expect("an answer").expect_status(200).json;
    assert_eq!(ready["ready"], true);
    let names: Vec<&str> = ready["reasons"]
        .as_array()
        .expect("reasons")
        .iter()
        .map(|reason| reason["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["log", "recent", "positions", "marts"]);
    let status = program.http().get("/v1/admin/status").expect("an answer").expect_status(200).json;
    assert_eq!(status["roles"], json!(["edge", "positions", "warehouse"]));
}

#[test]
fn a_draining_program_says_that_it_is_not_ready() {
    let mut program = setup().env("PLAYHEAD_EDGE__DRAIN_GRACE_MS", "3000").start();
    program.signal(playhead_testkit::Signal::TERM);
    let mut said = Value::Null;
    wait_until(PATIENCE, "it is not ready", || {
        let Ok(answer) = program.http().get("/readyz") else { return false };
        said = answer.json;
        answer.status == 503
    });
    let draining = said["reasons"].as_array().expect("reasons").iter().any(|reason| reason["name"] == "draining");
    assert!(draining, "{said}");
    program.http().get("/v1/users/u/positions").expect("it still answers").expect_status(200);
    assert_eq!(program.wait_for_end(PATIENCE).code(), Some(0));
}

#[test]
fn every_answer_and_every_line_of_a_request_has_its_id() {
    let program = setup()
        .env("PLAYHEAD_TELEMETRY__FORMAT", "json")
        .env("PLAYHEAD_TELEMETRY__LEVEL", "info,playhead_edge=debug")
        .start();
    traffic(&program);
    let given = [("x-request-id", "my-own-id-1")];
    let answer = program.http().send("GET", "/v1/users/u/positions", &given, None).expect("an answer");
    assert_eq!(answer.header("x-request-id"), "my-own-id-1");
    let refused = program.http().send("GET", "/v1/users/u/positions?limit=x", &given, None).expect("an answer");
    assert_eq!((refused.header("x-request-id"), &refused.json["request_id"]), ("my-own-id-1", &json!("my-own-id-1")));
    let [one, two] = ["/livez", "/livez"].map(|path| program.http().get(path).expect("an answer"));
    let [one, two] = [&one, &two].map(|answer| answer.header("x-request-id"));
    assert!(!one.is_empty() && one != two, "{one} and {two}");

    let mut answered = 0;
    for line in program.log().lines().filter(|line| line.starts_with('{')) {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        if line["message"] == "answered" {
            answered += 1;
            assert!(line["span"]["id"].as_str().is_some_and(|id| !id.is_empty()), "{line}");
        }
    }
    assert!(answered > 10, "only {answered} requests were told");
    assert!(program.log().contains("\"my-own-id-1\""), "the caller's id is in the log");
    assert!(!program.log().contains(USER), "the log names a user");
}

#[test]
fn logs_name_no_user_while_things_go_wrong() {
    let mut program = setup().start();
    traffic(&program);
    assert_eq!(program.terminate(PATIENCE).code(), Some(0));
    let log = crate::letters::StoppedLog::open(program.data_dir());
    log.append("watch", USER, USER.as_bytes());
    drop(log);
    program.start();
    marts::wait_loaded(&program);
    program.http().delete(&format!("/v1/users/{USER}/positions")).expect("an answer").expect_status(204);
    marts::wait_loaded(&program);
    program.client_command(&["compact"]).expect_success();
    program.restart();
    assert!(program.log().contains("record rejected"), "{}", program.log());
    assert!(!program.log().contains(USER), "{}", program.log());
}
