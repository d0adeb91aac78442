//! Tables that change while data flows: additions are made beside a run, anything else is refused with the reason.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use playhead_testkit::{Finished, Postgres};

use crate::folder::{Folder, WITHIN};
use crate::orders::Stream;
use crate::outages::{loaded, messages, patient, wait_loaded};
use crate::tables::{Tables, assert_same, count, of_duckdb, of_postgres};
use crate::{random, rounds};

/// The pipeline's file with changes; each text that is replaced must be there.
fn changed(folder: &Folder, name: &str, changes: &[(&str, &str)]) -> String {
    let mut text = std::fs::read_to_string(&folder.spec).expect("the pipeline");
    for (from, to) in changes {
        assert!(text.contains(from), "the pipeline has no {from}");
        text = text.replace(from, to);
    }
    std::fs::write(folder.path(name), text).expect("written");
    folder.path(name)
}

/// A new column of a satellite, and a new mart.
const MORE: [(&str, &str); 2] = [
    ("payload = [\"cost\", \"payment\"]", "payload = [\"cost\", \"payment\", \"status\"]"),
    (
        "[mart.user_category_counters]",
        "[mart.restaurant_orders]\nfrom = \"order_rows\"\nkey = [\"restaurant_id\"]\n\
         measures = { orders = { count_distinct = \"order_id\" }, paid = { sum = \"payment\" } }\n\n[mart.user_category_counters]",
    ),
];

#[track_caller]
fn apply(folder: &Folder, spec: &str, into: &str) -> Finished {
    folder.command(&["warehouse", "apply", "--spec", spec, "--into", into])
}

/// What is refused: what is replaced, and by what, and words of the reason.
const REFUSED: [(&str, &str, &str, &str); 4] = [
    // A column of another name is a new one and one that is gone.
    (
        "renamed",
        "from = [\"order_rows\"]\nparent = \"h_user\"\npayload = [\"username\", \"userlogin\"]",
        "from = [{ rows = \"order_rows\", columns = { guest = \"username\" } }]\nparent = \"h_user\"\npayload = [\"guest\", \"userlogin\"]",
        "column username is there and not in the spec",
    ),
    (
        "removed",
        "payload = [\"cost\", \"payment\"]",
        "payload = [\"cost\"]",
        "column payment is there and not in the spec",
    ),
    (
        "retyped",
        "path = \"payload.cost\", type = \"decimal(19,2)\"",
        "path = \"payload.cost\", type = \"decimal(19,4)\"",
        "would have to become",
    ),
    (
        "rekeyed",
        "key = [\"user_id\", \"product_id\"]",
        "key = [\"user_id\", \"product_id\", \"restaurant_id\"]",
        "would become part of the key",
    ),
];

#[track_caller]
fn assert_refusals(folder: &Folder, into: &str, tables: impl Fn() -> Tables) {
    let before = tables();
    for (what, from, to, word) in REFUSED {
        let refused = apply(folder, &changed(folder, "refused.toml", &[(from, to)]), into);
        assert_eq!(refused.code, Some(1), "{what}: {refused:?}");
        assert!(refused.stderr.contains(word), "{what}: {refused:?}");
    }
    assert_same(&tables(), &before);
}

/// The tables that were extended on the way, beside those of a run that had the whole pipeline from the beginning.
#[track_caller]
fn assert_migrated(found: &Tables, whole: &Tables) {
    for (name, rows) in whole.iter().filter(|(name, _)| name.starts_with("cdm.")) {
        assert_eq!(&found[name], rows, "{name}");
    }
    assert_eq!(found["stg.order_events_history"], whole["stg.order_events_history"]);
    assert_eq!(count(found, "dds.h_order"), count(whole, "dds.h_order"));
    let is_filled = |row: &&String| STATUSES.iter().any(|status| row.contains(status));
    assert!(found["dds.s_order_cost"].iter().any(|row| is_filled(&row)), "the new column is never filled");
}

const STATUSES: [&str; 4] = ["OPEN", "COOKING", "CLOSED", "CANCELLED"];

