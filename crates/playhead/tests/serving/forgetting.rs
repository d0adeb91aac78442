//! Forgetting a user in a pipeline over watch events: its tables lose the user's rows, and a replay does not bring them back.

use std::path::Path;

use playhead_testkit::{EventBuilder, Postgres, Program, event, wait_until};
use serde_json::Value;

use crate::scene::{Scene, WITHIN, rows};

fn spec() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/watch.toml").to_string_lossy().into_owned()
}

fn watched(user: &str, video: &str, seq: u64) -> EventBuilder {
    event().user(user).video(video).play("p").seq(seq).position(seq * 1_000)
}

fn put(program: &Program, event: &EventBuilder) {
    program.http().put(&event.path(), &event.put_json()).expect("an answer").expect_status(200);
}

fn count(program: &Program, of: &str) -> u64 {
    program.sql(&format!("SELECT count(*) FROM {of}"))[0][0].as_u64().expect("a count")
}

fn is_running(program: &Program) -> bool {
    let metrics = program.http().get("/metrics").expect("an answer").text;
    metrics.contains("playhead_pipeline_state{pipeline=\"watching\",state=\"running\"} 1")
}

#[test]
fn a_forgotten_user_leaves_every_table_and_stays_away_in_a_replay() {
    let scene = Scene::new(None);
    scene.configure(&spec(), None);
    let mut program = scene.start();
    wait_until(WITHIN, "the pipeline runs", || is_running(&program));
    for seq in 0..3 {
        for (user, video) in [("ann", "both"), ("ann", "hers"), ("bob", "both")] {
            put(&program, &watched(user, video, seq));
        }
    }
    let mark = serde_json::json!({ "mark": "watched" });
    program.http().put("/v1/users/ann/marks/hers", &mark).expect("an answer").expect_status(204);
    wait_until(WITHIN, "all is in the pipeline", || {
        count(&program, "dds.t_watched") == 9 && count(&program, "dds.s_mark") == 1
    });
    assert_eq!((count(&program, "dds.h_user"), count(&program, "dds.h_video")), (2, 2));

    program.http().delete("/v1/users/ann/positions").expect("an answer").expect_status(204);
    wait_until(WITHIN, "ann is forgotten", || count(&program, "dds.t_watched") == 3);
    for gone in
        ["dds.h_user WHERE user_id = 'ann'", "cdm.user_videos WHERE user_id = 'ann'", "dds.s_mark", "dds.l_mark"]
    {
        assert_eq!(count(&program, gone), 0, "{gone}");
    }
    assert_eq!((count(&program, "dds.l_play"), count(&program, "dds.h_video")), (1, 1));
    let totals = program.sql("SELECT video_id, viewers FROM cdm.video_totals");
    assert_eq!(totals, [[Value::from("both"), Value::from(1)]]);
    // What comes afterwards begins anew.
    put(&program, &watched("ann", "both", 9));
    wait_until(WITHIN, "ann is back", || count(&program, "cdm.user_videos WHERE user_id = 'ann' AND events = 1") == 1);
    assert_eq!(program.terminate(WITHIN).code(), Some(0));

    let postgres = Postgres::start_new();
    for into in [format!("duckdb:{}", scene.path("other.duckdb")), postgres.create_database("other")] {
        made_of_the_log(&scene, &into);
    }
}

/// The log still has every byte, until its retention or a compaction.
fn made_of_the_log(scene: &Scene, into: &str) {
    let (spec, data) = (spec(), scene.path("data"));
    let place = ["--spec", &spec, "--into", into, "--data", &data];
    let run = |args: &[&str]| scene.run(&[&["warehouse"], args, &place].concat()).expect_success().stdout;
    let told = || {
        let status: Value = serde_json::from_str(&run(&["status", "--json"])).expect("JSON");
        let of = |table: &str| rows(&status, table).expect("a table");
        [of("h_user"), of("t_watched"), of("user_videos"), of("watched_history"), of("watched"), of("watching_watched")]
    };
    run(&["run", "--once"]);
    assert_eq!(told(), [2, 4, 2, 4, 4, 4], "{into}");
    run(&["replay"]);
    assert_eq!(told(), [2, 4, 2, 4, 4, 4], "replayed: {into}");
    run(&["replay", "--layer", "dds"]);
    assert_eq!(told(), [2, 4, 2, 4, 4, 4], "from what STG keeps: {into}");
}
