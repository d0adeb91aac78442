//! Events of players through the running server into vault and marts, on both targets, beside the marts of the server itself.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use playhead_testkit::{Postgres, Program, Seeded, Setup};
use serde_json::{Value, json};

use crate::folder::WITHIN;
use crate::{random, rounds};

const START_MS: i64 = 1_772_323_200_000;
const USERS: u32 = 8;
const VIDEOS: u32 = 6;
const AT_ONCE: usize = 120;

/// Players that watch: each play goes forward, is told in heartbeats, and some of it is told twice.
struct Players {
    clock_ms: i64,
    plays: HashMap<(u32, u32), u32>,
}

impl Players {
    fn events(&mut self, rng: &mut Seeded, count: usize) -> Vec<Value> {
        let mut events: Vec<Value> = Vec::new();
        while events.len() < count {
            // Players number their plays of a video by themselves: others have plays of the same name.
            let (user, video) = (rng.u32(..USERS), rng.u32(..VIDEOS));
            let play = self.plays.entry((user, video)).and_modify(|play| *play += 1).or_insert(0).to_owned();
            let mut position_ms = rng.u64(..60_000);
            for seq in 0..rng.u64(1..6) {
                // Every event has a time of its own, so that the last one of a viewer is the same for whoever sorts them.
                self.clock_ms += rng.i64(1..4_000_000);
                position_ms += rng.u64(..20_000);
                let kind = ["progress", "progress", "seek", "pause"][rng.usize(..4)];
                events.push(json!({
                    "user_id": format!("u{user}"), "video_id": format!("v{video}"), "play_id": format!("play{play}"),
                    "seq": seq, "event_time": self.clock_ms, "position_ms": position_ms, "duration_ms": 7_200_000, "kind": kind,
                }));
            }
        }
        for _ in 0..count / 10 {
            let again = events[rng.usize(..events.len())].clone();
            events.push(again);
        }
        events
    }
}

/// A server whose configuration names the pipeline of watch events.
fn server(into: &str) -> (tempfile::TempDir, Program) {
    let dir = tempfile::tempdir().expect("a folder");
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/watch.toml");
    let config = dir.path().join("playhead.toml");
    let text = format!(
        "[pipelines]\nspecs = [{:?}]\ninto = {into:?}\n\n[stream]\nbatch_age_ms = 50\n",
        spec.display().to_string()
    );
    std::fs::write(&config, text).expect("written");
    let program = Setup::new(env!("CARGO_BIN_EXE_playhead")).arg("--config").arg(config).start();
    (dir, program)
}

fn send(program: &Program, events: &[Value]) {
    program.http().post("/v1/events", &json!(events)).expect("an answer").expect_status(200);
}

/// What the marts of the pipeline and those of the server say of the same.
const SAME: [[&str; 2]; 3] = [
    [
        "SELECT user_id, video_id, position_ms, plays, epoch_ms(first_time), epoch_ms(last_time) FROM cdm.user_videos ORDER BY 1, 2",
        "SELECT user_id, video_id, position_ms, plays, epoch_ms(first_time), epoch_ms(last_time) FROM user_video ORDER BY 1, 2",
    ],
    [
        "SELECT video_id, day, viewers FROM cdm.video_days ORDER BY 1, 2",
        "SELECT video_id, day, viewers FROM video_daily ORDER BY 1, 2",
    ],
    [
        "SELECT video_id, plays FROM cdm.video_totals ORDER BY 1",
        "SELECT video_id, sum(plays)::BIGINT FROM video_daily GROUP BY 1 ORDER BY 1",
    ],
];

fn lines(rows: &[Vec<Value>]) -> String {
    rows.iter().fold(String::new(), |mut text, row| {
        let cell = |cell: &Value| match cell {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let _ = writeln!(text, "{}", row.iter().map(cell).collect::<Vec<_>>().join(" "));
        text
    })
}

/// Waits until the pipeline's marts say what the server's do.
#[track_caller]
fn wait_same(program: &Program, events: u64, ask: impl Fn(&str) -> Option<String>) {
    let deadline = Instant::now() + WITHIN;
    program.wait_loaded(events, WITHIN);
    loop {
        let pairs: Vec<_> = SAME
            .iter()
            .map(|[of_pipeline, own]| (ask(of_pipeline).unwrap_or_default(), lines(&program.sql(own))))
            .collect();
        if pairs.iter().all(|(pipeline, own)| pipeline == own && !own.is_empty()) {
            return;
        }
        assert!(Instant::now() < deadline, "they are not the same: {pairs:#?}\n{}", program.log());
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

/// How many different events there are.
fn distinct(sent: &[Value]) -> u64 {
    let mut keys: Vec<String> = sent
        .iter()
        .map(|event| format!("{} {} {} {}", event["user_id"], event["video_id"], event["play_id"], event["seq"]))
        .collect();
    keys.sort();
    keys.dedup();
    keys.len() as u64
}

fn watch(program: &mut Program, rng: &mut Seeded, ask: impl Fn(&Program, &str) -> Option<String>) {
    let mut players = Players { clock_ms: START_MS, plays: HashMap::new() };
    let mut sent = Vec::new();
    for _ in 0..rounds(4) {
        let events = players.events(rng, AT_ONCE);
        send(program, &events);
        sent.extend(events);
        std::thread::sleep(std::time::Duration::from_millis(rng.u64(..400)));
        program.restart();
    }
    wait_same(program, distinct(&sent), |sql| ask(program, sql));
}

#[test]
fn events_of_players_come_into_vault_and_marts_of_postgresql_as_the_server_counts_them() {
    let mut rng = random("watching, PostgreSQL");
    let postgres = Postgres::start_new();
    let url = postgres.create_database("watching");
    // As the other database calls it, so that both are asked the same.
    let epoch_ms = "CREATE FUNCTION epoch_ms(timestamp) RETURNS bigint LANGUAGE sql AS 'SELECT (extract(epoch FROM $1) * 1000)::bigint'";
    postgres.sql("watching", epoch_ms);
    let (_dir, mut program) = server(&url);
    watch(&mut program, &mut rng, |_, sql| {
        let rows = postgres.try_sql("watching", sql).ok()?;
        Some(rows.iter().map(|row| format!("{}\n", row.join(" "))).collect())
    });
    let rows = postgres.sql("watching", "SELECT count(*), count(DISTINCT t_watched_pk) FROM dds.t_watched");
    assert_eq!(rows[0][0], rows[0][1]);
}

#[test]
fn events_of_players_come_into_vault_and_marts_of_the_embedded_warehouse_as_the_server_counts_them() {
    let mut rng = random("watching, DuckDB");
    let (_dir, mut program) = server("");
    watch(&mut program, &mut rng, |program, sql| Some(lines(&program.sql(sql))));
    let rows = program.sql("SELECT count(*), count(DISTINCT t_watched_pk) FROM dds.t_watched");
    assert_eq!(rows[0][0], rows[0][1]);
}
