//! Commands against a running server: load that verifies itself, questions in every format, the chart.

use playhead_testkit::Program;
use serde_json::Value;

use crate::{marts, setup};

#[test]
fn a_load_of_each_protocol_finds_everything_that_was_acknowledged() {
    let program = setup().start();
    for protocol in ["http", "grpc", "stream"] {
        let args =
            ["load", "--protocol", protocol, "--rate", "400", "--read-rate", "100", "--duration", "2s", "--json"];
        let done = program.client_command(&[&args[..], &["--users", "50", "--videos", "20"]].concat()).expect_success();
        let report: Value =
            serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {}", done.stdout));
        assert!(report.is_object(), "{report}");
    }
    marts::wait_loaded(&program);
    marts::assert_follow(&program);
}

fn scene() -> Program {
    let program = setup().start();
    let video = serde_json::json!({"title": "A, \"quoted\" film"});
    program.http().put("/v1/videos/v", &video).expect("an answer").expect_status(204);
    for user in ["a", "b", "c"] {
        for seq in 0..3_u64 {
            let at = playhead_testkit::event()
                .user(user)
                .play("p")
                .seq(seq)
                .after_ms(seq as i64 * 5_000)
                .position(seq * 4_000);
            program.http().put(&at.path(), &at.put_json()).expect("an answer").expect_status(200);
        }
    }
    marts::wait_loaded(&program);
    program
}

