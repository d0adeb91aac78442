//! An example of every request's body and of every answer that has one, for the document: what somebody new copies first.
//! A test sends each request to a running server.

use serde_json::{Value, json};

const JSON: &str = "application/json";

/// Puts the examples into the document.
pub(super) fn apply(document: &mut Value) {
    for (path, method, content_type, example) in requests() {
        let content = &mut document["paths"][path][method]["requestBody"]["content"][content_type];
        assert!(content.is_object(), "{method} {path} takes no {content_type}");
        content["example"] = example;
    }
    for (path, content_type, example) in answers() {
        let method = if path == "/v1/users/{user}/positions/{video}" && example["received_time"].is_number() {
            "put"
        } else if document["paths"][path]["get"].is_object() {
            "get"
        } else {
            "post"
        };
        let content = &mut document["paths"][path][method]["responses"]["200"]["content"][content_type];
        assert!(content.is_object(), "{method} {path} answers no {content_type}");
        content["example"] = example;
    }
}

fn event() -> Value {
    json!({
        "user_id": "ann", "video_id": "film-1", "event_time": 1_795_254_414_846_i64, "position_ms": 1_200_000,
        "play_id": "p-7", "seq": 12, "duration_ms": 5_400_000, "kind": "progress", "device": "tv", "session": "s-1",
    })
}

fn video() -> Value {
    json!({ "video_id": "film-1", "title": "A Film", "duration_ms": 5_400_000, "genres": ["Drama"] })
}

/// By path, method and type. NDJSON has none: tools that send examples know JSON alone, and its schema says what a line is.
fn requests() -> Vec<(&'static str, &'static str, &'static str, Value)> {
    let without = |mut whole: Value, fields: &[&str]| {
        let object = whole.as_object_mut().expect("an object");
        fields.iter().for_each(|field| drop(object.remove(*field)));
        whole
    };
    vec![
        ("/v1/users/{user}/positions/{video}", "put", JSON, without(event(), &["user_id", "video_id"])),
        ("/v1/users/{user}/marks/{video}", "put", JSON, json!({ "mark": "watched" })),
        ("/v1/events", "post", JSON, json!([event()])),
        ("/v1/videos/{video}", "put", JSON, without(video(), &["video_id"])),
        ("/v1/videos", "post", JSON, json!([video()])),
        (
            "/v1/sql",
            "post",
            JSON,
            json!({ "query": "SELECT video_id, sum(viewers) AS viewers FROM video_daily GROUP BY 1 ORDER BY 2 DESC LIMIT 10" }),
        ),
        (
            "/v1/topics/{topic}",
            "post",
            JSON,
            json!([{ "object_id": 7, "object_type": "order", "payload": { "cost": 9 } }]),
        ),
        ("/v1/admin/backup", "post", JSON, json!({ "to": "monday" })),
    ]
}

fn report() -> Value {
    json!({
        "pipeline": "orders", "state": "running",
        "partitions": [{ "partition": "order-service_orders/0", "next_offset": 5, "end_offset": 5 }],
        "tables": [{ "layer": "stg", "schema": "stg", "table": "orders", "rows": 5 }],
        "waiting": 0, "rejects": [], "last_load_time": "2026-11-21 10:00:01.000000",
    })
}

/// Of what is answered with 200, by path and type.
fn answers() -> Vec<(&'static str, &'static str, Value)> {
    let (event_time, received_time) = (1_795_254_414_846_i64, 1_795_254_414_856_i64);
    let position = json!({
        "user_id": "ann", "video_id": "film-1", "position_ms": 1_200_000, "resume_ms": 1_200_000, "completed": false,
        "duration_ms": 5_400_000, "event_time": event_time, "play_id": "p-7", "kind": "progress", "hidden": false,
        "stale": false,
    });
    let part = json!({ "partition": "watch/0", "next_offset": 100_005, "end_offset": 100_005 });
    let refused = json!({
        "status": "error", "type": "invalid-field", "field": "video_id", "retryable": false,
        "detail": "may only have [A-Za-z0-9._:@-], byte 4 is not one of them",
    });
    let one = "/v1/users/{user}/positions/{video}";
    vec![
        (one, JSON, json!({ "event_time": event_time, "received_time": received_time })),
        (one, JSON, position.clone()),
        (
            "/v1/users/{user}/positions",
            JSON,
            json!({ "positions": [position], "next_cursor": "1795254414846.film-1", "stale": false }),
        ),
        (
            "/v1/events",
            JSON,
            json!({ "results": [{ "status": "ok", "event_time": event_time }, refused], "accepted": 1, "rejected": 1 }),
        ),
        ("/v1/videos", JSON, json!({ "results": [{ "status": "ok" }], "accepted": 1, "rejected": 0 })),
        (
            "/v1/sql",
            JSON,
            json!({ "columns": ["video_id", "viewers"], "rows": [["film-1", 1812]], "truncated": false }),
        ),
        ("/v1/sql", "text/csv", json!("video_id,viewers\r\nfilm-1,1812\r\n")),
        ("/v1/sql", "application/x-ndjson", json!("{\"video_id\":\"film-1\",\"viewers\":1812}\n")),
        (
            "/v1/admin/status",
            JSON,
            json!({
                "version": "0.1.0", "roles": ["edge", "positions", "warehouse"], "uptime_ms": 147_116, "recent_held": 1,
                "recent_max": 400_000, "consumers": [{
                    "name": "marts", "partition": "watch/0", "next_offset": 100_005, "end_offset": 100_005, "lag_ms": 0,
                }],
            }),
        ),
        (
            "/v1/admin/backup",
            JSON,
            json!({
                "path": "/var/lib/playhead/backups/monday", "size_bytes": 20_389_977, "files": 3, "events": 100_000,
            }),
        ),
        (
            "/v1/topics/{topic}",
            JSON,
            json!({ "results": [{ "status": "ok", "partition": 0, "offset": 12 }], "accepted": 1, "rejected": 0 }),
        ),
        ("/v1/admin/pipelines", JSON, json!({ "pipelines": [{ "pipeline": "orders", "state": "running" }] })),
        ("/v1/admin/pipelines/{pipeline}", JSON, report()),
        (
            "/v1/admin/pipelines/{pipeline}/rejects",
            JSON,
            json!({ "rejects": [{
            "stage": "prepare", "reason": "payload.cost: `nine` is no number", "topic": "order-service_orders",
            "partition": 0, "offset": 5, "load_time": "2026-11-21 10:00:01.000000", "payload": "{\"object_id\":7}",
        }] }),
        ),
        (
            "/v1/admin/pipelines/{pipeline}/lineage",
            JSON,
            json!({ "messages": [{
            "rows": "orders", "topic": "order-service_orders", "partition": 0, "offset": 4,
            "event_time": "2026-03-01 12:01:00.000000", "load_time": "2026-11-21 10:00:01.000000", "is_newest": true,
            "payload": "{\"object_id\":7}",
        }] }),
        ),
        ("/v1/admin/pipelines/{pipeline}/redrive", JSON, json!({ "loaded": 1, "waiting": 0, "rejected": 0 })),
        ("/v1/admin/compact", JSON, json!({ "size_bytes_before": 178_956_633, "size_bytes_after": 27_573_833 })),
        (
            "/readyz",
            JSON,
            json!({ "ready": true, "reasons": [
                { "name": "log", "ok": true, "detail": "open" },
                { "name": "marts", "ok": true, "detail": "0 records behind", "parts": [part] },
            ]}),
        ),
        ("/livez", "text/plain", json!("ok\n")),
    ]
}
