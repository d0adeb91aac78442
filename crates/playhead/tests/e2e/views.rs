//! Views that are lost, or older copies of themselves: caught up by themselves where the log has what they lack, else refused
//! with the command that builds them again. The log has everything here.

use std::fs;
use std::time::Duration;

use playhead_testkit::{Program, event};
use serde_json::{Value, json};

use crate::{bytes, marts, setup};

const END_WITHIN: Duration = Duration::from_secs(240);

/// What is said of everybody.
fn everything(program: &Program) -> Value {
    marts::wait_loaded(program);
    marts::assert_follow(program);
    let reads: Vec<Value> = (0..6)
        .map(|user| {
            let answer = program.http().get(&format!("/v1/users/u{user}/positions")).expect("an answer");
            answer.expect_status(200).json["positions"].clone()
        })
        .collect();
    let tables = ["user_video", "video_daily", "video_retention", "videos"];
    let marts = tables.map(|table| program.sql(&format!("SELECT * FROM {table} ORDER BY ALL")));
    let events = program.sql("SELECT user_id, video_id, play_id, seq, log_offset FROM watch_events ORDER BY ALL");
    json!([reads, marts, events])
}

fn watch(program: &Program, from: u64, to: u64) {
    let one = |n: u64| {
        let at = event().user(format!("u{}", n % 6)).video(format!("v{}", n % 4)).play(format!("p{}", n % 3)).seq(n);
        at.after_ms(n as i64 * 2_000).position(n * 1_500).duration(200_000).json()
    };
    let events: Vec<Value> = (from..to).map(one).collect();
    program.http().post("/v1/events", &json!(events)).expect("an answer").expect_status(200);
    program.http().put("/v1/users/u1/marks/v9", &json!({"mark": "watched"})).expect("an answer").expect_status(204);
    program.http().put("/v1/videos/v1", &json!({"title": format!("To {to}")})).expect("an answer").expect_status(204);
}

fn stop(program: &mut Program) {
    assert_eq!(program.terminate(END_WITHIN).code(), Some(0));
}

/// A program with events, stopped: with what it said, and a copy of its data at half of them.
struct Scene {
    program: Program,
    whole: Value,
}

impl Scene {
    fn new() -> Self {
        let mut program = setup().start();
        watch(&program, 0, 100);
        everything(&program);
        stop(&mut program);
        for view in ["positions", "warehouse"] {
            bytes::copy(&program.data_dir().join(view), &program.data_dir().join(format!("old-{view}")));
        }
        program.start();
        watch(&program, 100, 200);
        let whole = everything(&program);
        stop(&mut program);
        Self { program, whole }
    }

    fn lose(&self, view: &str) {
        fs::remove_dir_all(self.program.data_dir().join(view)).expect("removed");
    }

    fn put_back_older(&self, view: &str) {
        self.lose(view);
        fs::rename(self.program.data_dir().join(format!("old-{view}")), self.program.data_dir().join(view))
            .expect("put back");
    }

    #[track_caller]
    fn is_refused_until_rebuilt(&mut self, view: &str) {
        let seen = self.program.log().len();
        self.program.spawn();
        assert_eq!(self.program.wait_for_end(END_WITHIN).code(), Some(1));
        let said = self.program.log()[seen..].to_owned();
        assert!(said.contains(&format!("playhead rebuild {view}")), "{said}");
        let data = self.program.data_dir().display().to_string();
        self.program.command(&["rebuild", "all", "--data", &data]).expect_success();
    }

    #[track_caller]
    fn is_whole(&mut self) {
        self.program.start();
        assert_eq!(everything(&self.program), self.whole);
        // And it goes on.
        watch(&self.program, 200, 260);
        let more = everything(&self.program);
        assert_ne!(more, self.whole);
        self.program.restart();
        assert_eq!(everything(&self.program), more);
    }
}

#[test]
fn positions_that_are_older_catch_up_by_themselves() {
    let mut scene = Scene::new();
    scene.put_back_older("positions");
    scene.is_whole();
}

#[test]
fn positions_that_are_lost_are_rebuilt() {
    let mut scene = Scene::new();
    scene.lose("positions");
    scene.is_refused_until_rebuilt("marts");
    scene.is_whole();
}

#[test]
fn a_warehouse_that_is_older_is_refused_until_the_marts_are_rebuilt() {
    let mut scene = Scene::new();
    scene.put_back_older("warehouse");
    scene.is_refused_until_rebuilt("marts");
    scene.is_whole();
}

/// The log has everything here, so that the marts alone need to be built anew.
#[test]
fn a_damaged_warehouse_is_told_with_the_commands_that_bring_it_back() {
    let mut scene = Scene::new();
    let data = scene.program.data_dir().display().to_string();
    let file = scene.program.data_dir().join("warehouse/warehouse.duckdb");
    fs::write(&file, "no database").expect("written");
    let _ = fs::remove_file(file.with_extension("duckdb.wal"));
    let seen = scene.program.log().len();
    scene.program.spawn();
    assert_eq!(scene.program.wait_for_end(END_WITHIN).code(), Some(1));
    let said = scene.program.log()[seen..].to_owned();
    let commands = [
        format!("`mv {data}/warehouse {data}/warehouse.broken`"),
        format!("`playhead restore {data}/backups/NAME --data {data} --replace`"),
        format!("`playhead rebuild marts --data {data}`"),
    ];
    assert!(commands.iter().all(|command| said.contains(command)), "{said}");
    fs::rename(scene.program.data_dir().join("warehouse"), format!("{data}/warehouse.broken")).expect("moved");
    scene.program.command(&["rebuild", "marts", "--data", &data]).expect_success();
    scene.is_whole();
}

#[test]
fn a_damaged_warehouse_is_restored_from_a_backup() {
    let mut program = setup().start();
    watch(&program, 0, 50);
    let whole = everything(&program);
    let made = program.client_command(&["backup", "one", "--json"]).expect_success();
    let made: Value = serde_json::from_str(&made.stdout).expect("JSON");
    assert_eq!(made["events"], 50, "{made}");
    stop(&mut program);
    let data = program.data_dir().display().to_string();
    fs::rename(program.data_dir().join("warehouse"), format!("{data}/warehouse.broken")).expect("moved");
    let backup = format!("{data}/backups/one");
    program.command(&["restore", &backup, "--data", &data, "--replace"]).expect_success();
    program.start();
    let positions = |of: &Value| of[0].clone();
    assert_eq!(positions(&everything(&program)), positions(&whole));
}

#[test]
fn a_warehouse_that_is_lost_is_loaded_from_the_log_again() {
    let mut scene = Scene::new();
    scene.lose("warehouse");
    scene.is_refused_until_rebuilt("marts");
    scene.is_whole();
}
