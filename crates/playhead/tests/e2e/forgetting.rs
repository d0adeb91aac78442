//! A forgotten user is gone: from every read at once, from the warehouse soon, through rebuild and restore for good, and from
//! the files' bytes once they are compacted. Everybody else stays.

use std::time::Duration;

use playhead_contracts::watch;
use playhead_testkit::{Grpc, Program, event, seeded, wait_until};
use serde_json::{Value, json};

use crate::letters::StoppedLog;
use crate::{bytes, marts, setup, turn};

/// So odd that these bytes are nowhere by chance.
const FORGOTTEN: &str = "forget-me-7Hq2xW";
const DEVICE: &str = "device-of-9Zk4vR";
const KEPT: [&str; 2] = ["kept-1", "kept-2"];
const PATIENCE: Duration = Duration::from_secs(240);
const END_WITHIN: Duration = Duration::from_secs(240);

/// A user's history, in every way in: events by each protocol, marks, a video of their own.
fn watch_something(program: &Program, user: &str) {
    let mut grpc = Grpc::new(program.grpc_address());
    let at = |video: &str, seq: u64| {
        event()
            .user(user)
            .video(video)
            .play("p")
            .seq(seq)
            .after_ms(seq as i64 * 1_000)
            .position(seq * 1_000)
            .device(DEVICE)
    };
    for seq in 0..3 {
        let put = at("put", seq);
        program.http().put(&put.path(), &put.put_json()).expect("an answer").expect_status(200);
    }
    let batch: Vec<Value> = (0..20).map(|seq| at("post", seq).json()).collect();
    program.http().post("/v1/events", &json!(batch)).expect("an answer").expect_status(200);
    let request = watch::SetPositionRequest { event: Some(at("set", 7).proto()), sent_time: None };
    grpc.call(async |client| client.set_position(request).await).expect("taken");
    let message =
        watch::StreamEventsRequest { events: vec![at("stream", 1).proto()], sent_time: None, backfill: false };
    let ended = grpc.run(async |client| {
        let mut answers = client.stream_events(tokio_stream::once(message)).await.expect("a stream").into_inner();
        answers.message().await.expect("an answer").map(|answer| (answer.durable_index, answer.refused))
    });
    assert_eq!(ended, Some((0, Vec::new())));
    for (video, mark) in [("put", "watched"), ("marked", "unwatched"), ("post", "hidden")] {
        let path = format!("/v1/users/{user}/marks/{video}");
        program.http().put(&path, &json!({ "mark": mark })).expect("an answer").expect_status(204);
    }
}

const VIDEOS: [&str; 5] = ["put", "post", "set", "stream", "marked"];

/// What every read says of a user, over both protocols.
fn all_reads(program: &Program, user: &str) -> Value {
    let get = |video: &&str| {
        let answer = program.http().get(&format!("/v1/users/{user}/positions/{video}")).expect("an answer");
        if answer.status == 404 { Value::Null } else { answer.expect_status(200).json }
    };
    let list = program.http().get(&format!("/v1/users/{user}/positions")).expect("an answer").expect_status(200).json;
    let mut grpc = Grpc::new(program.grpc_address());
    let video_ids = VIDEOS.map(str::to_owned).to_vec();
    let request = watch::GetPositionsRequest { user_id: user.to_owned(), video_ids };
    let by_grpc = grpc.call(async |client| client.get_positions(request).await).expect("an answer");
    json!([VIDEOS.iter().map(get).collect::<Vec<_>>(), list["positions"], by_grpc.positions.len()])
}

fn nothing() -> Value {
    json!([[null, null, null, null, null], [], 0])
}

/// The rows of a user in every table.
fn rows(program: &Program, user: &str) -> Vec<u64> {
    let count = |table: &&str| {
        let rows = program.sql(&format!("SELECT count(*) FROM {table} WHERE user_id = '{user}'"));
        rows[0][0].as_u64().expect("a count")
    };
    ["watch_events", "watch_marks", "user_video"].iter().map(count).collect()
}

/// Everything that is said of those who stay.
fn kept(program: &Program) -> Value {
    let daily = program.sql("SELECT video_id, day, plays, viewers, watched_ms FROM video_daily ORDER BY ALL");
    json!([KEPT.map(|user| (all_reads(program, user), rows(program, user))), daily])
}

#[track_caller]
fn assert_gone(program: &Program, others: &Value) {
    assert_eq!(all_reads(program, FORGOTTEN), nothing());
    marts::wait_loaded(program);
    assert_eq!(rows(program, FORGOTTEN), [0, 0, 0]);
    assert_eq!(&kept(program), others, "those who stay");
    marts::assert_follow(program);
}

