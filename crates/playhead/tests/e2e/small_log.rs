//! Several partitions, tiny segments, almost no retention, tiny batches, little room for recent positions: every boundary comes
//! often, and kills fall on all of them. Then the views are built again from what the warehouse alone still has.

use std::time::Duration;

use playhead_testkit::{Program, seeded};

use crate::load::{Load, Shape, Way};
use crate::plan::Audience;
use crate::{bytes, marts, setup, turn};

const ROUNDS: usize = 10;
const PATIENCE: Duration = Duration::from_secs(240);
const END_WITHIN: Duration = Duration::from_secs(240);

#[test]
fn a_log_that_keeps_almost_nothing_loses_nothing() {
    let turn = turn::take("small_log");
    let mut rng = seeded();
    println!("kills with seed {}", rng.seed());
    let tiny = [
        ("WATCH__PARTITIONS", "3"),
        ("LOG__SEGMENT_BYTES", "20000"),
        ("LOG__RETENTION_BYTES", "60000"),
        ("LOG__RETENTION_AGE_MS", "1000"),
        ("LOG__SEGMENT_AGE_MS", "700"),
        ("STREAM__BATCH_ROWS", "300"),
        ("STREAM__BATCH_AGE_MS", "50"),
        ("RECENT__ENTRIES_MAX", "3000"),
        ("BASE__MEMTABLE_BYTES", "1048576"),
        ("WAREHOUSE__FOLD_EVERY_MS", "300"),
        ("WAREHOUSE__FOLD_ROWS", "2000"),
    ];
    let setup = tiny.iter().fold(setup(), |setup, (name, value)| setup.env(format!("PLAYHEAD_{name}"), *value));
    let mut program = setup.start();
    let shape = Shape {
        audience: Audience { users: 9, videos: 5 },
        writers: Way::ALL.to_vec(),
        readers: 1,
        pause: Duration::from_millis(2),
    };
    let load = Load::start(&program, &shape);
    for _ in 0..ROUNDS {
        std::thread::sleep(Duration::from_millis(rng.u64(100..900)));
        program.restart();
        load.ledger.read_all(program.http());
    }
    std::thread::sleep(Duration::from_secs(2));
    let ledger = load.ledger.clone();
    let refusals = load.stop();
    marts::wait_caught_up(&program, PATIENCE);
    ledger.audit(&program);
    marts::assert_follow(&program);
    assert!(log_begins_late(&program), "the log was never trimmed");
    println!("{ROUNDS} kills; {}; refused: {refusals:?}", ledger.counts());

    assert_eq!(program.terminate(END_WITHIN).code(), Some(0));
    let data = program.data_dir().display().to_string();
    program.command_with_env(&["rebuild", "all", "--data", &data]).expect_success();
    program.start();
    marts::wait_caught_up(&program, PATIENCE);
    marts::assert_follow(&program);
    ledger.read_all(program.http());
    ledger.assert_kept();
    turn.bound(Duration::from_secs(1_800));
}

/// Whether the first records of every partition are gone from the files.
fn log_begins_late(program: &Program) -> bool {
    let first = "00000000000000000000.seg";
    let files = bytes::files_below(&program.data_dir().join("log").join("watch"), &[]);
    files.iter().all(|path| path.file_name().is_none_or(|name| name != first))
}
