//! What one device was told is what every other device reads: hand-overs, continue watching page by page, marks, hiding.

use std::collections::BTreeSet;
use std::sync::mpsc;

use playhead_contracts::watch;
use playhead_domain::Kind;
use playhead_testkit::{Code, Grpc, Http, Program, event, seeded};
use serde_json::{Value, json};

use crate::setup;

const HAND_OVERS: u64 = 400;
const PAIRS_OF_DEVICES: u64 = 4;

/// Each pair of devices hands over: one writes and tells, the other reads and must find that or a newer one.
#[test]
fn a_read_on_another_device_is_never_older_than_an_answered_write() {
    let program = setup().start();
    let run = |pair: u64| {
        let (told, hears) = mpsc::channel::<u64>();
        let (http, grpc) = (program.http().clone(), program.grpc_address());
        let writes = std::thread::spawn(move || {
            let mut own = Grpc::new(grpc);
            for seq in 0..HAND_OVERS {
                // Two pairs of devices share a user and video, each with a play of its own.
                let at = event().user(format!("u{}", pair / 2)).play(format!("p{pair}")).seq(seq);
                write_one(&http, &mut own, &at.after_ms(seq as i64 * 10 + pair as i64).position(seq), seq);
                told.send(seq).expect("the other device listens");
            }
        });
        let (http, grpc) = (program.http().clone(), program.grpc_address());
        let reads = std::thread::spawn(move || {
            let mut own = Grpc::new(grpc);
            for seq in hears {
                let least = 1_700_000_000_000 + seq as i64 * 10 + pair as i64;
                let found = read_one(&http, &mut own, &format!("u{}", pair / 2), seq);
                assert!(found >= least, "{found} is older than {least}");
            }
        });
        [writes, reads]
    };
    let threads: Vec<_> = (0..PAIRS_OF_DEVICES).flat_map(run).collect();
    for thread in threads {
        thread.join().expect("every hand-over succeeds");
    }
}

fn write_one(http: &Http, grpc: &mut Grpc, at: &playhead_testkit::EventBuilder, seq: u64) {
    match seq % 3 {
        0 => {
            http.put(&at.path(), &at.put_json()).expect("an answer").expect_status(200);
        }
        1 => {
            http.post("/v1/events", &json!([at.json()])).expect("an answer").expect_status(200);
        }
        _ => {
            let request = watch::SetPositionRequest { event: Some(at.proto()), sent_time: None };
            grpc.call(async |client| client.set_position(request).await).expect("taken");
        }
    }
}

/// The time of the position, asked in every way in turn.
fn read_one(http: &Http, grpc: &mut Grpc, user: &str, seq: u64) -> i64 {
    let json_time = |position: &Value| position["event_time"].as_i64().expect("a time");
    match seq % 5 {
        0 => json_time(&http.get(&format!("/v1/users/{user}/positions/v")).expect("an answer").expect_status(200).json),
        1 => json_time(&http.get(&format!("/v1/users/{user}/positions")).expect("an answer").json["positions"][0]),
        2 => {
            let request = watch::GetPositionRequest { user_id: user.into(), video_id: "v".into() };
            let answer = grpc.call(async |client| client.get_position(request).await).expect("found");
            answer.position.expect("a position").event_time
        }
        3 => {
            let request = watch::GetPositionsRequest { user_id: user.into(), video_ids: vec!["w".into(), "v".into()] };
            grpc.call(async |client| client.get_positions(request).await).expect("found").positions[0].event_time
        }
        _ => {
            let request = watch::ListPositionsRequest { user_id: user.into(), ..Default::default() };
            grpc.call(async |client| client.list_positions(request).await).expect("found").positions[0].event_time
        }
    }
}