#[test]
fn additions_are_made_while_a_run_goes_on_and_other_changes_are_refused_in_postgresql() {
    let mut rng = random("migrations, PostgreSQL");
    let postgres = Postgres::start_new();
    let url = postgres.create_database("changing");
    let (mut folder, _) = messages(&postgres, &mut rng);
    let mut plain = folder.copy();
    let spec = changed(&folder, "more.toml", &MORE);
    let mut run = folder.spawn_run(&url, &[], &patient());
    playhead_testkit::wait_until(WITHIN, "the first messages", || loaded(&postgres, "changing") > Some(0));
    let made = apply(&folder, &spec, &url).expect_success();
    assert!(made.stdout.contains("ADD COLUMN") && made.stdout.contains("restaurant_orders"), "{made:?}");
    assert_refusals(&folder, &url, || {
        // The run goes on meanwhile, so only what there is is compared.
        postgres.sql("changing", COLUMNS).into_iter().map(|row| (row.join(" "), Vec::new())).collect()
    });
    wait_loaded(&postgres, "changing", &mut run);
    assert!(run.terminate().success(), "{}", run.said());
    let more = Stream::new().messages(&mut rng, 100);
    for folder in [&mut folder, &mut plain] {
        folder.produce(&more, 3);
        folder.spec = spec.clone().into();
    }
    folder.run_once(&url);
    // The new mart hears of the messages that were there before.
    folder.pipeline(&url, &["replay", "--layer", "dds"]).expect_success();
    plain.run_once(&postgres.create_database("whole"));
    assert_migrated(&of_postgres(&postgres, "changing"), &of_postgres(&postgres, "whole"));
}

const COLUMNS: &str = "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns \
     WHERE table_schema IN ('stg', 'dds', 'cdm') ORDER BY 1, 2, 3";

#[test]
fn additions_are_made_between_two_runs_and_other_changes_are_refused_in_duckdb() {
    let mut rng = random("migrations, DuckDB");
    let mut folder = Folder::of_orders(2);
    let mut stream = Stream::new();
    folder.produce(&stream.messages(&mut rng, 200), 2);
    let into = folder.duckdb();
    folder.run_once(&into);
    let spec = changed(&folder, "more.toml", &MORE);
    assert_refusals(&folder, &into, || of_duckdb(&into));
    let made = apply(&folder, &spec, &into).expect_success();
    assert!(made.stdout.contains("ADD COLUMN") && made.stdout.contains("restaurant_orders"), "{made:?}");
    assert_eq!(apply(&folder, &spec, &into).expect_success().stdout, "", "a second time changes nothing");
    // The pipeline as it was does not know the column that is there now.
    folder.produce(&stream.messages(&mut rng, 100), 2);
    let old = folder.pipeline(&into, &["run", "--once"]);
    folder.spec = spec.clone().into();
    folder.produce(&stream.messages(&mut rng, 100), 2);
    folder.run_once(&into);
    folder.pipeline(&into, &["replay", "--layer", "dds", "--load-time", "2026-04-01 00:00:00"]).expect_success();
    let plain = folder.copy();
    plain.run_once(&plain.duckdb());
    assert_migrated(&of_duckdb(&into), &of_duckdb(&plain.duckdb()));
    assert_ne!(old.code, Some(0), "a pipeline that lacks a column that is there is refused: {old:?}");
}

fn spawn_apply(spec: &str, into: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_playhead"));
    command.args(["warehouse", "apply", "--spec", spec, "--into", into]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts")
}

#[test]
fn several_who_apply_at_once_make_the_tables_once() {
    let postgres = Postgres::start_new();
    let folder = Folder::new("orders.toml");
    let spec = folder.spec.to_string_lossy().into_owned();
    let more = changed(&folder, "more.toml", &MORE);
    for round in 0..rounds(4) {
        let name = format!("at_once_{round}");
        let url = postgres.create_database(&name);
        for spec in [&spec, &more] {
            let all: Vec<Child> = (0..4).map(|_| spawn_apply(spec, &url)).collect();
            for child in all {
                let ended = child.wait_with_output().expect("it ends");
                assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
            }
        }
        assert_eq!(apply(&folder, &more, &url).expect_success().stdout, "");
    }
}

#[test]
fn an_apply_that_is_killed_has_made_all_tables_or_none() {
    let mut rng = random("killed applies");
    let postgres = Postgres::start_new();
    let folder = Folder::new("orders.toml");
    let spec = folder.spec.to_string_lossy().into_owned();
    let mut kill = |into: &str| {
        let mut child = spawn_apply(&spec, into);
        std::thread::sleep(Duration::from_millis(rng.u64(..150)));
        // An error means that it has ended already.
        let _ = child.kill();
        child.wait().expect("a child can be waited for");
    };
    for round in 0..rounds(6) {
        let name = format!("killed_{round}");
        let url = postgres.create_database(&name);
        kill(&url);
        let file = format!("duckdb:{}", folder.path(&name));
        kill(&file);
        let tables = postgres.sql(&name, "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'dds'");
        assert!(["0", "14"].contains(&tables[0][0].as_str()), "{tables:?} tables of the vault are there");
        for into in [&url, &file] {
            apply(&folder, &spec, into).expect_success();
            assert_eq!(apply(&folder, &spec, into).expect_success().stdout, "");
        }
    }
}
