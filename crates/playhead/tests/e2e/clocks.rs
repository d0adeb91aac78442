//! The clock rule: what `sent_time` corrects, what is clamped, what is kept, and that a repeated event stays one event.

use playhead_contracts::watch;
use playhead_testkit::{EventBuilder, Grpc, Program, event};
use serde_json::{Value, json};

use crate::{marts, setup};

const HOUR_MS: i64 = 3_600_000;
/// Two clocks of one machine, and the time a request takes on a slow one.
const SLACK_MS: i64 = 60_000;

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn put(program: &Program, video: &str, query: &str, body: &Value) -> (i64, i64) {
    let answer =
        program.http().put(&format!("/v1/users/u/positions/{video}{query}"), body).expect("the server answers");
    let answer = answer.expect_status(200);
    let time = |name: &str| answer.json[name].as_i64().expect("a time");
    (time("event_time"), time("received_time"))
}

fn assert_near(time: i64, expected: i64) {
    assert!((time - expected).abs() < SLACK_MS, "{time} is not near {expected}");
}

#[test]
fn times_are_corrected_clamped_or_kept() {
    let program = setup().start();
    let now = now_ms();
    // A clock that is an hour fast, as its sent_time shows.
    let fast = json!({"event_time": now + HOUR_MS - 10_000, "sent_time": now + HOUR_MS, "position_ms": 1});
    assert_near(put(&program, "fast", "", &fast).0, now - 10_000);
    let slow = json!({"event_time": now - HOUR_MS - 10_000, "sent_time": now - HOUR_MS, "position_ms": 1});
    assert_near(put(&program, "slow", "", &slow).0, now - 10_000);
    // A clock that is right within its limit corrects nothing.
    let right = json!({"event_time": now - 10_000, "sent_time": now - 1, "position_ms": 1});
    let (time, received) = put(&program, "right", "", &right);
    if received - (now - 1) <= 5_000 {
        assert_eq!(time, now - 10_000);
    }
    // Without sent_time the future is now, and the past is the past.
    let (time, received) = put(&program, "future", "", &json!({"event_time": now + HOUR_MS, "position_ms": 1}));
    assert_eq!(time, received);
    assert_eq!(put(&program, "soon", "", &json!({"event_time": now + 30_000, "position_ms": 1})).0, now + 30_000);
    let past = 946_684_800_000;
    assert_eq!(put(&program, "past", "", &json!({"event_time": past, "position_ms": 1})).0, past);
    for query in ["", "?backfill=true"] {
        let seconds = json!({"event_time": now / 1_000, "position_ms": 1});
        let refused = program.http().put(&format!("/v1/users/u/positions/s{query}"), &seconds).expect("an answer");
        assert_eq!(refused.expect_status(400).json["field"], "event_time");
    }
    // A backfill keeps its times however far ahead they are.
    let far = json!({"event_time": now + 1_000 * HOUR_MS, "position_ms": 1});
    assert_eq!(put(&program, "far", "?backfill=true", &far).0, now + 1_000 * HOUR_MS);

    marts::wait_loaded(&program);
    let rows = program.sql(
        "SELECT video_id, epoch_ms(event_time_sent), epoch_ms(event_time), epoch_ms(received_time) FROM watch_events",
    );
    assert_eq!(rows.len(), 7);
    for row in rows {
        let [sent, time, received] = [1, 2, 3].map(|column: usize| row[column].as_i64().expect("a time"));
        assert_near(received, now);
        match row[0].as_str().expect("a video") {
            "fast" => assert_eq!(sent, now + HOUR_MS - 10_000),
            "slow" => assert_eq!(sent, now - HOUR_MS - 10_000),
            "future" => assert_eq!((sent, time), (now + HOUR_MS, received)),
            "far" => assert_eq!((sent, time), (now + 1_000 * HOUR_MS, now + 1_000 * HOUR_MS)),
            _ => assert_eq!(sent, time),
        }
    }
}

