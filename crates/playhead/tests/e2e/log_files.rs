//! What happens to the log's files between two starts: an older copy, another log, broken bytes.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use playhead_testkit::{Program, event};
use serde_json::{Value, json};

use crate::{bytes, marts, setup};

const END_WITHIN: Duration = Duration::from_secs(240);

/// Writes events of one play of a user, a frame each: numbers `from` to `to`.
fn write(program: &Program, user: &str, from: u64, to: u64) {
    for seq in from..to {
        let at = event().user(user).play("p").seq(seq).after_ms(seq as i64).position(seq);
        program.http().put(&at.path(), &at.put_json()).expect("an answer").expect_status(200);
    }
}

fn position(program: &Program, user: &str) -> Value {
    let answer = program.http().get(&format!("/v1/users/{user}/positions/v")).expect("an answer").expect_status(200);
    answer.json["position_ms"].clone()
}

fn events(program: &Program) -> Value {
    marts::wait_loaded(program);
    marts::assert_follow(program);
    json!(
        program.sql("SELECT user_id, count(*), count(DISTINCT log_offset) FROM watch_events GROUP BY ALL ORDER BY ALL")
    )
}

fn stop(program: &mut Program) {
    assert_eq!(program.terminate(END_WITHIN).code(), Some(0));
}

/// It must end with 1; what it said.
fn refuses_to_start(program: &mut Program) -> String {
    program.spawn();
    assert_eq!(program.wait_for_end(END_WITHIN).code(), Some(1), "{}", program.log());
    program.log()
}

#[test]
fn an_older_copy_of_the_log_is_noticed_and_no_offset_is_given_twice() {
    let mut program = setup().start();
    write(&program, "early", 0, 40);
    assert_eq!(events(&program), json!([["early", 40, 40]]));
    stop(&mut program);
    let log = program.data_dir().join("log");
    let copy = program.data_dir().join("copy-of-log");
    bytes::copy(&log, &copy);

    program.start();
    write(&program, "late", 0, 30);
    assert_eq!(events(&program), json!([["early", 40, 40], ["late", 30, 30]]));
    stop(&mut program);
    fs::remove_dir_all(&log).expect("removed");
    fs::rename(&copy, &log).expect("put back");

    program.start();
    assert!(program.log().contains("it is an older copy; it goes on after the checkpoint"), "{}", program.log());
    assert_eq!((position(&program, "early"), position(&program, "late")), (json!(39), json!(29)));
    write(&program, "late", 30, 50);
    write(&program, "new", 0, 10);
    assert_eq!(events(&program), json!([["early", 40, 40], ["late", 50, 50], ["new", 10, 10]]));
    assert_eq!(program.sql("SELECT count(DISTINCT log_offset) FROM watch_events")[0][0], 100);
    program.restart();
    assert_eq!(events(&program), json!([["early", 40, 40], ["late", 50, 50], ["new", 10, 10]]));
    assert_eq!((position(&program, "late"), position(&program, "new")), (json!(49), json!(9)));
}

#[test]
fn another_log_is_refused_with_what_to_do() {
    let mut program = setup().start();
    write(&program, "u", 0, 5);
    assert_eq!(events(&program), json!([["u", 5, 5]]));
    stop(&mut program);
    let log = program.data_dir().join("log");
    let kept = program.data_dir().join("kept-log");
    fs::rename(&log, &kept).expect("taken away");
    let said = refuses_to_start(&mut program);
    assert!(said.contains("recreated") && said.contains("restore a backup"), "{said}");
    // Put back, all is well.
    fs::remove_dir_all(&log).expect("removed");
    fs::rename(&kept, &log).expect("put back");
    program.start();
    assert_eq!(events(&program), json!([["u", 5, 5]]));
}

fn segment(program: &Program) -> PathBuf {
    let files = bytes::files_below(&program.data_dir().join("log").join("watch"), &[]);
    let is_segment = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "seg");
    let size = |path: &PathBuf| fs::metadata(path).expect("it is there").len();
    files.into_iter().filter(is_segment).max_by_key(size).expect("there is a segment")
}

#[test]
fn a_log_that_is_broken_in_the_middle_is_refused_until_it_is_repaired() {
    let mut program = setup().start();
    write(&program, "u", 0, 60);
    assert_eq!(events(&program), json!([["u", 60, 60]]));
    let data = program.data_dir().display().to_string();
    let whole = program.command(&["log", "verify", "--data", &data]).expect_success();
    assert!(whole.stdout.contains("60 records"), "{}", whole.stdout);
    stop(&mut program);
    let path = segment(&program);
    let size_bytes = usize::try_from(fs::metadata(&path).expect("it is there").len()).expect("small");
    bytes::flip(&path, size_bytes / 2);

    let said = refuses_to_start(&mut program);
    assert!(said.contains("is broken at byte") && said.contains("playhead log repair --data DIR"), "{said}");
    let found = program.command(&["log", "verify", "--json", "--data", &data]);
    assert_eq!(found.code, Some(1), "{}", found.stderr);
    let found: Value = serde_json::from_str(&found.stdout).expect("JSON");
    let damaged = found.as_array().expect("partitions").iter().filter(|part| part["damage"] != json!([]));
    assert_eq!(damaged.map(|part| part["partition"].clone()).collect::<Vec<_>>(), ["watch/0"]);

    let repaired = program.command(&["log", "repair", "--data", &data]).expect_success();
    assert!(repaired.stdout.contains("are lost; the broken bytes are in"), "{}", repaired.stdout);
    program.command(&["log", "verify", "--data", &data]).expect_success();
    program.start();
    // Every view had seen all of it.
    assert_eq!(position(&program, "u"), 59);
    write(&program, "u", 60, 80);
    assert_eq!(events(&program), json!([["u", 80, 80]]));
    program.restart();
    assert_eq!(position(&program, "u"), 79);
    let again = program.command(&["log", "repair", "--data", &data]);
    assert_eq!(again.code, Some(1), "a log in use is not repaired: {}", again.stdout);
}

/// What was torn by a crash was never acknowledged; it is cut, and said.
#[test]
fn a_torn_end_is_cut_and_told() {
    let mut program = setup().start();
    write(&program, "u", 0, 20);
    program.kill9();
    let path = segment(&program);
    let mut torn = fs::read(&path).expect("it is read");
    // The log makes its file longer ahead of its frames: what was written ends at the last byte that is not zero.
    let written = torn.iter().rposition(|byte| *byte != 0).expect("something was written");
    let frame = torn[written - 40..=written].to_vec();
    torn.extend_from_slice(&frame);
    fs::write(&path, torn).expect("it is written");
    program.start();
    assert!(program.log().contains("cut the torn end of the log"), "{}", program.log());
    assert_eq!(position(&program, "u"), 19);
    write(&program, "u", 20, 25);
    assert_eq!(events(&program), json!([["u", 25, 25]]));
}

#[test]
fn another_count_of_partitions_is_refused() {
    let mut program = setup().start();
    write(&program, "u", 0, 5);
    stop(&mut program);
    let mut other = setup().data_dir(program.data_dir()).env("PLAYHEAD_WATCH__PARTITIONS", "3").prepare();
    let said = refuses_to_start(&mut other);
    assert!(said.contains("has 1 partitions, not 3"), "{said}");
    program.start();
    assert_eq!(position(&program, "u"), 4);
}
