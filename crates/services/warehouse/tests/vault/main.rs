//! The cases of `tests/vault`, each on both targets: given tables, staged rows, expected tables.
//!
//! `CASE=text` runs only those whose file or name has the text, `CASES=folder` those of another folder.

mod case;
mod loading;
mod run;
mod staging;
mod table;

use playhead_ports::Target;
use playhead_testkit::Postgres;

use case::{Cases, files};
use run::{Order, run};

/// Runs all cases and tells which do not hold, and why.
async fn check(target: &dyn Target) {
    let wanted = std::env::var("CASE").unwrap_or_default();
    let (mut failed, mut counts) = (Vec::new(), Vec::new());
    for path in files() {
        let (cases, file) = (Cases::read(&path), path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
        let mut held = 0;
        for case in &cases.case {
            if !file.contains(&wanted) && !case.name.contains(&wanted) {
                continue;
            }
            for order in [Order::AsWritten, Order::Backwards] {
                match run(target, &cases, case, order).await {
                    Ok(()) => held += usize::from(matches!(order, Order::AsWritten)),
                    Err(why) => failed.push(format!("{file}: {:?} ({order:?})\n{why}", case.name)),
                }
            }
        }
        counts.push(format!("{}: {held} of {}", cases.kind, cases.case.len()));
    }
    println!("{}: {}", target.dialect().name(), counts.join(", "));
    assert!(failed.is_empty(), "{} do not hold on {}\n{}", failed.len(), target.dialect().name(), failed.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_holds_on_duckdb() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("cases.duckdb");
    let target = playhead_duckdb::DuckTarget::open(&file, playhead_duckdb::Config::default());
    check(&target.expect("a new file can be opened")).await;
}

#[tokio::test]
async fn every_case_holds_on_postgres() {
    let postgres = Postgres::start_new();
    let url = postgres.create_database("cases");
    let target = playhead_postgres::PostgresTarget::new(&url, playhead_postgres::Config::default());
    check(&target.expect("the URL is one")).await;
}

#[test]
fn every_kind_has_twelve_cases_and_no_name_twice() {
    let mut names = std::collections::BTreeSet::new();
    for path in files() {
        let cases = Cases::read(&path);
        assert!(cases.case.len() >= 12, "{} has {} cases", path.display(), cases.case.len());
        for case in &cases.case {
            assert!(!case.expect.is_empty(), "{:?} expects nothing", case.name);
            assert!(names.insert((cases.kind.clone(), case.name.clone())), "{:?} is there twice", case.name);
        }
    }
}
