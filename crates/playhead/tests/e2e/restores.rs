//! `restore --replace` and forgetting: what was forgotten stays gone, what was written after it stays, and no offset of the
//! replaced log is given again.

use std::time::Duration;

use playhead_contracts::decode_fact;
use playhead_domain::Fact;
use playhead_ports::Stored;
use playhead_testkit::{Program, event};
use serde_json::{Value, json};

use crate::letters::StoppedLog;
use crate::{marts, setup};

const WITHIN: Duration = Duration::from_secs(240);

fn put(program: &Program, user: &str, video: &str, position_ms: u64) {
    let told = event().user(user).video(video).play("p").seq(position_ms).position(position_ms);
    program.http().put(&told.path(), &told.put_json()).expect("an answer").expect_status(200);
}

fn forget(program: &Program, of: &str) {
    program.http().delete(&format!("/v1/users/{of}")).expect("an answer").expect_status(204);
}

fn back_up(program: &Program, name: &str) {
    marts::wait_loaded(program);
    program.client_command(&["backup", name]).expect_success();
}

fn replace_by(program: &mut Program, name: &str) {
    stop(program);
    let (data, backup) = (program.data_dir().to_owned(), program.data_dir().join("backups").join(name));
    let (data, backup) = (data.display().to_string(), backup.display().to_string());
    program.command(&["restore", &backup, "--data", &data, "--replace"]).expect_success();
    program.start();
}

fn stop(program: &mut Program) {
    assert_eq!(program.terminate(WITHIN).code(), Some(0));
}

/// What is known of each: the position that is read, and those of the events in the warehouse.
fn known(program: &Program, of: &[(&str, &str)]) -> Vec<(Value, Value)> {
    marts::wait_loaded(program);
    let one = |(user, video): &(&str, &str)| {
        let read = program.http().get(&format!("/v1/users/{user}/positions/{video}")).expect("an answer");
        let events = program.sql(&format!(
            "SELECT coalesce(list(position_ms ORDER BY ALL), []) FROM watch_events \
             WHERE user_id = '{user}' AND video_id = '{video}'"
        ));
        (
            if read.status == 404 { Value::Null } else { read.expect_status(200).json["position_ms"].clone() },
            events[0][0].clone(),
        )
    };
    of.iter().map(one).collect()
}

/// One event that is there, and read.
fn only(position_ms: u64) -> (Value, Value) {
    (json!(position_ms), json!([position_ms]))
}

fn nothing() -> (Value, Value) {
    (Value::Null, json!([]))
}

#[test]
fn what_was_written_after_a_forgetting_survives_the_restore_of_its_backup() {
    let mut program = setup().start();
    put(&program, "ann", "film", 1_000);
    put(&program, "eve", "film", 2_000);
    put(&program, "eve", "other", 3_000);
    forget(&program, "ann/positions/film");
    forget(&program, "eve/positions");
    put(&program, "ann", "film", 5_000);
    put(&program, "eve", "other", 6_000);
    put(&program, "bob", "film", 7_000);
    let of = [("ann", "film"), ("eve", "film"), ("eve", "other"), ("bob", "film")];
    let expected = [only(5_000), nothing(), only(6_000), only(7_000)];
    assert_eq!(known(&program, &of), expected);
    let list = "SELECT user_hash, video_hash, forgotten_time::TEXT, log_offset FROM forgotten ORDER BY ALL";
    let forgotten = program.sql(list);
    back_up(&program, "one");
    for _ in 0..2 {
        replace_by(&mut program, "one");
        assert_eq!(known(&program, &of), expected);
        assert_eq!(program.sql(list), forgotten, "the list of the forgotten");
        marts::assert_follow(&program);
    }
}

#[test]
fn a_forgetting_after_the_backup_holds_for_what_came_before_it_alone() {
    let mut program = setup().start();
    put(&program, "ann", "film", 1_000);
    put(&program, "bob", "film", 7_000);
    back_up(&program, "before");
    forget(&program, "ann/positions");
    put(&program, "ann", "film", 5_000);
    back_up(&program, "after");
    let of = [("ann", "film"), ("bob", "film")];
    let list = "SELECT user_hash, video_hash, forgotten_time::TEXT, log_offset FROM forgotten ORDER BY ALL";
    let forgotten = program.sql(list);

    replace_by(&mut program, "before");
    assert_eq!(known(&program, &of), [nothing(), only(7_000)]);
    marts::assert_follow(&program);
    assert_eq!(program.sql(list), forgotten, "it stands on the list as it was asked for");
    // It does not reach what comes now, nor, in the younger backup, what was written after it.
    put(&program, "ann", "film", 6_000);
    assert_eq!(known(&program, &of), [only(6_000), only(7_000)]);
    program.restart();
    assert_eq!(known(&program, &of), [only(6_000), only(7_000)]);
    replace_by(&mut program, "after");
    assert_eq!(known(&program, &of), [only(5_000), only(7_000)]);
    marts::assert_follow(&program);
    assert_eq!(program.sql(list), forgotten);
}

#[test]
fn no_offset_that_was_given_after_the_backup_is_given_again() {
    let mut program = setup().start();
    put(&program, "ann", "film", 1_000);
    put(&program, "bob", "film", 7_000);
    stop(&mut program);
    StoppedLog::open(program.data_dir()).append("watch", "ann", b"no record");
    StoppedLog::open(program.data_dir()).append("watch", "bob", b"no record");
    program.start();
    back_up(&program, "one");
    put(&program, "eve", "film", 1);
    put(&program, "eve", "film", 2);
    forget(&program, "ann/positions");
    marts::wait_loaded(&program);
    stop(&mut program);
    let places = |records: &[Stored]| -> Vec<u64> { records.iter().map(|stored| stored.offset.0).collect() };
    let (before, letters_before) = logs(&program);
    program.start();

    replace_by(&mut program, "one");
    put(&program, "bob", "film", 8_000);
    marts::wait_loaded(&program);
    stop(&mut program);
    let (after, letters_after) = logs(&program);
    let said_again = after.iter().filter(|stored| is_forgetting(stored)).count();
    assert_eq!(said_again, 1, "the forgetting that came after the backup is said again");
    let kept = |stored: &&Stored| !after.contains(*stored);
    let given_after: Vec<u64> = before.iter().filter(kept).map(|stored| stored.offset.0).collect();
    assert_eq!(given_after.len(), 3, "two events and a forgetting came after the backup");
    for (old, new, what) in [(&before, &after, "watch"), (&letters_before, &letters_after, "watch.dlq")] {
        let last = places(old).into_iter().max().expect("records");
        let new: Vec<u64> = new.iter().filter(|stored| !old.contains(stored)).map(|stored| stored.offset.0).collect();
        assert!(!new.is_empty() && new.iter().all(|offset| *offset > last), "{what}: {new:?} after {last}");
    }
}

/// What the logs of facts and of dead letters have.
fn logs(program: &Program) -> (Vec<Stored>, Vec<Stored>) {
    let log = StoppedLog::open(program.data_dir());
    (log.read("watch"), log.read("watch.dlq"))
}

fn is_forgetting(stored: &Stored) -> bool {
    matches!(decode_fact(&stored.record.value), Ok(Fact::Forgotten(_)))
}
