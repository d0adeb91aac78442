//! Messages onto topics, and the pipelines that read them, over HTTP.

use serde_json::{Value, json};

use crate::support::{Fault, Running, Server};

#[tokio::test]
async fn a_message_keeps_its_bytes_and_those_of_a_key_keep_their_order() {
    let server = Running::open().await;
    let body = r#"[{"id": "a", "n":1.0}, {"id":"b"}, {"n":3}, {"id": "a", "n":2}]"#;
    let answer = server.post("/v1/topics/orders?key=id", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json = answer.json();
    assert_eq!((&json["accepted"], &json["rejected"]), (&json!(3), &json!(1)));
    let results = json["results"].as_array().expect("results");
    assert_eq!((&results[2]["type"], &results[2]["field"]), (&json!("invalid-field"), &json!("key")));
    let place = |at: usize| (results[at]["partition"].as_u64(), results[at]["offset"].as_u64());
    assert_eq!(place(0).0, place(3).0);
    assert!(place(0).1 < place(3).1, "{json}");
    let stored = server.records("orders", place(0).0.expect("a partition")).await;
    let ours: Vec<_> = stored.iter().filter(|record| &record.key[..] == b"a").map(|record| &record.value[..]).collect();
    assert_eq!(ours, [&br#"{"id": "a", "n":1.0}"#[..], br#"{"id": "a", "n":2}"#]);
}

#[tokio::test]
async fn lines_are_messages_and_a_broken_one_loses_no_other() {
    let server = Running::open().await;
    let body = "{\"id\":1}\n\nnonsense\n{\"id\":2}\r\n7\n";
    let ask = server.ask("POST", "/v1/topics/orders").header("content-type", "application/x-ndjson");
    let answer = ask.header("x-key-field", "id").body(body).send().await.json();
    let results = answer["results"].as_array().expect("results");
    let short = |result: &Value| result["type"].as_str().unwrap_or("ok").to_owned();
    assert_eq!(results.iter().map(short).collect::<Vec<_>>(), ["ok", "malformed-body", "ok", "invalid-field"]);
    let unkeyed = server.post("/v1/topics/orders", "[1, \"two\", null]").await.json();
    assert_eq!((&unkeyed["accepted"], &unkeyed["results"][2]["partition"]), (&json!(3), &json!(0)));
}

#[tokio::test]
async fn only_topics_that_are_read_are_there_and_only_who_may_write_writes() {
    let server = Running::open().await;
    for topic in ["watch", "videos", "watch.dlq", "nothing"] {
        assert_eq!(server.post(&format!("/v1/topics/{topic}"), "[{}]").await.problem(), "404 not-found", "{topic}");
    }
    assert_eq!(server.post("/v1/topics/orders?keys=id", "[{}]").await.problem(), "400 invalid-field keys");
    let guarded = Server { open: false, ..Server::default() }.start().await;
    assert_eq!(guarded.post("/v1/topics/orders", "[{}]").await.problem(), "401 unauthenticated");
    let reader = guarded.token("reader", &[playhead_ports::Scope::Read]).await;
    let ask = guarded.ask("POST", "/v1/topics/orders").header("authorization", &format!("Bearer {reader}"));
    assert_eq!(ask.json("[{}]").send().await.problem(), "403 forbidden");
}

#[tokio::test]
async fn what_the_log_refuses_is_told_in_its_place_or_for_all() {
    let server = Running::open().await;
    let large = format!("[{{\"id\":1}},\"{}\"]", "x".repeat(2 << 20));
    let answer = server.post("/v1/topics/orders", &large).await.json();
    assert_eq!((&answer["accepted"], &answer["results"][1]["limit"]), (&json!(1), &json!("record-bytes")));
    server.log.fail(Fault::Full);
    assert_eq!(server.post("/v1/topics/orders", "[1,2]").await.problem(), "507 storage-full");
}

#[tokio::test]
async fn pipelines_are_asked_by_name() {
    let server = Running::open().await;
    let states = server.get("/v1/admin/pipelines").await.json();
    assert_eq!(states["pipelines"][0], json!({ "pipeline": "orders", "state": "running" }));
    let at = |below: &str| format!("/v1/admin/pipelines/{below}");
    assert_eq!(server.get(&at("orders")).await.json()["state"], "running");
    assert_eq!(server.get(&at("other")).await.problem(), "404 not-found");
    assert_eq!(server.get(&at("away")).await.problem(), "503 unavailable");
    assert_eq!(server.get(&at("orders/rejects?limit=0")).await.problem(), "400 invalid-field limit");
    assert_eq!(server.get(&at("orders/rejects?limit=7")).await.json(), json!({ "rejects": [] }));
    assert_eq!(server.get(&at("orders/lineage?table=h_order&key=1")).await.json(), json!({ "messages": [] }));
    let wrong = [("lineage?table=h_order", "key"), ("lineage?key=1", "table"), ("lineage?table=other&key=1", "table")];
    for (wrong, field) in wrong {
        let problem = server.get(&at(&format!("orders/{wrong}"))).await.problem();
        assert_eq!(problem, format!("400 invalid-field {field}"), "{wrong}");
    }
    assert_eq!(server.ask("POST", &at("orders/redrive?waiting=true")).send().await.json()["loaded"], 0);
}
