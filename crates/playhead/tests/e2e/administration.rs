//! What administrators are told: results as JSON, sizes as people read them, and what a restore cannot do by itself.

use std::time::Duration;

use playhead_testkit::{Finished, Program, Tmpfs, event, wait_until};
use serde_json::Value;

use crate::{marts, setup};

const END_WITHIN: Duration = Duration::from_secs(240);
const PATIENCE: Duration = Duration::from_secs(240);

fn json(done: Finished) -> Value {
    serde_json::from_str(&done.expect_success().stdout).expect("JSON")
}

fn token(program: &Program, args: &[&str]) -> String {
    let data = program.data_dir().display().to_string();
    program.command(&[&["token"], args, &["--data", &data]].concat()).expect_success().stdout.trim().to_owned()
}

/// Three events, and a token of an administrator.
fn scene() -> (Program, String) {
    let program = setup().start();
    for seq in 0..3 {
        let at = event().play("p").seq(seq).position(seq * 1_000);
        program.http().put(&at.path(), &at.put_json()).expect("an answer").expect_status(200);
    }
    marts::wait_loaded(&program);
    let admin = token(&program, &["create", "admin", "--scopes", "admin"]);
    wait_until(PATIENCE, "the token is taken up", || {
        program.http().get("/v1/admin/status").is_ok_and(|answer| answer.status == 401)
    });
    (program, admin)
}

#[test]
fn what_was_done_is_told_as_json_and_in_sizes_of_people() {
    let (mut program, admin) = scene();
    let ask = |args: &[&str]| program.client_command(&[args, &["--token", &admin]].concat());
    let backup = json(ask(&["backup", "one", "--json"]));
    assert!(backup["path"].as_str().is_some_and(|path| path.ends_with("backups/one")), "{backup}");
    assert!(backup["files"].as_u64() > Some(1) && backup["size_bytes"].as_u64() > Some(1_000), "{backup}");
    assert!(backup["events"] == 3 && backup["seconds"].is_f64(), "{backup}");
    let compacted = json(ask(&["compact", "--json"]));
    assert!(compacted["size_bytes_before"].is_u64() && compacted["size_bytes_after"].is_u64(), "{compacted}");
    assert!(compacted["seconds"].is_f64(), "{compacted}");
    let told = ask(&["backup", "two"]).expect_success().stdout;
    assert!(told.contains(" KiB in ") || told.contains(" MiB in "), "{told}");
    let told = ask(&["compact"]).expect_success().stdout;
    assert!(told.contains("iB before, ") && told.contains("iB after"), "{told}");

    assert_eq!(program.terminate(END_WITHIN).code(), Some(0));
    let data = program.data_dir().display().to_string();
    let rebuilt = json(program.command(&["rebuild", "all", "--json", "--data", &data]));
    let views = rebuilt.as_array().expect("a list").iter().map(|view| &view["view"]).collect::<Vec<_>>();
    assert!(views == ["marts", "positions"] && rebuilt[0]["events"] == 3, "{rebuilt}");
    let one = format!("{data}/backups/one");
    let other = format!("{data}-restored");
    let restored = json(program.command(&["restore", &one, "--json", "--data", &other]));
    assert_eq!((&restored["events"], &restored["size_bytes"]), (&3.into(), &backup["size_bytes"]), "{restored}");
    assert_eq!(restored["tokens"], serde_json::json!(["admin"]));
}

#[test]
fn a_restore_warns_that_revoked_tokens_are_good_again() {
    let (mut program, admin) = scene();
    token(&program, &["create", "leaked", "--scopes", "read"]);
    wait_until(PATIENCE, "a backup is made", || {
        program.client_command(&["backup", "one", "--token", &admin]).code == Some(0)
    });
    token(&program, &["revoke", "leaked"]);
    assert_eq!(program.terminate(END_WITHIN).code(), Some(0));
    let data = program.data_dir().display().to_string();
    let done = program.command(&["restore", &format!("{data}/backups/one"), "--data", &data, "--replace"]);
    let told = done.expect_success().stderr;
    let command = format!("`playhead token revoke NAME --data {data}`");
    assert!(told.contains("admin, leaked") && told.contains(&command), "{told}");
}

#[test]
fn a_mount_point_is_not_replaced_but_the_way_out_is_told() {
    let tmpfs = match Tmpfs::mount(512 << 20) {
        Ok(tmpfs) => tmpfs,
        Err(error) => {
            println!("not tried: {error}");
            return;
        }
    };
    let mount = tmpfs.path().display().to_string();
    let mut program = setup().data_dir(&mount).start();
    let at = event().position(7_000);
    program.http().put(&at.path(), &at.put_json()).expect("an answer").expect_status(200);
    marts::wait_loaded(&program);
    program.client_command(&["backup", "one"]).expect_success();
    assert_eq!(program.terminate(END_WITHIN).code(), Some(0));
    let backup = format!("{mount}/backups/one");
    let refused = program.command(&["restore", &backup, "--data", &mount, "--replace"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("is a mount point"), "{refused:?}");

    // As it was told, word by word.
    let words = refused.stderr.split('`').nth(1).expect("a command");
    let moved = std::process::Command::new("sh").args(["-c", words]).status().expect("it runs");
    assert!(moved.success(), "{words}");
    let below = format!("{mount}/data");
    assert!(refused.stderr.contains(&format!("--data {below}")), "{}", refused.stderr);
    let backup = format!("{below}/backups/one");
    program.command(&["restore", &backup, "--data", &below, "--replace"]).expect_success();
    drop(program);
    let program = setup().data_dir(&below).start();
    let read = program.http().get(&at.path()).expect("an answer").expect_status(200);
    assert_eq!(read.json["position_ms"], 7_000);
    drop(program);
}
