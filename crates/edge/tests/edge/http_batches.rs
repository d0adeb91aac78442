//! Batches over HTTP: an answer for each entry in its place.

use std::io::Write as _;

use crate::support::{Answer, Fault, Running};

/// What became of each entry, in short.
fn results(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json = answer.json();
    let results = json["results"].as_array().expect("results").clone();
    let errors = results.iter().filter(|result| result["status"] == "error").count();
    assert_eq!(
        (json["accepted"].as_u64(), json["rejected"].as_u64()),
        (Some((results.len() - errors) as u64), Some(errors as u64))
    );
    let short = |result: &serde_json::Value| match result["status"].as_str() {
        Some("ok") => "ok".to_owned(),
        _ => format!("{} {}", result["type"].as_str().expect("a type"), result["field"].as_str().unwrap_or("-")),
    };
    results.iter().map(short).collect()
}

#[tokio::test]
async fn a_wrong_event_of_an_array_loses_no_other() {
    let server = Running::open().await;
    let body = r#"[{"user_id":"u","video_id":"a","event_time":1700000000001,"position_ms":1},
                   {"user_id":"u","video_id":"b","event_time":"x","position_ms":1},
                   {"user_id":"","video_id":"b","event_time":1700000000001,"position_ms":1},
                   7,
                   {"user_id":"u","video_id":"c","event_time":1700000000001,"position_ms":3}]"#;
    let answer = server.post("/v1/events", body).await;
    let expected = ["ok", "invalid-field event_time", "invalid-field user_id", "malformed-body -", "ok"];
    assert_eq!(results(&answer), expected);
    assert_eq!(server.get("/v1/users/u/positions/c").await.json()["position_ms"], 3);
    assert_eq!(server.get("/v1/users/u/positions/b").await.status, 404);
}

#[tokio::test]
async fn a_malformed_line_loses_no_other() {
    let server = Running::open().await;
    let body = "{\"user_id\":\"u\",\"video_id\":\"a\",\"event_time\":1700000000001,\"position_ms\":1}\r\n\n{\"user_id\":\n\
                {\"user_id\":\"u\",\"video_id\":\"b\",\"event_time\":1700000000001,\"position_ms\":1}";
    let answer =
        server.ask("POST", "/v1/events").header("content-type", "application/x-ndjson").body(body).send().await;
    assert_eq!(results(&answer), ["ok", "malformed-body -", "ok"]);
}

#[tokio::test]
async fn an_array_that_is_none_is_malformed_as_a_whole() {
    let server = Running::open().await;
    assert_eq!(server.post("/v1/events", "[{").await.problem(), "400 malformed-body");
    let object = server.post("/v1/events", "{}").await;
    assert_eq!(object.problem(), "400 malformed-body");
    assert!(object.text().contains("must be a JSON array, is an object"), "{}", object.text());
    assert_eq!(results(&server.post("/v1/events", "[]").await), Vec::<String>::new());
}

#[tokio::test]
async fn a_batch_has_ten_thousand_entries_at_most() {
    let server = Running::open().await;
    let array = |entries: usize| format!("[{}]", vec!["{}"; entries].join(","));
    assert_eq!(server.post("/v1/events", &array(10_001)).await.problem(), "400 too-many-events batch-events");
    assert_eq!(server.post("/v1/events", &array(3_000_000)).await.problem(), "413 body-too-large batch-bytes");
    let answer = server.post("/v1/events", &array(10_000)).await;
    assert_eq!(answer.json()["rejected"], 10_000);
    let lines = "{}\n".repeat(10_001);
    let answer =
        server.ask("POST", "/v1/events").header("content-type", "application/x-ndjson").body(lines).send().await;
    assert_eq!(answer.problem(), "400 too-many-events batch-events");
}

#[tokio::test]
async fn one_reason_for_all_is_the_whole_answer() {
    let server = Running::open().await;
    let body = r#"[{"user_id":"u","video_id":"a","event_time":1700000000001,"position_ms":1}]"#;
    server.log.fail(Fault::Full);
    assert_eq!(server.post("/v1/events", body).await.problem(), "507 storage-full");
    server.log.fail(Fault::Busy);
    assert_eq!(server.post("/v1/events", body).await.problem(), "429 too-busy log-queue");
    let mixed = r#"[{"user_id":"u","video_id":"a","event_time":1700000000001,"position_ms":1},{}]"#;
    assert_eq!(results(&server.post("/v1/events", mixed).await), ["too-busy -", "invalid-field event_time"]);
}

#[tokio::test]
async fn a_packed_batch_is_unpacked_within_the_limit() {
    let server = Running::open().await;
    let pack = |text: &str| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text.as_bytes()).expect("memory");
        packer.finish().expect("memory")
    };
    let post = async |body: Vec<u8>| {
        let ask = server.ask("POST", "/v1/events").header("content-type", "application/json");
        ask.header("content-encoding", "gzip").body(body).send().await
    };
    let event = r#"[{"user_id":"u","video_id":"a","event_time":1700000000001,"position_ms":1}]"#;
    assert_eq!(results(&post(pack(event)).await), ["ok"]);
    let bomb = pack(&" ".repeat(64 * 1024 * 1024));
    assert_eq!(post(bomb).await.problem(), "413 body-too-large batch-bytes");
    assert_eq!(post(b"not packed".to_vec()).await.problem(), "400 malformed-body");
}

#[tokio::test]
async fn a_clock_that_is_off_corrects_its_events() {
    let server = Running::open().await;
    let body = r#"[{"user_id":"u","video_id":"a","event_time":1000000001000,"position_ms":1}]"#;
    for ask in [
        server.ask("POST", "/v1/events?sent_time=1000000002000"),
        server.ask("POST", "/v1/events").header("x-sent-time", "1000000002000"),
    ] {
        let answer = ask.json(body).send().await;
        assert!(answer.json()["results"][0]["event_time"].as_i64().expect("a time") > 1_700_000_000_000);
    }
    let wrong = server.ask("POST", "/v1/events").header("x-sent-time", "soon").json(body).send().await;
    assert_eq!(wrong.problem(), "400 invalid-field x-sent-time");
    let seconds = server.ask("POST", "/v1/events?sent_time=1000000002").json(body).send().await;
    assert_eq!(seconds.problem(), "400 invalid-field sent_time");
    let seconds = server.post("/v1/events?backfill=true", &body.replace("1000000001000", "1000000001")).await;
    assert_eq!(results(&seconds), ["invalid-field event_time"]);
}

#[tokio::test]
async fn videos_are_described_one_by_one_and_together() {
    let server = Running::open().await;
    let one = server.put("/v1/videos/v1", r#"{"title":"Alien","duration_ms":7020000,"genres":["Horror"]}"#).await;
    assert_eq!(one.status, 204, "{}", one.text());
    assert_eq!(server.put("/v1/videos/v1", r#"{"title":""}"#).await.problem(), "400 invalid-field title");
    let many = r#"[{"video_id":"a","title":"A"},{"video_id":"b"},{"video_id":"c","title":"C","genres":["\u0000"]}]"#;
    let answer = server.post("/v1/videos", many).await;
    assert_eq!(results(&answer), ["ok", "invalid-field title", "invalid-field genres"]);
}
