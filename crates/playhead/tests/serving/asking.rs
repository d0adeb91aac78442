//! Feeding and asking pipelines of a running server, by the commands.

use playhead_testkit::wait_until;

use crate::scene::{Scene, TOPIC, WITHIN, order, rows};

#[test]
fn a_running_server_takes_messages_and_tells_of_its_pipelines() {
    let scene = Scene::new(None);
    let program = scene.start();
    scene.produce(&program, 1..6);
    scene.wait_orders(&program, 5);
    let status = scene.status(&program);
    assert_eq!((status["state"].as_str(), status["partitions"].as_array().map(Vec::len)), (Some("running"), Some(4)));
    assert_eq!(rows(&status, "user_tags"), Some(1));

    let found = scene.ask(&program, &["lineage", "user_product_counters", "u1", "p1", "--json"]).expect_success();
    assert_eq!(found.stdout.lines().count(), 5, "{found:?}");
    let unknown = scene.ask(&program, &["lineage", "user_product_counters", "nobody &?/%", "p1"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stderr.contains("no message is behind user_product_counters nobody &?/% p1"), "{unknown:?}");
    let no_table = scene.ask(&program, &["lineage", "nothing", "u1"]);
    assert!(no_table.code == Some(1) && no_table.stderr.contains("there is no table nothing"), "{no_table:?}");

    rejected_then_redriven(&scene, &program);
}

/// An order of a guest whom the dictionary does not know waits; one that is broken is rejected, and told.
fn rejected_then_redriven(scene: &Scene, program: &playhead_testkit::Program) {
    let lines = [order(6).replace("CLOSED", "LOST"), order(7).replace("\"u1\"", "\"u2\"")];
    scene.write("broken.ndjson", &lines.join("\n"));
    let produced = program.client_command(&["warehouse", "produce", TOPIC, &scene.path("broken.ndjson")]);
    assert_eq!(produced.expect_success().stdout, format!("2 messages are on {TOPIC}\n"));
    wait_until(WITHIN, "one waits and one is rejected", || {
        let status = scene.status(program);
        status["waiting"] == 1 && status["rejects"][0]["messages"] == 1
    });
    let rejects = scene.ask(program, &["rejects", "--json"]).expect_success().stdout;
    assert!(rejects.lines().count() == 1 && rejects.contains("LOST"), "{rejects}");
    let redriven = scene.ask(program, &["redrive"]).expect_success().stdout;
    assert_eq!(redriven, "0 are loaded now; 1 still wait, 1 are rejected\n");
}

#[test]
fn what_a_server_refuses_is_told_by_line() {
    let scene = Scene::new(None);
    let program = scene.start();
    scene.write("mixed.ndjson", &format!("{}\nnonsense\n{{\"other\":1}}\n", order(1)));
    let (file, data) = (scene.path("mixed.ndjson"), scene.path("data"));
    let sent = program.client_command(&["warehouse", "produce", TOPIC, &file, "--key", "object_id"]);
    assert_eq!((sent.code, sent.stdout.as_str()), (Some(1), &*format!("1 messages are on {TOPIC}\n")), "{sent:?}");
    assert!(sent.stderr.contains("mixed.ndjson:2: ") && sent.stderr.contains("mixed.ndjson:3: "), "{}", sent.stderr);
    let typo = program.client_command(&["warehouse", "produce", TOPIC, &file, "--key", "objekt_id"]);
    assert_eq!(typo.code, Some(1));
    assert!(typo.stderr.contains("mixed.ndjson:1: no message has") && typo.stderr.contains("`objekt_id`"), "{typo:?}");
    let unknown = program.client_command(&["warehouse", "produce", "watch", &file]);
    assert!(unknown.code == Some(1) && unknown.stderr.contains("no pipeline reads a topic"), "{unknown:?}");
    // The folder is the server's: without its address the way to it is told.
    let held = scene.run(&["warehouse", "produce", TOPIC, &file, "--data", &data]);
    assert!(held.code == Some(1) && held.stderr.contains("--url"), "{held:?}");
    // No server loads a dictionary for it.
    let dictionary = scene.run(&["dict", "load", "user", &file, "--id", "object_id", "--data", &data]);
    assert!(dictionary.code == Some(1) && !dictionary.stderr.contains("--url"), "{dictionary:?}");
    scene.wait_orders(&program, 1);
}

#[test]
fn before_any_load_the_commands_say_what_is_not_there_yet() {
    let scene = Scene::new(None);
    let (spec, data, file) = (scene.spec(), scene.path("data"), scene.path("orders.duckdb"));
    let into = format!("duckdb:{file}");
    let place = ["--spec", &spec, "--into", &into, "--data", &data];
    let asked = [&["rejects"][..], &["lineage", "h_order", "00"], &["status"], &["docs"], &["redrive"]];
    for args in asked {
        let told = scene.run(&[&["warehouse"], args, &place].concat());
        assert_eq!(told.code, Some(1), "{told:?}");
        assert!(told.stderr.contains("there is no database") && told.stderr.contains("makes it"), "{told:?}");
    }
    assert!(!std::path::Path::new(&file).exists(), "a question has made a file");
    let other =
        "[pipeline]\nname = \"other\"\n[source.o]\ntopic = \"o\"\nidentity = [\"id\"]\n[source.o.columns]\nid = {}\n";
    scene.write("other.toml", other);
    let other = scene.path("other.toml");
    let apply = ["warehouse", "apply", "--spec", &other, "--into", &into, "--data", &data];
    scene.run(&apply).expect_success();
    for args in [&["rejects"][..], &["lineage", "h_order", "00"]] {
        let told = scene.run(&[&["warehouse"], args, &place].concat());
        assert!(told.code == Some(1) && told.stderr.contains("the database has no table"), "{told:?}");
    }
    let status = scene.run(&[&["warehouse", "status"], &place[..]].concat()).expect_success().stdout;
    assert!(status.contains("is not there yet"), "{status}");
}
