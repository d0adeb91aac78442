//! Positions over HTTP: writes, reads, pages, marks, forgetting.

use crate::support::Running;

#[tokio::test]
async fn what_was_put_is_read_at_once() {
    let server = Running::open().await;
    let path = "/v1/users/u1/positions/v1";
    let body = r#"{"event_time":1700000000000,"position_ms":61000,"play_id":"p1","seq":7,"duration_ms":100000.0,
                   "kind":"pause","device":"tv","session":null}"#;
    let put = server.put(path, body).await;
    assert_eq!(put.status, 200, "{}", put.text());
    assert_eq!(put.json()["event_time"], 1_700_000_000_000_i64);
    assert!(put.json()["received_time"].as_i64().expect("a time") > 1_700_000_000_000);
    let got = server.get(path).await;
    assert_eq!(got.status, 200);
    let expected = serde_json::json!({
        "user_id": "u1", "video_id": "v1", "position_ms": 61_000, "resume_ms": 61_000, "completed": false,
        "duration_ms": 100_000, "event_time": 1_700_000_000_000_i64, "play_id": "p1", "kind": "pause", "hidden": false,
        "stale": false,
    });
    assert_eq!(got.json(), expected);
}

#[tokio::test]
async fn ids_in_paths_are_percent_decoded() {
    let server = Running::open().await;
    let put =
        server.put("/v1/users/a%40b%3Ac/positions/v%2E1", r#"{"event_time":1700000000001,"position_ms":5}"#).await;
    assert_eq!(put.status, 200, "{}", put.text());
    let got = server.get("/v1/users/a@b:c/positions/v.1").await;
    assert_eq!(got.json()["user_id"], "a@b:c");
    assert_eq!(got.json()["play_id"], "~2023-11-14");
    assert_eq!(server.get("/v1/users/a%2Fb/positions/v").await.problem(), "400 invalid-field user_id");
    assert_eq!(server.get("/v1/users/u/positions/%FF").await.problem(), "400 invalid-field path");
}

#[tokio::test]
async fn what_is_not_known_is_not_found() {
    let server = Running::open().await;
    assert_eq!(server.get("/v1/users/u/positions/v").await.problem(), "404 not-found");
}

#[tokio::test]
async fn pages_follow_each_other_newest_first() {
    let server = Running::open().await;
    for n in 1..=5 {
        let body = format!(r#"{{"event_time":170000000000{n},"position_ms":{n}}}"#);
        assert_eq!(server.put(&format!("/v1/users/u/positions/v{n}"), &body).await.status, 200);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/v1/users/u/positions?limit=2{cursor}")).await.json();
        let videos = page["positions"].as_array().expect("positions").iter();
        seen.extend(videos.map(|position| position["video_id"].as_str().expect("an id").to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["v5", "v4", "v3", "v2", "v1"]);
}

#[tokio::test]
async fn named_videos_come_in_their_order_and_unknown_ones_are_left_out() {
    let server = Running::open().await;
    for video in ["a", "b"] {
        server.put(&format!("/v1/users/u/positions/{video}"), r#"{"event_time":1700000000001,"position_ms":5}"#).await;
    }
    let read = server.get("/v1/users/u/positions?video=b&video=x&video=a").await.json();
    let videos: Vec<_> = read["positions"].as_array().expect("positions").iter().map(|p| &p["video_id"]).collect();
    assert_eq!(videos, ["b", "a"]);
}

#[tokio::test]
async fn marks_complete_reset_and_hide() {
    let server = Running::open().await;
    server.put("/v1/users/u/positions/v", r#"{"event_time":1700000000001,"position_ms":5}"#).await;
    let mark = async |name: &str| {
        let put = server.put("/v1/users/u/marks/v", &format!(r#"{{"mark":"{name}"}}"#)).await;
        assert_eq!((put.status, put.text().as_str()), (204, ""));
        server.get("/v1/users/u/positions/v").await.json()
    };
    assert_eq!(mark("watched").await["completed"], true);
    assert_eq!(mark("hidden").await["hidden"], true);
    assert_eq!(server.get("/v1/users/u/positions").await.json()["positions"], serde_json::json!([]));
    let wrong = server.put("/v1/users/u/marks/v", r#"{"mark":"liked"}"#).await;
    assert_eq!(wrong.problem(), "400 invalid-field mark");
}

#[tokio::test]
async fn what_was_forgotten_is_gone() {
    let server = Running::open().await;
    for video in ["a", "b", "c"] {
        server.put(&format!("/v1/users/u/positions/{video}"), r#"{"event_time":1700000000001,"position_ms":5}"#).await;
    }
    assert_eq!(server.delete("/v1/users/u/positions/a").await.status, 204);
    assert_eq!(server.get("/v1/users/u/positions/a").await.status, 404);
    assert_eq!(server.get("/v1/users/u/positions/b").await.status, 200);
    assert_eq!(server.delete("/v1/users/u/positions").await.status, 204);
    assert_eq!(server.get("/v1/users/u/positions").await.json()["positions"], serde_json::json!([]));
}

#[tokio::test]
async fn a_backfill_keeps_a_time_in_the_future_and_a_write_does_not() {
    let server = Running::open().await;
    let far = 253_402_300_799_999_i64;
    let body = format!(r#"{{"event_time":{far},"position_ms":1}}"#);
    let kept = server.put("/v1/users/u/positions/a?backfill=true", &body).await.json();
    assert_eq!(kept["event_time"], far);
    let corrected = server.put("/v1/users/u/positions/b?backfill=false", &body).await.json();
    assert_eq!(corrected["event_time"], corrected["received_time"]);
}