fn stop(program: &mut Program) {
    assert_eq!(program.terminate(END_WITHIN).code(), Some(0));
}

#[test]
fn a_forgotten_user_is_gone_through_rebuild_restore_and_compaction() {
    let turn = turn::take("forgetting");
    let mut program = setup().start();
    KEPT.iter().for_each(|user| watch_something(&program, user));
    marts::wait_loaded(&program);
    let others = kept(&program);
    watch_something(&program, FORGOTTEN);
    // A dead letter of theirs, too.
    stop(&mut program);
    StoppedLog::open(program.data_dir()).append("watch", FORGOTTEN, b"no record");
    program.start();
    marts::wait_loaded(&program);
    assert_eq!(rows(&program, FORGOTTEN), [25, 3, 5]);
    assert_ne!(all_reads(&program, FORGOTTEN), nothing());
    program.client_command(&["backup", "before"]).expect_success();

    program.http().delete(&format!("/v1/users/{FORGOTTEN}/positions")).expect("an answer").expect_status(204);
    assert_eq!(all_reads(&program, FORGOTTEN), nothing(), "at once");
    wait_until(PATIENCE, "the warehouse forgets", || rows(&program, FORGOTTEN) == [0, 0, 0]);
    assert_gone(&program, &others);

    stop(&mut program);
    let data = program.data_dir().display().to_string();
    program.command(&["rebuild", "all", "--data", &data]).expect_success();
    program.start();
    assert_gone(&program, &others);

    stop(&mut program);
    let backup = program.data_dir().join("backups").join("before").display().to_string();
    let refused = program.command(&["restore", &backup, "--data", &data]);
    assert!(refused.code == Some(1) && refused.stderr.contains("--replace"), "{refused:?}");
    let restored = program.command(&["restore", &backup, "--data", &data, "--replace"]).expect_success();
    assert!(restored.stdout.contains("Forgotten again"), "{}", restored.stdout);
    program.start();
    assert_gone(&program, &others);

    writes_after_the_restore_survive(&mut program);
    assert_eq!(all_reads(&program, FORGOTTEN), nothing());
    assert_gone_from_the_bytes(&mut program);
    turn.bound(Duration::from_secs(1_800));
}

fn writes_after_the_restore_survive(program: &mut Program) {
    let late = event().user("late").play("p").seq(1).position(5);
    program.http().put(&late.path(), &late.put_json()).expect("an answer").expect_status(200);
    program.restart();
    let read = program.http().get(&late.path()).expect("an answer").expect_status(200);
    assert_eq!(read.json["position_ms"], 5);
    marts::wait_loaded(program);
    assert_eq!(rows(program, "late"), [1, 0, 1]);
    let both = program.sql("SELECT count(*), count(DISTINCT log_offset) FROM watch_events");
    assert_eq!(both[0][0], both[0][1], "an offset was given twice");
}

fn assert_gone_from_the_bytes(program: &mut Program) {
    program.client_command(&["compact"]).expect_success();
    let left = bytes::found_in(program.data_dir(), FORGOTTEN.as_bytes(), &["backups"]);
    assert!(left.is_empty(), "the user's id is still in {left:?}");
    // Those who stay had the same device, so that the search is known to find.
    stop(program);
    assert!(!bytes::found_in(program.data_dir(), KEPT[0].as_bytes(), &["backups"]).is_empty());
    let left = bytes::found_in(program.data_dir(), FORGOTTEN.as_bytes(), &["backups"]);
    assert!(left.is_empty(), "the user's id is in {left:?} after the stop");
    program.start();
    let read = all_reads(program, KEPT[1]);
    assert_ne!(read, nothing());
}

