//! Loaders that are killed, a server that crashes, connections that are cut: nothing is lost or doubled.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use playhead_ports::{CommitError, Target};
use playhead_testkit::{Postgres, seeded};

mod support;

use support::{assert_whole, load, numbers, standing, target_of};

/// Tells this same program, run as a child, into which database to load.
const DATABASE: &str = "PLAYHEAD_CRASH_DATABASE";

/// Not a test of its own: loads for ever, and tells each load that went in.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Ok(url) = std::env::var(DATABASE) else { return };
    let target = target_of(&url).await;
    loop {
        let next = standing(&target).await;
        match load(&target, next, next + 50).await {
            Ok(_) => println!("\nloaded {}", next + 50),
            // A load of the process before may still be ending.
            Err(CommitError::Moved) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn spawn(url: &str) -> (Child, BufReader<ChildStdout>) {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "child", "--nocapture"]).env(DATABASE, url).stdout(Stdio::piped());
    let mut child = command.spawn().expect("runs itself");
    let told = BufReader::new(child.stdout.take().expect("its output"));
    (child, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_checkpoint_agree_after_every_kill_of_a_loader() {
    let mut random = seeded();
    let postgres = Postgres::start_new();
    let url = postgres.create_database("killed");
    let target = target_of(&url).await;
    for round in 0..30 {
        let (mut child, mut told) = spawn(&url);
        let mut acknowledged = 0;
        let mut left = random.u32(1..8);
        while left > 0 {
            let mut line = String::new();
            assert!(told.read_line(&mut line).expect("its output") > 0, "round {round}: the child has ended");
            if let Some(number) = line.trim().strip_prefix("loaded ") {
                acknowledged = number.parse().expect("a number");
                left -= 1;
            }
        }
        std::thread::sleep(Duration::from_micros(random.u64(0..8_000)));
        child.kill().expect("kills");
        child.wait().expect("has ended");
        assert!(assert_whole(&target).await >= acknowledged, "round {round}");
    }
}

/// Loads until the checkpoint stands at `until`, whatever happens to the server.
async fn load_until(target: &playhead_postgres::PostgresTarget, until: u64) {
    while standing(target).await < until {
        let next = standing(target).await;
        match load(target, next, next + 50).await {
            Ok(_) | Err(CommitError::Moved | CommitError::Transient(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_checkpoint_agree_after_every_crash_of_the_server() {
    let mut random = seeded();
    let mut postgres = Postgres::start_new();
    let url = postgres.create_database("crashed");
    let target = std::sync::Arc::new(target_of(&url).await);
    for round in 1..=8 {
        let goal = standing(&target).await + 2_000;
        let loading = tokio::spawn({
            let target = target.clone();
            async move { load_until(&target, goal).await }
        });
        tokio::time::sleep(Duration::from_millis(random.u64(1..120))).await;
        tokio::task::block_in_place(|| match round % 3 {
            0 => {
                postgres.stop_fast();
                postgres.start();
            }
            _ => postgres.restart_immediately(),
        });
        tokio::time::timeout(Duration::from_secs(300), loading).await.expect("goes on").expect("loads");
        assert!(assert_whole(&target).await >= goal);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_checkpoint_agree_after_every_cut_of_a_connection() {
    let postgres = Postgres::start_new();
    let url = postgres.create_database("cut");
    let target = std::sync::Arc::new(target_of(&url).await);
    let loading = tokio::spawn({
        let target = target.clone();
        async move { load_until(&target, 20_000).await }
    });
    let mut cuts = 0;
    while !loading.is_finished() {
        let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE datname = 'cut' AND pid <> pg_backend_pid()";
        cuts += tokio::task::block_in_place(|| postgres.sql("cut", cut))[0][0].parse::<u64>().expect("a number");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    loading.await.expect("loads");
    assert!(cuts > 0);
    assert_eq!(assert_whole(&target).await, 20_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loader_that_lost_its_place_loads_nothing_however_slow_the_first_one_is() {
    let postgres = Postgres::start_new();
    let url = postgres.create_database("fenced");
    let (first, second) = (target_of(&url).await, target_of(&url).await);
    let log_id: playhead_ports::LogId = "log".parse().expect("any text is a log's id");
    let advance = |from: u64, to: u64| playhead_ports::Advance {
        at: support::partition(),
        log_id: log_id.clone(),
        from: playhead_domain::Offset(from),
        to: playhead_domain::Offset(to),
    };
    let take = "INSERT INTO stg.numbers SELECT number, filling FROM stage_numbers".to_owned();
    let slowly = [take.clone(), "SELECT pg_sleep(2)".to_owned()];
    let (staged, step) = ([numbers(0, 10)], [advance(0, 10)]);
    let slow = first.load("loader", &staged, &slowly, &step);
    let late = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        second.load("loader", &[numbers(10, 20)], &[take], &[advance(0, 20)]).await
    };
    let (slow, late) = tokio::join!(slow, late);
    // Whichever came first, one of them is in, and the other was told.
    match (&slow, &late) {
        (Ok(_), Err(CommitError::Moved)) | (Err(CommitError::Moved), Ok(_)) => {}
        _ => panic!("{slow:?}, {late:?}"),
    }
    let rows = postgres.sql("fenced", "SELECT count(*) FROM stg.numbers");
    assert_eq!(rows, [["10"]]);
}
