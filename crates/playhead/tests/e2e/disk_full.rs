//! A full disk: writes are refused by name, reads go on, and once there is space everything goes on without a restart.

use std::time::Duration;

use playhead_testkit::{Ballast, Program, Setup, Tmpfs, seeded, wait_until};

use crate::load::{Load, Shape, Way};
use crate::plan::Audience;
use crate::{marts, setup, turn};

const DISK_BYTES: u64 = 192 << 20;
/// Below what the log keeps free for those who read it: 5 % of the disk.
const LEFT_BYTES: u64 = 256 << 10;
/// Beyond the log's.
const RESERVE_BYTES: u64 = 32 << 20;
const PATIENCE: Duration = Duration::from_secs(240);
const SUDDEN_ROUNDS: usize = 4;

#[test]
fn a_full_disk_refuses_writes_and_loses_nothing() {
    let turn = turn::take("disk_full");
    let Some(tmpfs) = mount() else { return };
    let mut program = start(&tmpfs);
    let load = Load::start(&program, &shape());
    wait_until(PATIENCE, "events are taken and loaded", || {
        load.ledger.counts().acknowledged > 2_000 && program.sql("SELECT count(*) FROM watch_events")[0][0] != 0
    });

    let mut ballast = tmpfs.fill(LEFT_BYTES).expect("the disk can be filled");
    for name in ["507 storage-full", "ResourceExhausted storage-full", "entry storage-full"] {
        wait_until(PATIENCE, &format!("writes are refused as `{name}`"), || load.refused().contains_key(name));
    }
    assert_reads_go_on(&program, &load);
    let mut refused = None;
    wait_until(PATIENCE, "a write is refused", || {
        // A store gives an old file back now and then.
        ballast.grow(LEFT_BYTES).expect("the disk can be filled");
        let answer = program.http().put("/v1/users/user-0/positions/video-0", &crate::plan::some_position());
        refused = answer.ok().filter(|answer| answer.status == 507);
        refused.is_some()
    });
    let refused = refused.expect("it was waited for");
    assert_eq!(refused.json["type"], "urn:playhead:problem:storage-full");
    assert_eq!(refused.header("retry-after"), "10");
    program.http().get("/livez").expect("the server answers").expect_status(200);
    ballast.grow(LEFT_BYTES).expect("the disk can be filled");
    upkeep_is_refused(&program);

    free(ballast, &load);
    program.client_command(&["backup", "now"]).expect_success();
    program.client_command(&["compact"]).expect_success();
    finish(&mut program, load);
    turn.bound(Duration::from_secs(1_800));
}

/// What needs space is refused, and leaves nothing behind.
fn upkeep_is_refused(program: &Program) {
    for (path, body) in [("backup", serde_json::json!({"to": "now"})), ("compact", serde_json::json!({}))] {
        let answer = program.http().post(&format!("/v1/admin/{path}"), &body).expect("the server answers");
        let answer = answer.expect_status(507);
        assert_eq!(answer.json["type"], "urn:playhead:problem:storage-full", "{}", answer.text);
    }
    let backups = program.data_dir().join("backups");
    let left = std::fs::read_dir(&backups).map_or(0, Iterator::count);
    assert_eq!(left, 0, "something is left in {}", backups.display());
}

/// A program that is killed while there is no space starts, serves reads and refuses writes, as it did before.
#[test]
fn a_restart_on_a_full_disk_serves_reads_and_loses_nothing() {
    let turn = turn::take("disk_full_restart");
    let Some(tmpfs) = mount() else { return };
    restart_on_a_full_disk(&tmpfs, &mut start(&tmpfs), false);
    turn.bound(Duration::from_secs(1_800));
}

/// The kill comes when the warehouse has a batch that the working state of the marts has no space for.
#[test]
fn a_restart_on_a_full_disk_between_two_commits_serves_reads_and_loses_nothing() {
    let turn = turn::take("disk_full_commits");
    let Some(tmpfs) = mount() else { return };
    let mut program = setup_on(&tmpfs).env("PLAYHEAD_BASE__RESERVE_BYTES", RESERVE_BYTES.to_string()).start();
    restart_on_a_full_disk(&tmpfs, &mut program, true);
    assert!(program.log().contains("is up with the warehouse"), "{}", program.log());
    turn.bound(Duration::from_secs(1_800));
}