/// One video of a user is forgotten by who may write; the rest of them stays, and so does what comes later.
#[test]
fn forgetting_one_video_leaves_the_others_and_what_comes_after() {
    let mut program = setup().start();
    watch_something(&program, "u");
    program.http().delete("/v1/users/u/positions/post").expect("an answer").expect_status(204);
    let listed = |program: &Program| -> Vec<Value> {
        let list = program.http().get("/v1/users/u/positions").expect("an answer").expect_status(200).json;
        let mut videos: Vec<String> = list["positions"]
            .as_array()
            .expect("positions")
            .iter()
            .map(|position| position["video_id"].as_str().expect("a video").to_owned())
            .collect();
        videos.sort();
        videos.into_iter().map(Value::from).collect()
    };
    assert_eq!(json!(listed(&program)), json!(["marked", "put", "set", "stream"]));
    // An old event of that video after the forgetting is new: only what lay before it is gone.
    let again = event().user("u").video("post").play("p").seq(2).position(2_000);
    program.http().put(&again.path(), &again.put_json()).expect("an answer").expect_status(200);
    for _ in 0..2 {
        let read = program.http().get("/v1/users/u/positions/post").expect("an answer").expect_status(200);
        assert_eq!((&read.json["position_ms"], &read.json["hidden"]), (&json!(2_000), &json!(false)));
        marts::wait_loaded(&program);
        let events = program.sql("SELECT count(*) FROM watch_events WHERE video_id = 'post'");
        assert_eq!(events[0][0], 1);
        marts::assert_follow(&program);
        program.restart();
    }
    let mut grpc = Grpc::new(program.grpc_address());
    let request = watch::ForgetRequest { user_id: "u".into(), video_id: String::new() };
    grpc.call(async |client| client.forget(request).await).expect("forgotten");
    assert_eq!(all_reads(&program, "u"), nothing());
    wait_until(PATIENCE, "the warehouse forgets", || rows(&program, "u") == [0, 0, 0]);
}

/// Nobody asks for a compaction, and the bytes go all the same once their time is up.
#[test]
fn forgotten_bytes_leave_the_files_by_themselves_in_the_stated_time() {
    let program = setup().env("PLAYHEAD_FORGOTTEN_MS_MAX", "500").start();
    for user in [FORGOTTEN, KEPT[0]] {
        watch_something(&program, user);
    }
    marts::wait_loaded(&program);
    let is_found = |user: &str| !bytes::found_in(program.data_dir(), user.as_bytes(), &[]).is_empty();
    assert!(is_found(FORGOTTEN));
    let path = format!("/v1/users/{FORGOTTEN}/positions");
    program.http().delete(&path).expect("an answer").expect_status(204);
    // The files may not be looked through while they are written anew.
    wait_until(PATIENCE, "a compaction by itself", || program.data_dir().join("compacted").exists());
    assert!(!is_found(FORGOTTEN));
    assert!(is_found(KEPT[0]));
}

const KILL_ROUNDS: u64 = 15;

/// Whatever was acknowledged before a forgetting is gone after it, and whatever was after it is there, wherever a kill falls.
#[test]
fn a_forgetting_that_was_answered_holds_through_kills() {
    let turn = turn::take("forgetting_kills");
    let mut rng = seeded();
    println!("kills with seed {}", rng.seed());
    let mut program = setup().start();
    let at = |user: &str, video: &str, seq: u64| {
        event().user(user).video(video).play("p").seq(seq).after_ms(seq as i64 * 1_000).position(seq)
    };
    let put = |program: &Program, user: &str, video: &str, seq: u64| {
        let at = at(user, video, seq);
        program.http().put(&at.path(), &at.put_json()).expect("an answer").expect_status(200);
    };
    for round in 0..KILL_ROUNDS {
        for video in ["one", "two"] {
            put(&program, "all", video, round * 2);
            put(&program, "part", video, round * 2);
        }
        if rng.bool() {
            std::thread::sleep(Duration::from_millis(rng.u64(..700)));
        }
        program.http().delete("/v1/users/all/positions").expect("an answer").expect_status(204);
        program.http().delete("/v1/users/part/positions/one").expect("an answer").expect_status(204);
        let comes_back = rng.bool();
        if comes_back {
            put(&program, "all", "two", round * 2 + 1);
        }
        if rng.bool() {
            std::thread::sleep(Duration::from_millis(rng.u64(..700)));
        }
        program.restart();
        let found = |user: &str, video: &str| {
            let answer = program.http().get(&format!("/v1/users/{user}/positions/{video}")).expect("an answer");
            (answer.status == 200).then(|| answer.json["position_ms"].as_u64().expect("a position"))
        };
        let expected = [None, comes_back.then_some(round * 2 + 1), None, Some(round * 2)];
        let pairs = [("all", "one"), ("all", "two"), ("part", "one"), ("part", "two")];
        assert_eq!(pairs.map(|(user, video)| found(user, video)), expected, "round {round}");
        marts::wait_loaded(&program);
        let rows = program.sql("SELECT user_id, video_id, count(*) FROM watch_events GROUP BY ALL ORDER BY ALL");
        let mut loaded = Vec::new();
        if comes_back {
            loaded.push(json!(["all", "two", 1]));
        }
        loaded.push(json!(["part", "two", round + 1]));
        assert_eq!(json!(rows), json!(loaded), "round {round}");
        marts::assert_follow(&program);
        if comes_back {
            program.http().delete("/v1/users/all/positions").expect("an answer").expect_status(204);
        }
    }
    turn.bound(Duration::from_secs(1_800));
}
