//! Backups of a program under load: whole, verified, and with everything that was acknowledged before they were begun.

use std::path::Path;
use std::time::Duration;

use playhead_testkit::{Program, wait_until};

use crate::load::{Load, Shape, Way};
use crate::plan::Audience;
use crate::{bytes, marts, setup, turn};

const PATIENCE: Duration = Duration::from_secs(240);
const END_WITHIN: Duration = Duration::from_secs(240);

#[test]
fn a_backup_under_load_restores_all_that_was_acknowledged_before_it() {
    let turn = turn::take("backup");
    let mut program = setup().start();
    let shape = Shape {
        audience: Audience { users: 6, videos: 6 },
        writers: Way::ALL.to_vec(),
        readers: 1,
        pause: Duration::from_millis(2),
    };
    let load = Load::start(&program, &shape);
    wait_until(PATIENCE, "events are taken", || load.ledger.counts().acknowledged > 3_000);
    let before = load.ledger.acknowledged_events();
    program.client_command(&["backup", "one"]).expect_success();
    let taken = program.client_command(&["backup", "one"]);
    assert!(taken.code == Some(1) && taken.stderr.contains("already"), "{taken:?}");
    program.client_command(&["backup", "../two"]).code.filter(|code| *code == 1).expect("no way out of the folder");
    let ledger = load.ledger.clone();
    load.stop();
    program.kill9();

    let own = tempfile::tempdir().expect("a folder");
    let backup = program.data_dir().join("backups").join("one");
    let data = own.path().join("restored");
    let restored = restore(&program, &backup, &data).expect_success();
    assert!(restored.stdout.contains("Verified"), "{}", restored.stdout);
    let mut other = setup().data_dir(&data).start();
    marts::wait_caught_up(&other, PATIENCE);
    let loaded = ledger.assert_loaded(&other, &before);
    marts::assert_follow(&other);
    println!("acknowledged before the backup {}, loaded after the restore {loaded}", before.len());
    // It goes on as its own.
    let late = playhead_testkit::event().user("late").play("p").seq(1).position(5);
    other.http().put(&late.path(), &late.put_json()).expect("an answer").expect_status(200);
    assert_eq!(other.terminate(END_WITHIN).code(), Some(0));
    other.start();
    marts::wait_caught_up(&other, PATIENCE);
    assert_eq!(other.sql("SELECT count(*) FROM watch_events")[0][0], loaded + 1);
    assert_eq!(other.http().get(&late.path()).expect("an answer").expect_status(200).json["position_ms"], 5);

    damaged_files_are_refused(&program, &backup, own.path());
    turn.bound(Duration::from_secs(1_800));
}

fn restore(program: &Program, backup: &Path, data: &Path) -> playhead_testkit::Finished {
    program.command(&["restore", &backup.display().to_string(), "--data", &data.display().to_string()])
}

/// Whichever file is damaged, the restore names it and leaves nothing behind.
fn damaged_files_are_refused(program: &Program, backup: &Path, own: &Path) {
    let files = bytes::files_below(backup, &[]);
    assert!(files.len() >= 4, "{files:?}");
    for file in &files {
        let name = file.strip_prefix(backup).expect("below it");
        let size_bytes = usize::try_from(std::fs::metadata(file).expect("it is there").len()).expect("small");
        if size_bytes == 0 {
            continue;
        }
        bytes::flip(file, size_bytes / 2);
        let data = own.join("damaged");
        let refused = restore(program, backup, &data);
        assert_eq!(refused.code, Some(1), "{} is damaged: {}", name.display(), refused.stdout);
        let file_name = name.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(refused.stderr.contains(&file_name), "{} is damaged: {}", name.display(), refused.stderr);
        assert!(!data.exists(), "{} is damaged, and something was restored", name.display());
        bytes::flip(file, size_bytes / 2);
    }
    std::fs::remove_file(&files[0]).expect("removed");
    let refused = restore(program, backup, &own.join("damaged"));
    assert_eq!(refused.code, Some(1), "a file is missing: {}", refused.stdout);
}