fn restart_on_a_full_disk(tmpfs: &Tmpfs, program: &mut Program, between_commits: bool) {
    let load = Load::start(program, &shape());
    wait_until(PATIENCE, "events are taken and loaded", || {
        load.ledger.counts().acknowledged > 3_000 && program.sql("SELECT count(*) FROM watch_events")[0][0] != 0
    });
    let mut ballast = tmpfs.fill(RESERVE_BYTES / 2).expect("the disk can be filled");
    if between_commits {
        wait_until(PATIENCE, "the working state has no space", || marts_failures(program) > 0);
    }
    ballast.grow(0).expect("the disk can be filled");
    let before = load.refused();
    wait_until(PATIENCE, "writes are refused", || load.refused() != before);
    program.kill9();
    program.spawn();
    wait_until(PATIENCE, "it is ready", || {
        assert_eq!(program.exit_status(), None, "it ended: {}", program.log());
        program.http().get("/readyz").is_ok_and(|answer| answer.status == 200)
    });
    load.ledger.read_all(program.http());
    let refused = program.http().put("/v1/users/user-0/positions/video-0", &crate::plan::some_position());
    let refused = refused.expect("the server answers").expect_status(507);
    assert_eq!(refused.json["type"], "urn:playhead:problem:storage-full");
    free(ballast, &load);
    finish(program, load);
}

#[test]
fn no_byte_left_at_once_loses_nothing_in_any_engine() {
    let turn = turn::take("disk_full_at_once");
    let Some(tmpfs) = mount() else { return };
    let mut rng = seeded();
    println!("fills with seed {}", rng.seed());
    let mut program = start(&tmpfs);
    let load = Load::start(&program, &shape());
    wait_until(PATIENCE, "events are loaded", || program.sql("SELECT count(*) FROM watch_events")[0][0] != 0);
    for _ in 0..SUDDEN_ROUNDS {
        std::thread::sleep(Duration::from_millis(rng.u64(300..1_200)));
        let ballast = tmpfs.fill(0).expect("the disk can be filled");
        let before = load.refused();
        wait_until(PATIENCE, "writes are refused", || load.refused() != before);
        std::thread::sleep(Duration::from_millis(rng.u64(200..1_500)));
        assert_reads_go_on(&program, &load);
        free(ballast, &load);
    }
    assert!(marts_failures(&program) > 0, "the disk was full for the loader too, not for the log alone");
    finish(&mut program, load);
    turn.bound(Duration::from_secs(1_800));
}

fn mount() -> Option<Tmpfs> {
    match Tmpfs::mount(DISK_BYTES) {
        Ok(tmpfs) => Some(tmpfs),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            eprintln!("only root may mount a small disk: not tried");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn start(tmpfs: &Tmpfs) -> Program {
    setup_on(tmpfs).start()
}

fn setup_on(tmpfs: &Tmpfs) -> Setup {
    // What is kept free, and written at once, in proportion to a small disk.
    let small = [
        ("PLAYHEAD_BASE__RESERVE_BYTES", 3 << 20),
        ("PLAYHEAD_BASE__MEMTABLE_BYTES", 1 << 20),
        ("PLAYHEAD_LOG__SEGMENT_BYTES", 4 << 20),
        ("PLAYHEAD_STREAM__BACKOFF_MS_MAX", 500),
    ];
    let setup = setup().data_dir(tmpfs.path().join("data"));
    small.into_iter().fold(setup, |setup, (name, value): (_, u64)| setup.env(name, value.to_string()))
}

fn shape() -> Shape {
    Shape {
        audience: Audience { users: 6, videos: 6 },
        writers: Way::ALL.to_vec(),
        readers: 1,
        pause: Duration::from_millis(4),
    }
}

/// Reads of both kinds are answered, and have been all the while.
#[track_caller]
fn assert_reads_go_on(program: &Program, load: &Load) {
    load.ledger.read_all(program.http());
    assert_ne!(program.sql("SELECT count(*) FROM watch_events")[0][0], 0);
    let refused: Vec<_> = load.refused().into_keys().filter(|why| why.starts_with("read ")).collect();
    assert!(refused.is_empty(), "reads were refused: {refused:?}");
}

/// How often the loader of the marts has failed.
fn marts_failures(program: &Program) -> u64 {
    let metrics = program.http().get("/metrics").expect("the server answers").text;
    let line = metrics.lines().find(|line| line.starts_with("playhead_sink_failures_total{sink=\"marts\""));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
}

/// Gives the space back; writes go on.
#[track_caller]
fn free(ballast: Ballast, load: &Load) {
    drop(ballast);
    let before = load.ledger.counts().acknowledged;
    wait_until(PATIENCE, "writes go on", || load.ledger.counts().acknowledged > before + 500);
}

/// Everything acknowledged is in log, base and warehouse, before and after a restart.
#[track_caller]
fn finish(program: &mut Program, load: Load) {
    let ledger = load.ledger.clone();
    let refusals = load.stop();
    marts::wait_caught_up(program, PATIENCE);
    ledger.read_all(program.http());
    ledger.audit(program);
    marts::assert_follow(program);
    program.restart();
    ledger.read_all(program.http());
    println!("{}; refused: {refusals:?}", ledger.counts());
    ledger.assert_kept();
    assert_eq!(program.sql("SELECT count(*) FROM watch_events")[0][0], ledger.counts().loaded);
}
