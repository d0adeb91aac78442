//! What is refused, and in which words.

use expect_test::{Expect, expect};

use crate::support::{Fault, Running};

const POSITION: &str = "/v1/users/u/positions/v";

async fn check(server: &Running, body: &str, expected: Expect) {
    let mut json = server.ask("PUT", POSITION).header("x-request-id", "r1").json(body).send().await.json();
    json.as_object_mut().expect("an object").remove("title");
    expected.assert_eq(&json.to_string());
}

#[tokio::test]
async fn a_wrong_field_is_named() {
    let server = Running::open().await;
    check(&server, r#"{"event_time":1700000000001}"#, expect![[r#"{"detail":"must be given","field":"position_ms","request_id":"r1","status":400,"type":"urn:playhead:problem:invalid-field"}"#]]).await;
    check(&server, r#"{"event_time":1700000000001,"position_ms":-1}"#, expect![[r#"{"detail":"-1 is out of range","field":"position_ms","request_id":"r1","status":400,"type":"urn:playhead:problem:invalid-field"}"#]]).await;
    check(&server, r#"{"event_time":1700000000001,"position_ms":1.5}"#, expect![[r#"{"detail":"must be a whole number, is the number 1.5","field":"position_ms","request_id":"r1","status":400,"type":"urn:playhead:problem:invalid-field"}"#]]).await;
    check(&server, r#"{"event_time":1700000000001,"position_ms":31622400001}"#, expect![[r#"{"detail":"must be at most 31622400000 ms (366 days), is 31622400001","field":"position_ms","request_id":"r1","status":400,"type":"urn:playhead:problem:invalid-field"}"#]]).await;
    check(&server, r#"{"event_time":1700000000,"position_ms":1}"#, expect![[r#"{"detail":"must be 946684800000 (2000-01-01) to 253402300799999 in ms since 1970-01-01T00:00:00Z, is 1700000000, which seems to be seconds","field":"event_time","request_id":"r1","status":400,"type":"urn:playhead:problem:invalid-field"}"#]]).await;
    check(&server, r#"{"event_time":1700000000001,"position_ms":1,"sent_time":1700000000}"#, expect![[r#"{"detail":"must be 946684800000 (2000-01-01) to 253402300799999 in ms since 1970-01-01T00:00:00Z, is 1700000000, which seems to be seconds","field":"sent_time","request_id":"r1","status":400,"type":"urn:playhead:problem:invalid-field"}"#]]).await;
    check(&server, r#"{"event_time":"1","position_ms":1}"#, expect![[r#"{"detail":"must be a whole number, is the text \"1\"","field":"event_time","request_id":"r1","status":400,"type":"urn:playhead:problem:invalid-field"}"#]]).await;
    check(&server, r#"{"event_time":1700000000001,"position_ms":1,"posision":1}"#, expect![[r#"{"detail":"is not known here; did you mean `position_ms`?","field":"posision","request_id":"r1","status":400,"type":"urn:playhead:problem:invalid-field"}"#]]).await;
    check(&server, r#"{"event_time":1700000000001,"event_time":1700000000001,"position_ms":1}"#, expect![[r#"{"detail":"stands twice","field":"event_time","request_id":"r1","status":400,"type":"urn:playhead:problem:invalid-field"}"#]]).await;
    check(&server, r#"{"event_time":1700000000001,"position_ms":1,"kind":"rewind"}"#, expect![[r#"{"detail":"must be one of `progress`, `seek`, `pause`, `ended`, is `rewind`","field":"kind","request_id":"r1","status":400,"type":"urn:playhead:problem:invalid-field"}"#]]).await;
    check(&server, r#"{"event_time":1700000000001,"position_ms":1,"kind":5}"#, expect![[r#"{"detail":"must be one of `progress`, `seek`, `pause`, `ended`, is a number","field":"kind","request_id":"r1","status":400,"type":"urn:playhead:problem:invalid-field"}"#]]).await;
    check(&server, r#"{"event_time":1700000000001,"position_ms":1,"play_id":{"a":1}}"#, expect![[r#"{"detail":"must be text, is an object","field":"play_id","request_id":"r1","status":400,"type":"urn:playhead:problem:invalid-field"}"#]]).await;
    check(&server, r#"{"event_time":1700000000001,"position_ms":1,"user_id":"ann"}"#, expect![[r#"{"detail":"is not known here; known are `event_time`, `position_ms`, `play_id`, `seq`, `duration_ms`, `kind`, `device`, `session`, `sent_time`","field":"user_id","request_id":"r1","status":400,"type":"urn:playhead:problem:invalid-field"}"#]]).await;
    check(&server, r#"{"event_time":1700000000001,"position_ms":1,"play_id":"a b"}"#, expect![[r#"{"detail":"may only have [A-Za-z0-9._:@-], byte 1 is not one of them","field":"play_id","request_id":"r1","status":400,"type":"urn:playhead:problem:invalid-field"}"#]]).await;
}

#[tokio::test]
async fn a_body_that_is_no_json_is_malformed() {
    let server = Running::open().await;
    check(&server, r#"{"event_time":1"#, expect![[r#"{"detail":"not JSON: it ends too early (line 1, column 15)","request_id":"r1","status":400,"type":"urn:playhead:problem:malformed-body"}"#]]).await;
    check(&server, "[1]", expect![[r#"{"detail":"must be a JSON object, is a list","request_id":"r1","status":400,"type":"urn:playhead:problem:malformed-body"}"#]]).await;
    check(&server, "{'event_time': 1}", expect![[r#"{"detail":"not JSON: a field's name must stand in double quotes (line 1, column 2)","request_id":"r1","status":400,"type":"urn:playhead:problem:malformed-body"}"#]]).await;
    check(&server, "", expect![[r#"{"detail":"not JSON: it ends too early (line 1, column 0)","request_id":"r1","status":400,"type":"urn:playhead:problem:malformed-body"}"#]]).await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(server.put(POSITION, &format!(r#"{{"event_time":{deep}}}"#)).await.problem(), "400 malformed-body");
}

#[tokio::test]
async fn a_problem_in_full() {
    let server = Running::open().await;
    let answer = server.ask("GET", POSITION).header("x-request-id", "r1").send().await;
    expect![[r#"{"type":"urn:playhead:problem:not-found","title":"There is no such thing","status":404,"detail":"nothing is known of this user and video","request_id":"r1"}"#]]
        .assert_eq(&answer.text());
}

#[tokio::test]
async fn queries_are_read_strictly() {
    let server = Running::open().await;
    let get = async |query: &str| server.get(&format!("/v1/users/u/positions?{query}")).await.problem();
    assert_eq!(get("limit=0").await, "400 invalid-field limit");
    assert_eq!(get("limit=201").await, "400 invalid-field limit");
    assert_eq!(get("limit=+5").await, "400 invalid-field limit");
    assert_eq!(get("limit=1&limit=2").await, "400 invalid-field limit");
    assert_eq!(get("unfinished=1").await, "400 invalid-field unfinished");
    assert_eq!(get("cursor=x").await, "400 invalid-field cursor");
    assert_eq!(get("cursor=-5.v").await, "400 invalid-field cursor");
    assert_eq!(get("cursor=%2B5.v").await, "400 invalid-field cursor");
    assert_eq!(get("video=").await, "400 invalid-field video_id");
    assert_eq!(get("page=2").await, "400 invalid-field page");
    let many = (0..201).map(|n| format!("video=v{n}")).collect::<Vec<_>>().join("&");
    assert_eq!(get(&many).await, "400 invalid-field video");
    assert_eq!(server.put(&format!("{POSITION}?backfill=yes"), "{}").await.problem(), "400 invalid-field backfill");
}

#[tokio::test]
async fn wrong_types_methods_and_paths_are_told_apart() {
    let server = Running::open().await;
    let untyped = server.ask("PUT", POSITION).body("{}").send().await;
    assert_eq!(untyped.problem(), "415 unsupported-media-type");
    let packed = server.ask("PUT", POSITION).header("content-encoding", "gzip").json("{}").send().await;
    assert_eq!(packed.problem(), "415 unsupported-media-type");
    let brotli = server.ask("POST", "/v1/events").header("content-encoding", "br").json("[]").send().await;
    assert_eq!(brotli.problem(), "415 unsupported-media-type");
    let patched = server.ask("PATCH", POSITION).send().await;
    assert_eq!(patched.problem(), "405 method-not-allowed");
    let mut allow: Vec<_> = patched.header("allow").expect("it is there").split(',').map(str::trim).collect();
    allow.sort_unstable();
    assert_eq!(allow, ["DELETE", "GET", "HEAD", "PUT"]);
    assert_eq!(server.get("/v1/nothing").await.problem(), "404 not-found");
    assert_eq!(server.get("/v1/users//positions/v").await.problem(), "400 invalid-field user_id");
}

#[tokio::test]
async fn what_the_log_refuses_has_its_status() {
    let server = Running::open().await;
    let put = async |fault: Fault| {
        server.log.fail(fault);
        let answer = server.put(POSITION, r#"{"event_time":1700000000001,"position_ms":1}"#).await;
        (answer.problem(), answer.header("retry-after").map(str::to_owned))
    };
    assert_eq!(put(Fault::Full).await, ("507 storage-full".to_owned(), Some("10".to_owned())));
    assert_eq!(put(Fault::Busy).await, ("429 too-busy log-queue".to_owned(), Some("1".to_owned())));
    assert_eq!(put(Fault::Unavailable).await, ("503 unavailable".to_owned(), Some("1".to_owned())));
    assert_eq!(put(Fault::Unknown).await, ("503 unknown-outcome".to_owned(), Some("1".to_owned())));
    assert_eq!(put(Fault::Panics).await, ("500 internal".to_owned(), None));
    server.log.fail(Fault::None);
    assert_eq!(server.put(POSITION, r#"{"event_time":1700000000001,"position_ms":1}"#).await.status, 200);
}

#[tokio::test]
async fn a_request_id_is_kept_if_it_is_one() {
    let server = Running::open().await;
    let kept = server.ask("GET", "/livez").header("x-request-id", "abc:1").send().await;
    assert_eq!(kept.header("x-request-id"), Some("abc:1"));
    let made = server.ask("GET", "/livez").header("x-request-id", "a b").send().await;
    assert!(made.header("x-request-id").is_some_and(|id| id.len() == 29));
}
