//! Backups and restores with pipelines: tables, messages and dictionaries come back together, and the pipelines go on.

use playhead_testkit::{Postgres, Program, wait_until};

use crate::scene::{Scene, WITHIN, assert_served, is_in, rows};

/// Backs up, goes on with more orders, then puts the backup in the place of the data.
fn back_up_go_on_and_restore(scene: &Scene, program: &mut Program, more: std::ops::Range<u32>) {
    program.client_command(&["backup", "one"]).expect_success();
    let orders = u64::from(more.end) - 1;
    scene.produce(program, more);
    scene.wait_orders(program, orders);
    assert_eq!(program.terminate(WITHIN).code(), Some(0));
    restore(scene, "data");
    program.start();
    assert_served(program);
    wait_until(WITHIN, "the pipeline runs", || is_in(program, "running"));
}

fn restore(scene: &Scene, into: &str) {
    let (backup, data) = (scene.path("data/backups/one"), scene.path(into));
    scene.run(&["restore", &backup, "--data", &data, "--replace"]).expect_success();
}

#[test]
fn a_restored_pipeline_of_the_embedded_warehouse_goes_on_with_what_it_had() {
    let scene = Scene::new(None);
    let mut program = scene.start();
    scene.produce(&program, 1..6);
    scene.wait_orders(&program, 5);
    back_up_go_on_and_restore(&scene, &mut program, 6..8);
    // What was acknowledged after the backup is gone; what was before is there once.
    scene.wait_orders(&program, 5);
    let history = |program: &Program| rows(&scene.status(program), "order_events_history");
    assert_eq!(history(&program), Some(5));
    // The dictionaries came back too: orders are enriched, those of before are nothing new.
    scene.produce(&program, 4..10);
    scene.wait_orders(&program, 9);
    let status = scene.status(&program);
    assert_eq!((history(&program), &status["waiting"]), (Some(9), &0.into()));
    assert_eq!(rows(&status, "h_user"), Some(1));

    // A backup of the restored data, on another folder where there was nothing.
    program.client_command(&["backup", "two"]).expect_success();
    assert_eq!(program.terminate(WITHIN).code(), Some(0));
    let (backup, data) = (scene.path("data/backups/two"), scene.path("other"));
    scene.run(&["restore", &backup, "--data", &data]).expect_success();
    let mut other = scene.server_on("other");
    other.start();
    scene.wait_orders(&other, 9);
    scene.produce(&other, 10..11);
    scene.wait_orders(&other, 10);
}

#[test]
fn a_database_outside_that_is_ahead_of_the_restored_log_doubles_and_misses_nothing() {
    let postgres = Postgres::start_new();
    let into = postgres.create_database("orders");
    let scene = Scene::new(Some(&into));
    let mut program = scene.start();
    scene.produce(&program, 1..6);
    scene.wait_orders(&program, 5);
    back_up_go_on_and_restore(&scene, &mut program, 6..8);
    // It keeps what it had; the same orders sent again are no others, new ones come in.
    scene.wait_orders(&program, 7);
    scene.produce(&program, 6..11);
    scene.wait_orders(&program, 10);
    let counted = "SELECT count(*) FROM stg.order_events_history";
    assert_eq!(postgres.sql("orders", counted), [["10"]]);
    assert_eq!(program.terminate(WITHIN).code(), Some(0));

    // The same backup once more: the log knows nothing of what was given offsets after the first restore, the database does.
    std::fs::rename(scene.path("data/backups"), scene.path("backups")).expect("moved");
    std::fs::remove_dir_all(scene.path("data")).expect("removed");
    scene.run(&["restore", &scene.path("backups/one"), "--data", &scene.path("data")]).expect_success();
    program.start();
    // Before the pipeline stands anywhere.
    scene.produce(&program, 11..13);
    scene.wait_orders(&program, 12);
    assert_eq!(postgres.sql("orders", counted), [["12"]]);
}
