//! Kills in the middle of what administrators do: backup, compaction, rebuild, restore. The data is whole after each, and the
//! same command does it then.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use playhead_testkit::{Program, Seeded, seeded};

use crate::load::{Load, Shape, Way};
use crate::plan::Audience;
use crate::{marts, setup, turn};

const PATIENCE: Duration = Duration::from_secs(240);
const END_WITHIN: Duration = Duration::from_secs(240);
const ROUNDS: usize = 4;

#[test]
fn kills_in_the_middle_of_upkeep_cost_nothing() {
    let turn = turn::take("admin_kills");
    let mut rng = seeded();
    println!("kills with seed {}", rng.seed());
    let mut program = setup().start();
    let shape = Shape {
        audience: Audience { users: 5, videos: 5 },
        writers: Way::ALL.to_vec(),
        readers: 0,
        pause: Duration::from_millis(3),
    };
    let load = Load::start(&program, &shape);
    std::thread::sleep(Duration::from_millis(800));
    for round in 0..ROUNDS {
        for command in [["backup", "nightly"].as_slice(), &["compact"]] {
            let mut upkeep = client(&program, command);
            std::thread::sleep(Duration::from_millis(rng.u64(1..250)));
            program.kill9();
            upkeep.wait().expect("a client whose server is gone ends");
            program.start();
            load.ledger.read_all(program.http());
        }
        // Unless it was done already, it is done now.
        let name = format!("after-{round}");
        program.client_command(&["backup", &name]).expect_success();
    }
    let ledger = load.ledger.clone();
    load.stop();
    program.client_command(&["compact"]).expect_success();
    marts::wait_caught_up(&program, PATIENCE);
    ledger.read_all(program.http());
    ledger.audit(&program);
    marts::assert_follow(&program);
    println!("{}", ledger.counts());
    ledger.assert_kept();
    let events = program.sql("SELECT count(*) FROM watch_events")[0][0].clone();
    program.client_command(&["backup", "last"]).expect_success();
    assert_eq!(program.terminate(END_WITHIN).code(), Some(0));

    rebuilds_that_are_cut_short(&mut program, &mut rng);
    restores_that_are_cut_short(&mut program, &mut rng);
    program.start();
    marts::wait_caught_up(&program, PATIENCE);
    assert_eq!(program.sql("SELECT count(*) FROM watch_events")[0][0], events);
    marts::assert_follow(&program);
    ledger.read_all(program.http());
    ledger.assert_kept();
    turn.bound(Duration::from_secs(1_800));
}

/// A command of the server's client, running.
fn client(program: &Program, args: &[&str]) -> Child {
    let url = format!("http://{}", program.http_address());
    spawn(&[&["--url", &url], args].concat())
}

fn spawn(args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_playhead"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("it starts")
}

/// Runs a command and kills it after a random moment, unless it is done.
fn cut_short(args: &[&str], rng: &mut Seeded, within_ms: u64) {
    let mut child = spawn(args);
    std::thread::sleep(Duration::from_millis(rng.u64(1..within_ms)));
    // An error means that it has ended already.
    let _ = child.kill();
    child.wait().expect("a child can be waited for");
}

fn rebuilds_that_are_cut_short(program: &mut Program, rng: &mut Seeded) {
    let data = program.data_dir().display().to_string();
    for _ in 0..ROUNDS {
        cut_short(&["rebuild", "all", "--data", &data], rng, 400);
        // It starts, or says what to do.
        let seen = program.log().len();
        program.spawn();
        let until = std::time::Instant::now() + PATIENCE;
        while program.http().get("/readyz").is_err() {
            assert!(std::time::Instant::now() < until, "neither ready nor ended");
            if program.exit_status().is_some() {
                let said = program.log()[seen..].to_owned();
                assert!(said.contains("playhead rebuild"), "{said}");
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        program.kill9();
        program.command(&["rebuild", "all", "--data", &data]).expect_success();
    }
}

fn restores_that_are_cut_short(program: &mut Program, rng: &mut Seeded) {
    let data = program.data_dir().display().to_string();
    let backup = program.data_dir().join("backups").join("last").display().to_string();
    let own = tempfile::tempdir().expect("a folder");
    // The backups must not lie where a restore moves them about while it is killed.
    let kept = own.path().join("last");
    crate::bytes::copy(std::path::Path::new(&backup), &kept);
    let kept = kept.display().to_string();
    for _ in 0..ROUNDS {
        cut_short(&["restore", &kept, "--data", &data, "--replace"], rng, 600);
    }
    program.command(&["restore", &kept, "--data", &data, "--replace"]).expect_success();
    let beside: Vec<_> = std::fs::read_dir(program.data_dir().parent().expect("a parent"))
        .expect("it is read")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("data."))
        .collect();
    assert_eq!(beside, Vec::<String>::new(), "a restore has left folders");
    assert!(program.data_dir().join("backups").join("last").exists(), "the backups are gone");
}