#[test]
fn pages_of_continue_watching_have_every_video_once_and_newest_first() {
    let program = setup().start();
    let mut rng = seeded();
    // Many of one time, so that the order among them matters.
    let mut videos: Vec<(i64, String)> = (0..137).map(|number| (rng.i64(0..20), format!("v{number:03}"))).collect();
    rng.shuffle(&mut videos);
    let finished: BTreeSet<String> =
        videos.iter().filter(|_| rng.u8(..3) == 0).map(|(_, video)| video.clone()).collect();
    let events: Vec<Value> = videos
        .iter()
        .map(|(time, video)| {
            let kind = if finished.contains(video) { Kind::Ended } else { Kind::Pause };
            event().video(video).after_ms(*time).position(60_000).kind(kind).json()
        })
        .collect();
    program.http().post("/v1/events", &json!(events)).expect("an answer").expect_status(200);
    videos.sort_by(|a, b| (b.0, &a.1).cmp(&(a.0, &b.1)));
    let all: Vec<String> = videos.into_iter().map(|(_, video)| video).collect();
    let unfinished: Vec<String> = all.iter().filter(|video| !finished.contains(*video)).cloned().collect();
    let mut grpc = Grpc::new(program.grpc_address());
    for limit in [1, 7, 50, 137, 200] {
        assert_eq!(pages_by_http(&program, limit, false), all, "limit {limit}");
        assert_eq!(pages_by_grpc(&mut grpc, limit, false), all, "limit {limit}");
        assert_eq!(pages_by_http(&program, limit, true), unfinished, "limit {limit}");
        assert_eq!(pages_by_grpc(&mut grpc, limit, true), unfinished, "limit {limit}");
    }
    for wrong in ["limit=0", "limit=201", "cursor=x", "cursor=5", "limit=1&limit=1", "unfinished=yes", "other=1"] {
        let answer = program.http().get(&format!("/v1/users/u/positions?{wrong}")).expect("an answer");
        assert_eq!(answer.status, 400, "{wrong}: {}", answer.text);
    }
}

/// Somebody watches on while another device turns the pages: nothing stands on two pages, and what was not touched on one.
#[test]
fn pages_do_not_repeat_a_video_while_it_is_watched_elsewhere() {
    let program = setup().start();
    let events: Vec<Value> =
        (0..60).map(|n| event().video(format!("v{n:02}")).after_ms(n).play("p").seq(0).position(1).json()).collect();
    program.http().post("/v1/events", &json!(events)).expect("an answer").expect_status(200);
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for page in 0.. {
        let path = format!("/v1/users/u/positions?limit=10{cursor}");
        let answer = program.http().get(&path).expect("an answer").expect_status(200);
        seen.extend(videos_of(&answer.json));
        // One that was shown and one that was not go on; they are the newest now.
        for video in [format!("v{:02}", 59 - page), format!("v{page:02}")] {
            let on = event().video(video).after_ms(1_000 + page).play("p").seq(page as u64 + 1).position(2);
            program.http().put(&on.path(), &on.put_json()).expect("an answer").expect_status(200);
        }
        match answer.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let once: BTreeSet<&String> = seen.iter().collect();
    assert_eq!(once.len(), seen.len(), "a video stands on two pages: {seen:?}");
    assert!((10..50).all(|n| once.contains(&format!("v{n:02}"))), "an untouched video is missing: {seen:?}");
}

fn videos_of(page: &Value) -> Vec<String> {
    let positions = page["positions"].as_array().expect("positions");
    positions.iter().map(|position| position["video_id"].as_str().expect("a video").to_owned()).collect()
}

fn pages_by_http(program: &Program, limit: usize, unfinished: bool) -> Vec<String> {
    let mut videos = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/users/u/positions?limit={limit}&unfinished={unfinished}{cursor}");
        let answer = program.http().get(&path).expect("an answer").expect_status(200);
        let page = videos_of(&answer.json);
        assert!(page.len() <= limit, "{}", answer.text);
        videos.extend(page);
        match answer.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return videos,
        }
    }
}