#[test]
fn sql_answers_in_every_format() {
    let program = scene();
    let query = "SELECT title, plays, watched_ms FROM video_daily JOIN videos USING (video_id)";
    let ask = |args: &[&str]| program.client_command(&[&["sql", query], args].concat()).expect_success().stdout;
    assert_eq!(ask(&["--format", "csv"]), "title,plays,watched_ms\n\"A, \"\"quoted\"\" film\",3,24000\n");
    let json: Value = serde_json::from_str(&ask(&["--format", "json"])).expect("JSON");
    assert_eq!(json["rows"], serde_json::json!([["A, \"quoted\" film", 3, 24_000]]));
    let own = tempfile::tempdir().expect("a folder");
    let file = own.path().join("rows.parquet");
    ask(&["--format", "parquet", "--output", &file.display().to_string()]);
    let written = std::fs::read(&file).expect("written");
    assert!(written.starts_with(b"PAR1") && written.ends_with(b"PAR1"));
    // Not compared byte by byte: what is printed is read as text here.
    assert!(ask(&["--format", "parquet", "--output", "-"]).starts_with("PAR1"));
    assert_eq!(ask(&["--format", "csv", "--output", "-"]), ask(&["--format", "csv"]));
    assert!(ask(&["--format", "table"]).contains("A, \"quoted\" film"));
    let refused = program.client_command(&["sql", "DROP TABLE watch_events"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("SELECT"), "{refused:?}");
}

#[test]
fn an_answer_that_was_cut_is_told_by_message_and_exit_code() {
    let program = setup().env("PLAYHEAD_EDGE__SQL_ROWS_MAX", "3").start();
    for format in ["table", "csv", "json"] {
        let ask =
            |rows: u32| program.client_command(&["sql", &format!("SELECT * FROM range({rows})"), "--format", format]);
        let cut = ask(4);
        assert!(cut.code == Some(3) && cut.stderr.contains("cut at 3 rows") && !cut.stdout.is_empty(), "{cut:?}");
        assert_eq!(ask(3).expect_success().stderr, "");
    }
    let ask = |rows: u32| {
        let query = format!("SELECT * FROM range({rows})");
        program.client_command(&["sql", &query, "--format", "parquet", "--output", "-"])
    };
    let cut = ask(4);
    assert!(cut.code == Some(3) && cut.stderr.contains("cut at 3 rows") && cut.stdout.starts_with("PAR1"), "{cut:?}");
    assert_eq!(ask(3).expect_success().stderr, "");
}

#[test]
fn a_mistyped_query_is_told_with_its_place() {
    let program = setup().start();
    let wrong = program.client_command(&["sql", "SELECT count(*)\nFORM watch_events x"]);
    assert!(
        wrong.code == Some(1) && wrong.stderr.contains("(line 2, column ") && wrong.stderr.contains("409"),
        "{wrong:?}"
    );
    let unknown = program.client_command(&["sql", "SELECT user FROM watch_events WHERE usr_id = 'a'"]);
    assert!(unknown.stderr.contains("usr_id") && unknown.stderr.contains("user_id"), "{unknown:?}");
    let table = program.client_command(&["sql", "SELECT count(*) FROM watch_event"]);
    assert!(table.code == Some(1) && table.stderr.contains("did you mean watch_events? [HTTP 409]"), "{table:?}");
    let shown = program.client_command(&["sql", "SHOW TABLES", "--format", "csv"]).expect_success().stdout;
    assert!(shown.lines().any(|name| name == "forgotten") && shown.lines().count() == 8, "{shown}");
    let text = program.client_command(&["sql", "SELECT 'a'::INTEGER"]);
    assert!(text.code == Some(1) && text.stderr.contains("[HTTP 409]"), "{text:?}");
}

/// What went wrong stands in a message once, and without a line where there is no file.
#[test]
fn a_refusal_says_what_is_wrong_once() {
    let program = setup().prepare();
    let spec = concat!(env!("CARGO_MANIFEST_DIR"), "/../../pipelines/orders.toml");
    let away = ["warehouse", "apply", "--spec", spec, "--into", "postgres://u:p@127.0.0.1:1/db"];
    let refused = program.command(&away);
    assert_eq!(refused.stderr.matches("does not answer").count(), 1, "{refused:?}");
    let missing = program.command(&["warehouse", "check", "--spec", "/nowhere/p.toml"]);
    let said = format!("{}{}", missing.stdout, missing.stderr);
    assert!(said.contains("/nowhere/p.toml: cannot be read: "), "{missing:?}");
    let own = tempfile::tempdir().expect("a folder");
    let file = own.path().join("one.ndjson");
    std::fs::write(&file, "{\"id\": \"a\"}\n").expect("written");
    let (data, file) = (own.path().join("data").display().to_string(), file.display().to_string());
    let loaded = program.command(&["dict", "load", "users", &file, "--id", "id", "--data", &data]).expect_success();
    assert_eq!(loaded.stdout, "1 entry is in users\n");
}

#[test]
fn top_shows_the_most_watched() {
    let program = scene();
    let films: Value =
        serde_json::from_str(&program.client_command(&["top", "--json"]).expect_success().stdout).expect("JSON");
    let film = &films[0];
    assert_eq!(
        (&film["title"], &film["viewers"], &film["plays"]),
        (&"A, \"quoted\" film".into(), &3.into(), &3.into())
    );
    assert!(program.client_command(&["top"]).expect_success().stdout.contains("A, \"quoted\" film"));
}

#[test]
fn a_command_without_a_server_says_where_it_looked() {
    let program = setup().prepare();
    let refused = program.client_command(&["top"]);
    let address = program.http_address().to_string();
    assert!(refused.code == Some(1) && refused.stderr.contains(&address), "{refused:?}");
}

#[test]
fn the_address_of_a_server_is_a_flag_of_commands_that_ask_one_and_of_no_others() {
    let program = scene();
    let url = format!("http://{}", program.http_address());
    let films = |args: &[&str]| program.command(args).expect_success().stdout;
    let shown = films(&["top", "--json", "--url", &url]);
    assert_eq!(films(&["--url", &url, "top", "--json"]), shown, "before the command it means the same");
    assert!(shown.contains("film"), "{shown}");
    let data = program.data_dir().display().to_string();
    let others = [
        &["serve"][..],
        &["rebuild", "all"],
        &["restore", "backup"],
        &["log", "verify"],
        &["token", "list"],
        &["doctor"],
        &["config"],
    ];
    for command in others {
        for flag in ["--url", "--grpc-url", "--token"] {
            let refused = program.command(&[command, &["--data", &data, flag, "http://127.0.0.1:1"]].concat());
            assert_eq!(refused.code, Some(2), "{command:?} takes {flag}: {refused:?}");
        }
    }
    for command in ["sql", "top", "import", "backup", "compact"] {
        let help = program.command(&[command, "--help"]).expect_success().stdout;
        assert!(help.contains("--url") && help.contains("--token") && !help.contains("--grpc-url"), "{help}");
    }
    let help = program.command(&["load", "--help"]).expect_success().stdout;
    assert!(help.contains("--url") && help.contains("--grpc-url"), "{help}");
    assert!(!program.command(&["--help"]).expect_success().stdout.contains("--url"));
}

#[test]
fn a_wrong_setting_is_named_with_its_line_and_the_nearest_one() {
    let own = tempfile::tempdir().expect("a folder");
    let file = own.path().join("playhead.toml");
    std::fs::write(&file, "http = \"127.0.0.1:1\"\n\n[edge]\nwrite_concurency = 5\n").expect("written");
    let program = setup().prepare();
    let refused = program.command(&["config", "--config", &file.display().to_string()]);
    assert_eq!(refused.code, Some(1), "{}", refused.stdout);
    assert!(
        refused.stderr.contains("playhead.toml:4") && refused.stderr.contains("edge.write_concurrency"),
        "{}",
        refused.stderr
    );
    let mut wrong = setup().env("PLAYHEAD_LOG__SEGMENT_BYTE", "5").prepare();
    wrong.spawn();
    assert_eq!(wrong.wait_for_end(std::time::Duration::from_secs(240)).code(), Some(1));
    assert!(
        wrong.log().contains("PLAYHEAD_LOG__SEGMENT_BYTE") && wrong.log().contains("log.segment_bytes"),
        "{}",
        wrong.log()
    );
}
