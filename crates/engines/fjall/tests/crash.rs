//! A process that writes is killed at any moment: checkpoint and data agree exactly, and nothing acknowledged is lost.

mod values;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use playhead_domain::State;
use playhead_fjall::{Config, FjallStore, OpenError};
use playhead_ports::{Base, Fold, Working};
use values::{advance, at, join, next_of, state};

const DIR: &str = "PLAYHEAD_CRASH_DIR";
const USERS: u64 = 40;
const ROUNDS: u64 = 12;

fn config() -> Config {
    // Small, so that kills fall into flushes and compactions too.
    Config { memtable_bytes: 64 << 10, cache_bytes: 8 << 20, reserve_bytes: 0 }
}

fn user_of(offset: u64) -> String {
    format!("u{}", offset % USERS)
}

fn working_key(offset: u64) -> Bytes {
    Bytes::from(format!("k{:03}", offset % 100))
}

/// What the child runs: one record a fold, and the same into working state, acknowledged on its output.
async fn write_forever(dir: &Path) {
    let store = FjallStore::open(dir, &config()).expect("opens");
    let (base, working) = (store.base(), store.working());
    let found = working.checkpoints(&[at()]).await.expect("reads").pop().flatten();
    let mut behind = found.map_or(0, |checkpoint| checkpoint.next.0);
    let start = next_of(&base).await.unwrap_or(0);
    for offset in start.. {
        let fold = Fold { forgets: vec![], joins: vec![join(&user_of(offset), "v", state(offset))] };
        base.fold(fold, &[advance(offset, offset + 1)]).await.expect("folds");
        let writes = (behind..=offset).map(|at| (working_key(at), Some(Bytes::from(at.to_string())))).collect();
        working.commit(writes, &[advance(behind, offset + 1)]).await.expect("commits");
        behind = offset + 1;
        println!("\nacknowledged {offset}");
        if offset % 200 == 150 {
            store.compact().await.expect("compacts");
        }
    }
}

/// Not a test of its own: it is what the others start as another process.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    if let Ok(dir) = std::env::var(DIR) {
        write_forever(Path::new(&dir)).await;
    }
}

fn start_child(dir: &Path) -> (Child, BufReader<ChildStdout>) {
    let this = std::env::current_exe().expect("this test");
    let mut child = Command::new(this)
        .args(["--exact", "child", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let output = BufReader::new(child.stdout.take().expect("piped"));
    (child, output)
}

/// Reads acknowledgements for so long, or for as long as there are any. Gives the last one.
fn last_acknowledged(output: &mut impl BufRead, until: impl Fn(u64) -> bool) -> Option<u64> {
    let numbers =
        output.lines().map_while(Result::ok).filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok());
    let mut last = None;
    for number in numbers {
        last = Some(number);
        if until(number) {
            break;
        }
    }
    last
}

async fn check(store: &FjallStore, acknowledged: u64) {
    let next = next_of(&store.base()).await.expect("a checkpoint");
    assert!(next > acknowledged, "{acknowledged} was acknowledged, the checkpoint is {next}");
    let mut model: BTreeMap<String, State> = BTreeMap::new();
    for offset in 0..next {
        model.entry(user_of(offset)).or_default().join(&state(offset));
    }
    for (user, expected) in model {
        let found = store.base().by_user(&user.parse().expect("an id")).await.expect("reads");
        assert_eq!(found, [("v".parse().expect("an id"), expected)], "{user} at {next}");
    }

    let found = store.working().checkpoints(&[at()]).await.expect("reads").pop().flatten();
    let next = found.expect("a checkpoint").next.0;
    assert!(next > acknowledged);
    let model: BTreeMap<_, _> = (0..next).map(|at| (working_key(at), Bytes::from(at.to_string()))).collect();
    assert_eq!(store.working().scan(b"").await.expect("reads"), model.into_iter().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_leaves_checkpoint_and_data_as_one() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let dir = tempfile::tempdir().expect("a folder");
    let deadline = Instant::now() + Duration::from_secs(120);
    for round in 0..ROUNDS {
        assert!(Instant::now() < deadline, "too slow, in round {round}");
        let (mut child, mut output) = start_child(dir.path());
        let first = last_acknowledged(&mut output, |_| true).expect("the child has begun");
        let stop = Instant::now() + Duration::from_millis(random.u64(0..400));
        let last = last_acknowledged(&mut output, |_| Instant::now() > stop).unwrap_or(first);
        child.kill().expect("killed");
        child.wait().expect("ended");
        // What it had said before it was killed counts too.
        let last = last_acknowledged(&mut output, |_| false).unwrap_or(last);
        let store = FjallStore::open(dir.path(), &config()).expect("opens after a kill");
        check(&store, last).await;
    }
}

#[test]
fn a_process_killed_while_it_makes_the_store_leaves_nothing_in_the_way() {
    let dir = tempfile::tempdir().expect("a folder");
    for leftover in ["positions/0.jnl", "working/0.jnl", "working/version"] {
        let path = dir.path().join(leftover);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, b"").expect("written");
    }
    values::open(dir.path());
}

#[test]
fn a_second_process_is_refused_and_told_why() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut child, mut output) = start_child(dir.path());
    last_acknowledged(&mut output, |_| true).expect("the child has begun");
    let refused = FjallStore::open(dir.path(), &config()).map(|_| ()).expect_err("in use");
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert!(matches!(refused, OpenError::InUse(_)), "{refused:?}");
    assert!(refused.to_string().contains("in use by another process"));
    values::open(dir.path());
}
