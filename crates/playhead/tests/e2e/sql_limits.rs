//! Queries that would eat the memory, run for ever, or do more than read: refused by name, while loads go on.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use playhead_testkit::{Program, event, try_sql, wait_until};
use serde_json::json;

use crate::{marts, setup, turn};

const PATIENCE: Duration = Duration::from_secs(240);
const MIB: u64 = 1 << 20;

/// One more event, loaded.
struct Loads {
    count: u64,
}

impl Loads {
    #[track_caller]
    fn go_on(&mut self, program: &Program) {
        let at = event().play("p").seq(self.count).after_ms(self.count as i64);
        program.http().put(&at.path(), &at.put_json()).expect("an answer").expect_status(200);
        self.count += 1;
        marts::wait_loaded(program);
        wait_until(PATIENCE, "it is loaded", || {
            try_sql(program.http(), "SELECT count(*) FROM watch_events")
                .is_ok_and(|answer| answer.status == 200 && answer.json["rows"][0][0] == self.count)
        });
    }
}

#[test]
fn queries_past_a_limit_fail_by_its_name_while_loads_go_on() {
    let turn = turn::take("sql_limits");
    let program = setup()
        .env("PLAYHEAD_WAREHOUSE__MEMORY_MAX_BYTES", (256 * MIB).to_string())
        .env("PLAYHEAD_WAREHOUSE__QUERY_GROWTH_MAX_BYTES", (384 * MIB).to_string())
        .env("PLAYHEAD_WAREHOUSE__TEMP_MAX_BYTES", (64 * MIB).to_string())
        .env("PLAYHEAD_EDGE__SQL_TIME_MS_MAX", "4000")
        .start();
    let mut loads = Loads { count: 0 };
    loads.go_on(&program);
    let greedy = [
        "SELECT list(r) FROM range(400000000) t(r)",
        "SELECT string_agg(r::VARCHAR, ',') FROM range(400000000) t(r)",
        "SELECT count(*) FROM (SELECT DISTINCT a.range * 1000003 + b.range AS n FROM range(20000) a, range(20000) b)",
        "SELECT * FROM (SELECT md5(r::VARCHAR) AS m, r FROM range(100000000) t(r)) ORDER BY m LIMIT 1 OFFSET 90000000",
    ];
    for query in greedy {
        let answer = try_sql(program.http(), query).expect("an answer");
        let names = ["query-too-large", "query-too-long"].map(|name| json!(format!("urn:playhead:problem:{name}")));
        assert!(answer.status == 422 && names.contains(&answer.json["type"]), "{query}: {}", answer.text);
        loads.go_on(&program);
    }
    let endless = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range * b.range = 7";
    let body = json!({"query": endless, "time_ms_max": 500});
    let answer = program.http().post("/v1/sql", &body).expect("an answer").expect_status(422);
    let named = (&answer.json["type"], &answer.json["limit"]);
    assert_eq!(named, (&json!("urn:playhead:problem:query-too-long"), &json!("sql-time")));
    loads.go_on(&program);
    several_at_once(&program, endless, &mut loads);
    callers_that_leave(&program, endless);
    loads.go_on(&program);
    let rows = try_sql(program.http(), "SELECT range FROM range(1000000)").expect("an answer").expect_status(200);
    assert_eq!((rows.json["rows"].as_array().map(Vec::len), &rows.json["truncated"]), (Some(100_000), &json!(true)));
    turn.bound(Duration::from_secs(1_800));
}

fn several_at_once(program: &Program, endless: &str, loads: &mut Loads) {
    std::thread::scope(|scope| {
        let ask = || try_sql(program.http(), endless).expect("an answer").expect_status(422);
        let asked: Vec<_> = (0..2).map(|_| scope.spawn(ask)).collect();
        loads.go_on(program);
        asked.into_iter().for_each(|asked| drop(asked.join().expect("each is refused")));
    });
}