fn pages_by_grpc(grpc: &mut Grpc, limit: usize, unfinished: bool) -> Vec<String> {
    let mut videos = Vec::new();
    let mut cursor = String::new();
    loop {
        let limit = Some(u32::try_from(limit).expect("small"));
        let request = watch::ListPositionsRequest { user_id: "u".into(), limit, cursor, unfinished };
        let answer = grpc.call(async |client| client.list_positions(request).await).expect("a page");
        videos.extend(answer.positions.into_iter().map(|position| position.video_id));
        cursor = answer.next_cursor;
        if cursor.is_empty() {
            return videos;
        }
    }
}

#[test]
fn marks_and_hiding_are_read_at_once_on_both_interfaces() {
    let mut program = setup().start();
    let mut grpc = Grpc::new(program.grpc_address());
    let ids = || ("u".to_owned(), "v".to_owned());
    let halfway = event().position(50_000).duration(100_000);
    program.http().put(&halfway.path(), &halfway.put_json()).expect("an answer").expect_status(200);
    assert_eq!(both(&program, &mut grpc), (50_000, false, true));

    mark(&program, "watched");
    assert_eq!(both(&program, &mut grpc), (0, true, true));
    let (user_id, video_id) = ids();
    let request = watch::MarkUnwatchedRequest { user_id, video_id };
    grpc.call(async |client| client.mark_unwatched(request).await).expect("marked");
    assert_eq!(both(&program, &mut grpc), (0, false, true));
    let (user_id, video_id) = ids();
    grpc.call(async |client| client.hide(watch::HideRequest { user_id, video_id }).await).expect("hidden");
    assert_eq!(both(&program, &mut grpc), (0, false, false));
    // What is hidden is still there for who asks for it by name, and after a restart.
    program.restart();
    let mut grpc = Grpc::new(program.grpc_address());
    assert_eq!(both(&program, &mut grpc), (0, false, false));
    // Watched again, on a device whose clock runs ahead, it comes back.
    let again = event().at(jiff::Timestamp::now().as_millisecond() + 30_000).position(70_000).duration(100_000);
    program.http().put(&again.path(), &again.put_json()).expect("an answer").expect_status(200);
    assert_eq!(both(&program, &mut grpc), (70_000, false, true));
    let (user_id, video_id) = ids();
    let request = watch::MarkWatchedRequest { user_id, video_id };
    grpc.call(async |client| client.mark_watched(request).await).expect("marked");
    assert_eq!(both(&program, &mut grpc), (0, true, true), "a mark holds against a clock that runs ahead");
    mark(&program, "hidden");
    assert_eq!(both(&program, &mut grpc), (0, true, false));
    // The last word holds, however quickly it follows.
    for (word, completed) in
        ["unwatched", "watched", "unwatched", "watched"].into_iter().zip([false, true, false, true])
    {
        mark(&program, word);
        assert_eq!(both(&program, &mut grpc), (0, completed, false));
    }
    let unknown = watch::GetPositionRequest { user_id: "u".into(), video_id: "nothing".into() };
    let unknown = grpc.call(async |client| client.get_position(unknown).await).expect_err("nothing is known");
    assert_eq!(unknown.code(), Code::NotFound);
}

fn mark(program: &Program, mark: &str) {
    program.http().put("/v1/users/u/marks/v", &json!({ "mark": mark })).expect("an answer").expect_status(204);
}

/// Where to resume, whether it is completed, whether continue watching lists it; the same over HTTP and gRPC.
fn both(program: &Program, grpc: &mut Grpc) -> (u64, bool, bool) {
    let read = program.http().get("/v1/users/u/positions/v").expect("an answer").expect_status(200).json;
    let listed = !pages_by_http(program, 50, false).is_empty();
    let by_http = (read["resume_ms"].as_u64().expect("a position"), read["completed"] == true, listed);
    let request = watch::GetPositionRequest { user_id: "u".into(), video_id: "v".into() };
    let read =
        grpc.call(async |client| client.get_position(request).await).expect("found").position.expect("a position");
    let by_grpc = (read.resume_ms, read.completed, !pages_by_grpc(grpc, 50, false).is_empty());
    assert_eq!(by_http, by_grpc);
    by_http
}