#[test]
fn a_batch_and_every_grpc_call_follow_the_same_rule() {
    let program = setup().start();
    let mut grpc = Grpc::new(program.grpc_address());
    let now = now_ms();
    let late = |video: &str| event().video(video).at(now + HOUR_MS - 10_000);
    let sent_time = now + HOUR_MS;
    let answer = program.http().post(&format!("/v1/events?sent_time={sent_time}"), &json!([late("batch").json()]));
    let answer = answer.expect("the server answers").expect_status(200);
    assert_near(answer.json["results"][0]["event_time"].as_i64().expect("a time"), now - 10_000);
    let headers = [("content-type", "application/json"), ("x-sent-time", &sent_time.to_string())];
    let body = json!([late("header").json()]).to_string();
    let answer =
        program.http().send("POST", "/v1/events", &headers, Some(body.as_bytes())).expect("the server answers");
    assert_near(answer.json["results"][0]["event_time"].as_i64().expect("a time"), now - 10_000);

    let request = watch::SetPositionRequest { event: Some(late("set").proto()), sent_time: Some(sent_time) };
    let answer = grpc.call(async |client| client.set_position(request).await).expect("taken");
    assert_near(answer.event_time, now - 10_000);
    let events = vec![late("record").proto()];
    let request = watch::RecordEventsRequest { events, sent_time: Some(sent_time), backfill: false };
    grpc.call(async |client| client.record_events(request).await).expect("taken");
    let events = vec![late("backfill").proto()];
    let request = watch::RecordEventsRequest { events, sent_time: None, backfill: true };
    grpc.call(async |client| client.record_events(request).await).expect("taken");
    for (video, expected) in [("record", now - 10_000), ("backfill", now + HOUR_MS - 10_000)] {
        let answer = program.http().get(&format!("/v1/users/u/positions/{video}")).expect("the server answers");
        assert_near(answer.expect_status(200).json["event_time"].as_i64().expect("a time"), expected);
    }
}

#[test]
fn an_event_that_is_sent_again_counts_once_whatever_became_of_its_time() {
    let program = setup().start();
    let now = now_ms();
    // Each time it is received a little later, and keeps the time that it was first clamped to.
    let ahead = event().at(now + HOUR_MS).position(7_000);
    let put = || program.http().put(&ahead.path(), &ahead.put_json()).expect("the server answers").expect_status(200);
    let first = put().json;
    assert_eq!(first["event_time"], first["received_time"]);
    for _ in 0..2 {
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert_eq!(put().json["event_time"], first["event_time"]);
    }
    let corrected = event().video("w").at(now + HOUR_MS).play("p").seq(1).put_json();
    for sent_time in [now + HOUR_MS + 10_000, now + HOUR_MS + 20_000, now + 2 * HOUR_MS] {
        let mut body = corrected.clone();
        body["sent_time"] = sent_time.into();
        program.http().put("/v1/users/u/positions/w", &body).expect("the server answers").expect_status(200);
    }
    marts::wait_loaded(&program);
    let rows = program.sql("SELECT video_id, count(*) FROM watch_events GROUP BY ALL ORDER BY ALL");
    assert_eq!(json!(rows), json!([["v", 1], ["w", 1]]));
    let rows = program.sql("SELECT video_id, plays FROM user_video ORDER BY ALL");
    assert_eq!(json!(rows), json!([["v", 1], ["w", 1]]));
}

#[test]
fn an_event_that_is_sent_again_moves_no_position_back_whatever_became_of_its_time() {
    let program = setup().start();
    let put = |event: &EventBuilder| {
        program.http().put(&event.path(), &event.put_json()).expect("the server answers").expect_status(200).json
    };
    let read = || program.http().get("/v1/users/u/positions/v").expect("the server answers").expect_status(200).json;
    let ahead = event().at(now_ms() + HOUR_MS).play("a").seq(1).position(10);
    let first = put(&ahead);
    std::thread::sleep(std::time::Duration::from_millis(20));
    put(&event().at(now_ms()).play("b").seq(1).position(500_000));
    let before = read();
    std::thread::sleep(std::time::Duration::from_millis(20));
    assert_eq!(put(&ahead)["event_time"], first["event_time"]);
    assert_eq!(read(), before);
    assert_eq!(before["position_ms"], 500_000);
    marts::wait_loaded(&program);
    let rows = program.sql("SELECT position_ms, plays FROM user_video");
    assert_eq!(json!(rows), json!([[500_000, 2]]));
}
