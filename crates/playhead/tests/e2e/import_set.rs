//! The real set of ratings, imported with interruptions and once more, against what another program counts in its files.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use playhead_testkit::{Program, wait_until};
use tempfile::TempDir;

use crate::{marts, setup, turn};

const PATIENCE: Duration = Duration::from_secs(240);
/// What a rating of 1 out of 10 becomes, ms.
const MS_PER_POINT: u64 = 540_000;

#[test]
fn importing_the_real_set_twice_is_importing_it_once() {
    let turn = turn::take("import");
    let mut program = setup().start();
    let own = tempfile::tempdir().expect("a folder");
    interrupted(&mut program, &own);
    let first = import(&program, &own);
    let once = totals(&program);
    assert_eq!(once, totals_of_files());
    assert_eq!(top_of_program(&program), top_of_files());
    assert_eq!(days_of_program(&program), days_of_files());
    assert_eq!(titles_of_program(&program), count_of_files("movies.dat", "END { print n }", "!seen[$1]++ { n++ }"));
    marts::assert_follow(&program);

    let second = import(&program, &tempfile::tempdir().expect("a folder"));
    assert_eq!(second, first, "accepted and rejected");
    assert_eq!(totals(&program), once);
    assert_eq!(top_of_program(&program), top_of_files());
    marts::assert_follow(&program);
    println!("imported twice: accepted and rejected {first:?}, [events, users, movies, sum of positions] {once:?}");
    turn.bound(Duration::from_secs(1_800));
}

/// Where the set lies: beside the checkout.
fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/movietweetings-100k");
    assert!(
        folder.join("ratings.dat").is_file(),
        "the MovieTweetings set must lie beside the checkout, in ../shared/data/movietweetings-100k; {} has no ratings.dat",
        folder.display()
    );
    folder
}

/// The import's arguments; what it notes is in the folder of its own.
fn arguments(own: &TempDir) -> Vec<String> {
    let [state, rejects] = ["state.json", "rejects.tsv"].map(|name| own.path().join(name).display().to_string());
    let folder = folder().display().to_string();
    let args = ["import", "movietweetings", &folder, "--json", "--state", &state, "--rejects", &rejects];
    args.map(str::to_owned).to_vec()
}

/// An import that goes on over a kill of the server, and then is killed itself.
fn interrupted(program: &mut Program, own: &TempDir) {
    let url = format!("http://{}", program.http_address());
    let mut command = Command::new(env!("CARGO_BIN_EXE_playhead"));
    command.args(["--url", &url]).args(arguments(own)).stdin(Stdio::null()).stdout(Stdio::null());
    let mut import = command.spawn().expect("it starts");
    let loaded = |program: &Program| program.sql("SELECT count(*) FROM watch_events")[0][0].as_u64().expect("a count");
    wait_until(PATIENCE, "the import has begun", || loaded(program) > 0);
    program.restart();
    let before = loaded(program);
    wait_until(PATIENCE, "the import goes on", || loaded(program) > before || before == 100_000);
    // An error means that it was done already; then there is nothing to go on with, and the rest still holds.
    let _ = import.kill();
    import.wait().expect("a child can be waited for");
}

/// Accepted and rejected.
fn import(program: &Program, own: &TempDir) -> [u64; 2] {
    let args = arguments(own);
    let done = program.client_command(&args.iter().map(String::as_str).collect::<Vec<_>>()).expect_success();
    // Nothing is waited for here: the import itself has.
    let summary: serde_json::Value = serde_json::from_str(&done.stdout).expect("a summary");
    assert_eq!(summary["views"]["are"], "complete", "{summary}");
    ["accepted", "rejected"].map(|name| summary[name].as_u64().expect("a count"))
}

/// Events, users, movies, the sum of positions.
fn totals(program: &Program) -> [u64; 4] {
    let rows = program.sql(
        "SELECT count(*), count(DISTINCT user_id), count(DISTINCT video_id), sum(position_ms)::UBIGINT FROM watch_events",
    );
    std::array::from_fn(|column| rows[0][column].as_u64().unwrap_or_else(|| panic!("{rows:?}")))
}

fn totals_of_files() -> [u64; 4] {
    // A line that stands twice is one event.
    let program = "!line[$0]++ { n++; if (!user[$1]++) users++; if (!movie[$2]++) movies++; points += $3 } \
                   END { printf \"%d %d %d %d\", n, users, movies, points }";
    let text = awk(program, "ratings.dat");
    let mut numbers = text.split_whitespace().map(|number| number.parse::<u64>().expect("a number"));
    let mut totals: [u64; 4] = std::array::from_fn(|_| numbers.next().expect("four numbers"));
    totals[3] *= MS_PER_POINT;
    totals
}

fn top_of_program(program: &Program) -> Vec<(String, u64)> {
    let rows = program.sql(
        "SELECT video_id, sum(plays)::UBIGINT AS n FROM video_daily GROUP BY ALL ORDER BY n DESC, video_id LIMIT 10",
    );
    pairs(&rows)
}

/// A play is all of a user, movie and UTC day.
fn top_of_files() -> Vec<(String, u64)> {
    let program =
        "{ key = $1 \"::\" $2 \"::\" int($4 / 86400) } !play[key]++ { n[$2]++ } END { for (m in n) print m, n[m] }";
    let mut top = lines(&awk(program, "ratings.dat"));
    top.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    top.truncate(10);
    top
}

fn days_of_program(program: &Program) -> Vec<(String, u64)> {
    let rows = program.sql(
        "SELECT (epoch_ms(event_time) // 86400000)::VARCHAR AS day, count(*) AS n FROM watch_events GROUP BY ALL ORDER BY day",
    );
    pairs(&rows)
}

fn days_of_files() -> Vec<(String, u64)> {
    let mut days =
        lines(&awk("!line[$0]++ { n[int($4 / 86400)]++ } END { for (d in n) print d, n[d] }", "ratings.dat"));
    days.sort();
    days
}

fn titles_of_program(program: &Program) -> u64 {
    program.sql("SELECT count(*) FROM videos")[0][0].as_u64().expect("a count")
}

fn count_of_files(file: &str, end: &str, each: &str) -> u64 {
    awk(&format!("{each} {end}"), file).trim().parse().expect("a number")
}

fn pairs(rows: &[playhead_testkit::Row]) -> Vec<(String, u64)> {
    rows.iter().map(|row| (row[0].as_str().expect("text").to_owned(), row[1].as_u64().expect("a count"))).collect()
}

fn lines(text: &str) -> Vec<(String, u64)> {
    let pair = |line: &str| {
        let (name, count) = line.split_once(' ').expect("two words");
        (name.to_owned(), count.parse().expect("a number"))
    };
    text.lines().map(pair).collect()
}

fn awk(program: &str, file: &str) -> String {
    let done =
        Command::new("awk").args(["-F", "::", program]).arg(folder().join(file)).output().expect("awk is installed");
    assert!(done.status.success(), "awk: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("numbers and ids")
}
