//! Starts of pipelines whose database is away, or where something is wrong: players are served all the same.

use playhead_testkit::{Postgres, wait_until};

use crate::scene::{Scene, WITHIN, assert_served, is_in, rows};

#[test]
fn players_are_served_while_the_database_of_pipelines_is_away() {
    let mut postgres = Postgres::start_new();
    let into = postgres.create_database("orders");
    postgres.stop_fast();
    let scene = Scene::new(Some(&into));
    let mut program = scene.start();
    assert_served(&program);
    wait_until(WITHIN, "the pipeline waits", || is_in(&program, "waiting"));
    scene.produce(&program, 1..6);
    let told = scene.ask(&program, &["status"]).expect_success().stdout;
    assert!(told.starts_with("orders is waiting: "), "{told}");
    let refused = scene.ask(&program, &["rejects"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("the pipeline is waiting"), "{refused:?}");

    postgres.start();
    scene.wait_orders(&program, 5);
    assert!(is_in(&program, "running") && !is_in(&program, "waiting"));
    assert_eq!(
        postgres.sql("orders", "SELECT user_id, category_name, order_cnt FROM cdm.user_category_counters").len(),
        1
    );

    // It goes away under a pipeline that runs, over a restart of the server.
    postgres.stop_immediately();
    scene.produce(&program, 6..8);
    assert_served(&program);
    program.restart();
    assert_served(&program);
    scene.produce(&program, 8..9);
    postgres.start();
    scene.wait_orders(&program, 8);
    assert_eq!(program.terminate(WITHIN).code(), Some(0));
}

#[test]
fn a_pipeline_that_cannot_go_on_says_so_and_the_program_is_ready() {
    let postgres = Postgres::start_new();
    let into = postgres.create_database("orders");
    postgres.sql("orders", "CREATE SCHEMA dds; CREATE TABLE dds.h_user (user_id integer)");
    let scene = Scene::new(Some(&into));
    let mut program = scene.start();
    wait_until(WITHIN, "the pipeline has stopped", || is_in(&program, "stopped"));
    assert_served(&program);
    let status = scene.status(&program);
    assert_eq!(status["state"], "stopped");
    let reason = status["reason"].as_str().expect("a reason");
    assert!(reason.contains("dds.h_user") && reason.contains("user_id is integer"), "{reason}");
    program.wait_logged("the pipeline has stopped", WITHIN);
    scene.produce(&program, 1..3);
    assert_eq!(program.terminate(WITHIN).code(), Some(0));

    // Nothing of the log was let go meanwhile: once it is mended, everything is loaded.
    postgres.sql("orders", "DROP TABLE dds.h_user");
    program.start();
    scene.wait_orders(&program, 2);
    assert_eq!(rows(&scene.status(&program), "h_user"), Some(1));
}

#[test]
fn what_is_wrong_with_a_spec_or_a_url_ends_the_start() {
    let scene = Scene::new(None);
    let text = std::fs::read_to_string(scene.spec()).expect("the pipeline").replace("identity =", "identify =");
    scene.write("wrong.toml", &text);
    let refused = |spec: &str, into: Option<&str>, why: &str| {
        scene.configure(spec, into);
        let mut program = scene.server_on("data");
        program.spawn();
        assert_eq!(program.wait_for_end(WITHIN).code(), Some(1));
        assert!(program.log().contains(why), "{}", program.log());
    };
    refused(&scene.path("wrong.toml"), None, "wrong.toml:");
    refused("nowhere.toml", None, "playhead.toml:2: `pipelines.specs`: there is no file nowhere.toml");
    refused(&scene.spec(), Some("mysql://here"), "postgres://USER@HOST:PORT/DATABASE");
    let inside = format!("duckdb:{}", scene.path("data/orders.duckdb"));
    refused(&scene.spec(), Some(&inside), "lies in the data folder");
}
