//! What machines ask.

use std::time::Duration;

use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::support::Running;

#[tokio::test]
async fn readiness_gives_its_reasons() {
    let server = Running::open().await;
    let ready = server.get("/readyz").await;
    assert_eq!(ready.status, 200);
    let expected = serde_json::json!({ "ready": true, "reasons": [{ "name": "log", "ok": true, "detail": "well" }] });
    assert_eq!(ready.json(), expected);
    *server.health.ill.lock().unwrap() = Some("the clock is off".to_owned());
    let not_ready = server.get("/readyz").await;
    assert_eq!((not_ready.status, &not_ready.json()["reasons"][0]["detail"]), (503, &"the clock is off".into()));
}

#[tokio::test]
async fn the_health_service_follows_readiness() {
    let server = Running::open().await;
    let address = Channel::from_shared(format!("http://{}", server.grpc)).expect("an address");
    let mut client = HealthClient::new(address.connect().await.expect("a connection"));
    let request = HealthCheckRequest { service: "playhead.watch.v1.Watch".to_owned() };
    let mut wait_for = async |wanted: ServingStatus| {
        for _ in 0..1_000 {
            let answer = client.check(request.clone()).await;
            if answer.is_ok_and(|answer| answer.into_inner().status() == wanted) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it is never {wanted:?}");
    };
    wait_for(ServingStatus::Serving).await;
    *server.health.ill.lock().unwrap() = Some("the disk is full".to_owned());
    wait_for(ServingStatus::NotServing).await;
}

#[tokio::test]
async fn requests_are_counted_by_route() {
    let server = Running::open().await;
    server.put("/v1/users/counted-user/positions/v", r#"{"event_time":1700000000001,"position_ms":1}"#).await;
    let metrics = server.get("/metrics").await;
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = metrics.text();
    let route = r#"route="/v1/users/{user}/positions/{video}""#;
    assert!(text.contains(&format!("playhead_http_requests_total{{{route},method=\"PUT\",status=\"200\"}}")), "{text}");
    assert!(
        text.contains(&format!("playhead_http_request_seconds_bucket{{{route},method=\"PUT\",le=\"0.01\"}}")),
        "{text}"
    );
    assert!(text.contains("playhead_watch_events_total{outcome=\"recorded\"}"), "{text}");
    assert!(!text.contains("counted-user"), "{text}");
}

#[tokio::test]
async fn administrators_are_answered() {
    let server = Running::open().await;
    assert_eq!(server.get("/v1/admin/status").await.json()["version"], "0.0.0");
    assert_eq!(server.post("/v1/admin/backup", r#"{"to":"b1"}"#).await.json()["path"], "backups/b1");
    assert_eq!(server.post("/v1/admin/backup", r#"{"to":"there"}"#).await.problem(), "409 conflict");
    assert_eq!(server.post("/v1/admin/backup", r#"{"to":"../b"}"#).await.problem(), "400 invalid-field to");
    assert_eq!(server.ask("POST", "/v1/admin/compact").send().await.json()["size_bytes_after"], 1);
}