/// A query ends when its caller has gone.
fn callers_that_leave(program: &Program, endless: &str) {
    let running = || {
        let metrics = program.http().get("/metrics").expect("an answer").text;
        let line =
            metrics.lines().find(|line| line.starts_with("playhead_warehouse_queries_running ")).map(str::to_owned);
        line.and_then(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).unwrap_or(0.0)
    };
    let body = json!({ "query": endless }).to_string();
    let size = body.len();
    let head =
        format!("POST /v1/sql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {size}\r\n\r\n");
    let mut stream = TcpStream::connect(program.http_address()).expect("it listens");
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).expect("taken");
    wait_until(PATIENCE, "the query runs", || running() > 0.0);
    drop(stream);
    wait_until(PATIENCE, "the query has ended", || running() == 0.0);
}

/// As a sceptic found them: each took gigabytes, or ran on long after its time.
fn escaping() -> Vec<String> {
    let nested = |times: usize, inner: &str| {
        format!("{}{inner}{}", "replace(".repeat(times), ",'a','aaaaaaaaaaaaaaaaaaaa')".repeat(times))
    };
    let unions: Vec<_> = (1..22)
        .map(|n| format!("a{n} AS NOT MATERIALIZED (SELECT * FROM a{m} UNION ALL SELECT * FROM a{m})", m = n - 1))
        .collect();
    let list = "SELECT array_agg(range) AS l FROM range(2000)";
    vec![
        format!("SELECT length({})", nested(9, "'aaaaaaaaaa'")),
        format!("SELECT length({}) FROM watch_events", nested(7, "user_id")),
        format!("WITH a0 AS NOT MATERIALIZED (SELECT 1 AS r), {} SELECT count(*) FROM a21", unions.join(", ")),
        format!("SELECT len(list_transform(l, x -> list_transform(l, y -> list_transform(l, z -> l)))) FROM ({list})"),
        "SELECT count(*) FROM watch_events WHERE user_id ILIKE '%a%a%a%a%a%a%a%b'".to_owned(),
    ]
}

#[test]
fn what_no_limit_would_reach_is_refused_and_takes_no_memory() {
    let program = setup().start();
    let at = event();
    program.http().put(&at.path(), &at.put_json()).expect("an answer").expect_status(200);
    marts::wait_loaded(&program);
    for query in escaping() {
        let body = json!({"query": query, "time_ms_max": 2_000});
        let answer = program.http().post("/v1/sql", &body).expect("an answer").expect_status(403);
        assert_eq!(answer.json["type"], json!("urn:playhead:problem:query-refused"), "{query}");
        let metrics = program.http().get("/metrics").expect("an answer").text;
        let line = metrics.lines().find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
        let bytes: f64 = line.and_then(|bytes| bytes.parse().ok()).expect("it tells its memory");
        assert!(bytes < 3_072.0 * MIB as f64, "{query}: {bytes} bytes");
        assert_eq!(program.sql("SELECT count(*) FROM watch_events")[0][0], 1);
    }
}

#[test]
fn whatever_does_more_than_read_the_tables_is_refused() {
    let program = setup().start();
    let at = event();
    program.http().put(&at.path(), &at.put_json()).expect("an answer").expect_status(200);
    marts::wait_loaded(&program);
    let refused = [
        "DELETE FROM watch_events",
        "DROP TABLE watch_events",
        "INSERT INTO videos SELECT * FROM videos",
        "SELECT 1; DROP TABLE watch_events",
        "CREATE TABLE mine AS SELECT 1",
        "ATTACH '/etc/passwd'",
        "COPY watch_events TO '/tmp/stolen.csv'",
        "INSTALL httpfs",
        "PRAGMA database_list",
        "SET memory_limit = '100GB'",
        "CHECKPOINT",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM information_schema.tables",
        "SELECT getenv('HOME')",
        "SELECT repeat('x', 1000000000)",
        "SELECT lpad('x', 1000000000, 'y')",
        "SELECT nextval('s')",
        "SELECT * FROM query('DROP TABLE watch_events')",
        "EXPLAIN ANALYZE DELETE FROM watch_events",
    ];
    for query in refused {
        let answer = try_sql(program.http(), query).expect("an answer");
        let name = answer.json["type"].as_str().unwrap_or_default().trim_start_matches("urn:playhead:problem:");
        assert!(["query-refused", "query-invalid"].contains(&name), "{query}: {}", answer.text);
    }
    assert_eq!(program.sql("SELECT count(*) FROM watch_events")[0][0], 1);
}
