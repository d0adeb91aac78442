//! What analysts may ask and what they may not, statement by statement.

use std::time::Duration;

use playhead_duckdb::Config;
use playhead_ports::{Cell, Query, QueryError, Warehouse};

mod support;

use support::{TABLES, ask, filled};

/// Each changes something, reaches something else, or takes more than its share.
const HOSTILE: &[&str] = &[
    "INSERT INTO events SELECT * FROM events",
    "UPDATE events SET amount = 0",
    "DELETE FROM positions",
    "TRUNCATE events",
    "DROP TABLE events",
    "DROP VIEW positions",
    "ALTER TABLE events ADD COLUMN x INTEGER",
    "CREATE TABLE x AS SELECT 1",
    "CREATE OR REPLACE VIEW positions AS SELECT 1",
    "CREATE MACRO f(x) AS x",
    "SELECT 1; DROP TABLE events",
    "INSERT INTO events SELECT * FROM events; SELECT 1",
    "SELECT 1; SELECT 2",
    "ATTACH 'other.duckdb'",
    "ATTACH ':memory:' AS m",
    "COPY events TO '/tmp/events.csv'",
    "COPY (SELECT 1) TO '/tmp/one.csv'",
    "EXPORT DATABASE '/tmp/all'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET memory_limit = '100GB'",
    "RESET lock_configuration",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "CHECKPOINT",
    "FORCE CHECKPOINT",
    "VACUUM",
    "BEGIN TRANSACTION",
    "PREPARE p AS SELECT 1",
    "EXPLAIN ANALYZE SELECT count(*) FROM events",
    "USE store",
    "SELECT * FROM store.checkpoints",
    "SELECT * FROM store.positions__tail",
    "SELECT * FROM warehouse.store.checkpoints",
    "SELECT * FROM warehouse.main.events",
    "SELECT * FROM temp.events",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT * FROM pg_class",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM duckdb_settings",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM pragma_table_info('events')",
    "SHOW DATABASES",
    "SHOW ALL TABLES",
    "SELECT * FROM (SHOW TABLES)",
    "SHOW TABLES FROM store",
    "DESCRIBE",
    "DESCRIBE store.checkpoints",
    "SUMMARIZE duckdb_settings",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM 'events.parquet'",
    "SELECT * FROM \"https://example.org/a.parquet\"",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('*')",
    "SELECT * FROM read_parquet('*.parquet')",
    "SELECT * FROM parquet_metadata('x.parquet')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('events')",
    "SELECT * FROM checkpoint()",
    "SELECT * FROM force_checkpoint()",
    "SELECT * FROM enable_logging()",
    "SELECT * FROM json_execute_serialized_sql('{}')",
    "SELECT * FROM repeat('x', 100000000000)",
    "SELECT * FROM repeat_row(1, num_rows = 100000000000)",
    "SELECT * FROM test_all_types()",
    "SELECT * FROM seq_scan('events')",
    "SELECT nextval('s')",
    "SELECT currval('s')",
    "SELECT setseed(0.5)",
    "SELECT getvariable('x')",
    "SELECT current_setting('memory_limit')",
    "SELECT write_log('x')",
    "SELECT sleep_ms(100000)",
    "SELECT pg_sleep(100)",
    "SELECT json_serialize_sql('SELECT 1')",
    "SELECT repeat('x', 1000000000)",
    "SELECT lpad('x', 2000000000, 'y')",
    "SELECT rpad('x', 2000000000, 'y')",
    "SELECT format('{:2000000000}', 1)",
    "SELECT printf('%2000000000d', 1)",
    "SELECT bar(1, 0, 1, 1000000000)",
    "SELECT bitstring('1', 1000000000)",
    "SELECT range(10000000000)",
    "SELECT generate_series(1, 10000000000)",
    "SELECT list_resize([1], 10000000000)",
    "SELECT array_resize([1], 10000000000)",
    "SELECT levenshtein(user_id, user_id) FROM events",
    "SELECT list_reduce([1, 2], lambda a, b: a + b)",
    "SELECT main.repeat('x', 10)",
    "SELECT 'x'.repeat(10)",
    "SELECT REPEAT('x', 10)",
    "SELECT \"repeat\"('x', 10)",
    "SELECT count(*) FROM events WHERE user_id IN (SELECT repeat('x', 10))",
    "SELECT count(*) FROM events WHERE amount > nextval('s')",
    "SELECT sum(amount) OVER (ORDER BY repeat('x', 10)) FROM events",
    "SELECT count(*) FILTER (WHERE repeat('x', 10) = '') FROM events",
    "SELECT list_transform([1], lambda x: repeat('x', x))",
    "SELECT * REPLACE (repeat('x', 10) AS user_id) FROM events",
    "SELECT 1 ORDER BY repeat('x', 10)",
    "SELECT 1 LIMIT (SELECT length(repeat('x', 10)))",
    "SELECT * FROM (VALUES (repeat('x', 10)))",
    "SELECT * FROM events JOIN positions ON repeat('x', 10) = 'x'",
    "SELECT amount FROM events GROUP BY amount HAVING repeat('x', 10) = 'x'",
    "SELECT amount FROM events QUALIFY repeat('x', 10) = 'x'",
    "SELECT * FROM range(length(repeat('x', 10)))",
    "SELECT DISTINCT ON (repeat('x', 10)) amount FROM events",
    "SELECT CASE WHEN true THEN repeat('x', 10) END",
    "SELECT {'a': repeat('x', 10)}",
    "SELECT [repeat('x', 10)]",
    "FROM (PIVOT events ON amount USING max(repeat('x', 10)))",
    "WITH a AS (SELECT repeat('x', 10)) SELECT 1",
    "WITH a AS (SELECT * FROM duckdb_settings), duckdb_settings AS (SELECT 1) SELECT * FROM a",
    "WITH duckdb_settings AS (SELECT * FROM duckdb_settings) SELECT * FROM duckdb_settings",
    "SELECT * FROM (WITH duckdb_settings AS (SELECT 1) SELECT 1) a, duckdb_settings",
    "WITH events AS (SELECT 1) SELECT * FROM store.events",
    "WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT nextval('s') FROM a) SELECT * FROM a",
    "SELECT (SELECT count(*) FROM duckdb_settings)",
    "SELECT EXISTS (FROM store.checkpoints)",
    "SELECT 1 UNION SELECT count(*) FROM store.checkpoints",
    "SELECT ?",
    "SELECT $name",
    "",
    ";",
    "-- nothing",
];

#[tokio::test(flavor = "multi_thread")]
async fn hostile_statements_are_refused_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = filled(folder.path(), Config::default()).await;
    let before = ask(&warehouse, "SELECT count(*), sum(amount) FROM events").await.unwrap();
    for sql in HOSTILE {
        let answer = ask(&warehouse, sql).await;
        // A statement that no parser takes is no less refused.
        let refused = matches!(answer, Err(QueryError::Refused(_) | QueryError::Invalid(_)));
        assert!(refused, "{sql}: {answer:?}");
        let query = Query { sql: (*sql).to_owned(), rows_max: 10, time_max: Duration::from_secs(240) };
        assert!(warehouse.export_parquet(query).await.is_err(), "{sql}");
    }
    assert_eq!(ask(&warehouse, "SELECT count(*), sum(amount) FROM events").await.unwrap(), before);
    assert_eq!(ask(&warehouse, "SHOW TABLES").await.unwrap().len(), TABLES.len());
}

/// What would make a value, a plan or the work of one call grow without bounds, where the engine heeds neither the interrupt nor
/// the memory limit; with what the refusal names.
fn growing() -> Vec<(String, &'static str)> {
    let nested = |head: &str, tail: &str, times: usize, inner: &str| {
        format!("{}{inner}{}", head.repeat(times), tail.repeat(times))
    };
    let chain = |of: &str, levels: usize| {
        let link = |level: usize| of.replace("NEXT", &format!("a{level}")).replace("LAST", &format!("a{}", level - 1));
        (1..=levels).map(link).collect::<Vec<_>>().join(", ")
    };
    let blow = ",'a','aaaaaaaaaaaaaaaaaaaa')";
    let union = |how: &str| chain(&format!("NEXT AS {how} (SELECT * FROM LAST UNION ALL SELECT * FROM LAST)"), 21);
    let text = |function: &str, levels: usize| {
        chain(&format!("NEXT AS (SELECT {function}({}) AS s FROM LAST)", ["s"; 20].join(", ")), levels)
    };
    [
        (format!("SELECT length({})", nested("replace(", blow, 9, "'aaaaaaaaaa'")), "replace"),
        (format!("SELECT length({}) FROM events", nested("replace(", blow, 7, "user_id")), "replace"),
        (
            format!(
                "SELECT length({}) FROM events",
                nested("regexp_replace(", ",'a','aaaaaaaaaaaaaaaaaaaa','g')", 7, "user_id")
            ),
            "regexp_replace",
        ),
        (format!("WITH a0 AS (SELECT 1), {} SELECT count(*) FROM a21", union("NOT MATERIALIZED")), "256 tables"),
        (format!("WITH a0 AS (SELECT 1), {} SELECT count(*) FROM a21", union("")), "256 tables"),
        (format!("WITH a0 AS (SELECT 'a' AS s), {} SELECT length(s) FROM a7", text("concat", 7)), "concat"),
        (format!("WITH a0 AS (SELECT 'a' AS s), {} SELECT 1 FROM a7", text("list_value", 7)), "list_value"),
        (format!("SELECT {} FROM events", nested("(SELECT s || s AS s FROM ", ")", 15, "(SELECT 'a' AS s)")), "||"),
        (format!("SELECT 1 AS a0, {}", chain("LAST * LAST AS NEXT", 30)), "parts"),
        (format!("SELECT * FROM {}", nested("(SELECT *, * FROM ", ")", 16, "(SELECT 1)")), "10000 columns"),
        (
            "SELECT list_transform(l, x -> list_transform(l, y -> l)) FROM (SELECT list(number) AS l FROM events)"
                .into(),
            "lambda",
        ),
        (format!("SELECT count(*) FROM events{}", " NATURAL JOIN events".repeat(48)), "48 tables"),
        ("SELECT list_transform(genres, x -> genres) FROM events".into(), "its own parameters"),
        (
            "SELECT list_filter(genres, x -> len(list_filter([1], y -> y > 1)) > 0) FROM events".into(),
            "inside of a lambda",
        ),
        (format!("SELECT * FROM {}", nested("(SELECT COLUMNS(*) || COLUMNS(*) FROM ", ")", 15, "(SELECT 'a')")), "||"),
        (
            format!("SELECT 1 FROM {}", nested("(SELECT concat(t::TEXT, t::TEXT) FROM ", " t)", 15, "(SELECT 'a')")),
            "concat",
        ),
        (
            format!(
                "SELECT 1 FROM {}",
                nested("(VALUES ((SELECT concat(col0, col0, col0, col0) FROM ", ")))", 6, "(VALUES ('a'))")
            ),
            "concat",
        ),
        (
            format!("SELECT * FROM {}", nested("(SELECT * REPLACE (s || s AS s) FROM ", ")", 15, "(SELECT 'a' AS s)")),
            "||",
        ),
        (
            format!(
                "SELECT * FROM {}",
                nested("(SELECT 'a' AS s UNION ALL SELECT s || s FROM ", ")", 15, "(SELECT 'a' AS s)")
            ),
            "||",
        ),
        ("SELECT list_aggr([1], 'approx_top_k', 999999)".into(), "list_aggr"),
        ("SELECT list_distinct(list(number)) FROM events".into(), "list_distinct"),
        ("SELECT 1 FROM events WHERE user_id LIKE '%a_%a_%a_%a_%b'".into(), "wildcards"),
        ("SELECT 1 FROM events WHERE user_id ILIKE '%a%a%a%a%b'".into(), "wildcards"),
        ("SELECT 1 FROM events WHERE user_id GLOB '*a*a*a*a*b'".into(), "wildcards"),
        ("SELECT 1 FROM events WHERE user_id LIKE video_id".into(), "literal"),
        ("SELECT regexp_matches(user_id, video_id) FROM events".into(), "literal"),
        ("SELECT regexp_matches(user_id, '(a?){200}(a?){200}b') FROM events".into(), "1024 bytes"),
        (format!("SELECT array_to_string(list(user_id), '{}') FROM events", "x".repeat(1_000)), "array_to_string"),
        (
            "WITH RECURSIVE r(s) AS (SELECT 'a' UNION ALL SELECT concat(s,s,s,s,s,s,s,s,s) FROM r) FROM r".into(),
            "concat",
        ),
        (
            format!(
                "SELECT count(*) FROM events GROUP BY CUBE ({})",
                (1..12).map(|n| format!("number+{n}")).collect::<Vec<_>>().join(",")
            ),
            "256 sets",
        ),
    ]
    .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_grows_without_bounds_is_refused_by_name_before_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = filled(folder.path(), Config::default()).await;
    let mut wrong = Vec::new();
    for (sql, name) in growing() {
        match ask(&warehouse, &sql).await {
            Err(QueryError::Refused(why)) if why.contains(name) => {}
            other => wrong.push((sql, name, other)),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// With the number of rows that each gives.
const USEFUL: &[(&str, usize)] = &[
    ("SELECT count(*) FROM events", 1),
    ("SELECT * FROM events LIMIT 3", 3),
    ("FROM events LIMIT 2", 2),
    ("TABLE days", 20),
    ("SELECT user_id, count(*) AS n FROM events GROUP BY user_id ORDER BY n DESC, user_id LIMIT 5;", 5),
    ("SELECT user_id, video_id, sum(amount) FROM events GROUP BY ALL ORDER BY ALL", 100),
    ("select User_Id from EVENTS where VIDEO_ID = 'v1' group by 1", 10),
    (
        "SELECT e.user_id, p.position_ms FROM main.events e JOIN positions p USING (user_id, video_id) WHERE e.number < 10",
        10,
    ),
    ("SELECT count(*) FROM events e LEFT JOIN positions p ON e.user_id = p.user_id AND p.position_ms < 0", 1),
    ("SELECT user_id FROM events e SEMI JOIN positions p USING (user_id) WHERE number < 5", 5),
    ("SELECT count(*) FROM events e ANTI JOIN positions p USING (user_id)", 1),
    ("SELECT * FROM events e ASOF JOIN positions p ON e.user_id = p.user_id AND e.number >= p.number LIMIT 1", 1),
    (
        "WITH top AS (SELECT video_id, sum(watched_ms) AS ms FROM days GROUP BY 1) SELECT * FROM top ORDER BY ms DESC LIMIT 3",
        3,
    ),
    ("WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a) SELECT * FROM a, b", 1),
    ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 7) SELECT * FROM n", 7),
    (
        "SELECT user_id, row_number() OVER (PARTITION BY video_id ORDER BY amount DESC) AS r FROM events QUALIFY r = 1",
        10,
    ),
    (
        "SELECT amount, lag(amount, 1, 0) OVER w, avg(amount) OVER (ORDER BY number ROWS 3 PRECEDING) FROM events \
      WINDOW w AS (ORDER BY number) LIMIT 4",
        4,
    ),
    (
        "SELECT ntile(4) OVER (ORDER BY number), percent_rank() OVER (ORDER BY number), first_value(number) OVER (ORDER BY number) \
      FROM events LIMIT 1",
        1,
    ),
    ("SELECT date_trunc('hour', at_time) AS hour, count(*) FROM events GROUP BY hour ORDER BY hour", 1),
    (
        "SELECT strftime(at_time, '%Y-%m'), dayname(at_time), extract(hour FROM at_time), at_time::DATE, epoch_ms(at_time) FROM events LIMIT 1",
        1,
    ),
    (
        "SELECT at_time + INTERVAL 1 DAY, at_time - INTERVAL '2 hours', age(at_time, TIMESTAMP '2020-01-01') FROM events LIMIT 1",
        1,
    ),
    (
        "SELECT date_diff('day', DATE '2020-01-01', on_day), time_bucket(INTERVAL '15 minutes', at_time) FROM events LIMIT 1",
        1,
    ),
    ("SELECT current_date, now() > TIMESTAMP '2020-01-01', today()", 1),
    ("SELECT at_time AT TIME ZONE 'Europe/Berlin' FROM events LIMIT 1", 1),
    (
        "SELECT CASE WHEN amount > 50 THEN 'much' WHEN amount IS NULL THEN 'none' ELSE 'little' END AS c, count(*) FROM events GROUP BY c",
        2,
    ),
    ("SELECT coalesce(NULL, 1), nullif(1, 1), ifnull(NULL, 2), if(true, 1, 2), greatest(1, 2), least(1, 2)", 1),
    (
        "SELECT * FROM days WHERE video_id IN (SELECT video_id FROM events WHERE user_id = 'u1') AND plays BETWEEN 0 AND 1000",
        20,
    ),
    (
        "SELECT video_id, (SELECT max(position_ms) FROM positions p WHERE p.video_id = d.video_id) FROM days d LIMIT 2",
        2,
    ),
    ("SELECT 1 WHERE EXISTS (SELECT 1 FROM events WHERE amount > 1)", 1),
    (
        "SELECT user_id FROM events WHERE number < 2 UNION ALL SELECT user_id FROM positions WHERE user_id = 'u1' AND video_id = 'v1'",
        3,
    ),
    ("SELECT video_id FROM days INTERSECT SELECT video_id FROM events EXCEPT SELECT 'v1'", 9),
    (
        "SELECT median(amount), quantile_cont(amount, [0.5, 0.95]), approx_quantile(amount, 0.9), mode(user_id) FROM events",
        1,
    ),
    (
        "SELECT approx_count_distinct(user_id), count(DISTINCT user_id), arg_max(user_id, amount), any_value(ok) FROM events",
        1,
    ),
    (
        "SELECT string_agg(DISTINCT user_id, ', ' ORDER BY user_id), list(amount ORDER BY number)[1:3], histogram(ok) FROM events",
        1,
    ),
    (
        "SELECT count(*) FILTER (WHERE amount > 50), sum(amount)::DOUBLE / count(*), stddev(amount), corr(amount, number) FROM events",
        1,
    ),
    (
        "SELECT list_aggregate(genres, 'count'), list_contains(genres, 'drama'), len(genres), genres[1] FROM events LIMIT 1",
        1,
    ),
    ("SELECT genre, count(*) FROM (SELECT unnest(genres) AS genre FROM events) GROUP BY genre", 2),
    ("SELECT [x * 2 FOR x IN [1, 2, 3] IF x > 1], list_filter([1, 2], lambda x: x > 1), list_sort([2, 1])", 1),
    (
        "SELECT lower(user_id) || '-' || upper(video_id), substring(user_id, 1, 2), split_part('a.b', '.', 2), trim(' x '), replace('a', 'a', 'b') FROM events LIMIT 1",
        1,
    ),
    (
        "SELECT user_id FROM events WHERE user_id LIKE 'u%' AND user_id NOT ILIKE 'X%' AND regexp_matches(user_id, '^u[0-9]$') LIMIT 1",
        1,
    ),
    (
        "SELECT round(avg(amount), 2), 7 // 2, 7 % 2, 2 ** 10, abs(-1), sqrt(4), ln(1), 1 << 3, 5 & 4, -amount FROM events GROUP BY amount LIMIT 1",
        1,
    ),
    (
        "SELECT s, s.a, MAP {'k': 1}, MAP {'k': 1}['k'], struct_extract({'a': 1}, 'a'), (1, 2) FROM (SELECT {'a': 1, 'b': 'x'} AS s)",
        1,
    ),
    ("SELECT video_id, sum(plays) FROM days GROUP BY ROLLUP (video_id)", 11),
    ("SELECT video_id, on_day, grouping(video_id) FROM days GROUP BY GROUPING SETS ((video_id), (on_day))", 12),
    ("SELECT * FROM (PIVOT days ON on_day IN ('2023-11-14', '2023-11-15') USING sum(plays) GROUP BY video_id)", 10),
    (
        "SELECT * FROM (UNPIVOT (SELECT video_id, plays, watched_ms FROM days) ON plays, watched_ms INTO NAME what VALUE n)",
        40,
    ),
    ("SELECT * EXCLUDE (genres), COLUMNS('am.*') FROM events LIMIT 1", 1),
    ("SELECT * REPLACE (amount * 2 AS amount) FROM events LIMIT 1", 1),
    (
        "SELECT day::DATE, coalesce(sum(plays), 0) FROM generate_series(DATE '2023-11-13', DATE '2023-11-16', INTERVAL 1 DAY) AS t(day) \
      LEFT JOIN days ON on_day = day::DATE GROUP BY ALL",
        4,
    ),
    ("SELECT count(*) FROM range(100000)", 1),
    ("SELECT * FROM events USING SAMPLE 10 ROWS", 10),
    ("SELECT d.video_id, u.n FROM days d, LATERAL (SELECT d.plays + 1 AS n) u LIMIT 2", 2),
    ("SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(n, name)", 2),
    ("SELECT DISTINCT ON (user_id) user_id, amount FROM events ORDER BY user_id, amount DESC", 10),
    ("SELECT TRY_CAST('x' AS INTEGER), '1.50'::DECIMAL(10, 2), 1e3, true, NULL, x'ab'::BLOB", 1),
    (
        "SELECT replace(replace(replace(replace(user_id, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '\"', '&quot;') FROM events LIMIT 1",
        1,
    ),
    (
        "SELECT regexp_replace(lower(user_id), '[^a-z]{1,8}', '-', 'g'), user_id ~ '[0-9]{4}-[0-9]{2}' FROM events LIMIT 1",
        1,
    ),
    ("SELECT array_to_string(list(DISTINCT user_id), ', ') || '.' FROM events", 1),
    (
        "SELECT list_transform(genres, x -> upper(x) || '!'), [upper(g) FOR g IN genres IF g <> 'x'] FROM events LIMIT 1",
        1,
    ),
    (
        "SELECT user_id FROM events WHERE user_id ILIKE '%U1%' AND video_id LIKE 'v_' AND user_id NOT LIKE '%a%b%c%d%' LIMIT 1",
        1,
    ),
    (
        "WITH a AS (SELECT amount / nullif(amount + number, 0) AS r FROM events), b AS (SELECT r / nullif(r + r, 0) AS r FROM a), \
      c AS (SELECT r / nullif(r + r, 0) AS r FROM b), d AS (SELECT r / nullif(r + r, 0) AS r FROM c) SELECT count(r) FROM d",
        1,
    ),
    (
        "WITH RECURSIVE p(n, path) AS (SELECT 1, 'a' UNION ALL SELECT n + 1, path || '/' || n FROM p WHERE n < 5) FROM p",
        5,
    ),
    (
        "WITH a AS (FROM events), b AS (FROM a UNION ALL FROM a), c AS (FROM b UNION ALL FROM b) SELECT count(*) FROM c",
        1,
    ),
    ("SELECT * EXCLUDE (genres) REPLACE (upper(user_id) || '!' AS user_id) FROM (SELECT * FROM events) LIMIT 1", 1),
    ("SELECT max(COLUMNS(*)) FROM (SELECT user_id, amount FROM events)", 1),
    ("SELECT list_aggr(genres, 'string_agg', ', ') || '.' FROM events LIMIT 1", 1),
    ("DESCRIBE positions", 4),
    ("SUMMARIZE events", 8),
    ("SHOW TABLES", 3),
    ("/* which */ SELECT 1 -- one", 1),
];

#[tokio::test(flavor = "multi_thread")]
async fn useful_questions_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = filled(folder.path(), Config::default()).await;
    let (mut wrong, mut wrong_exports) = (Vec::new(), Vec::new());
    for (sql, rows) in USEFUL {
        let answer = ask(&warehouse, sql).await.map(|rows| rows.len());
        if answer != Ok(*rows) {
            wrong.push((sql, rows, answer));
        }
        let query = Query { sql: (*sql).to_owned(), rows_max: *rows, time_max: Duration::from_secs(240) };
        match warehouse.export_parquet(query).await {
            Ok(export) if !export.truncated => {}
            export => wrong_exports.push((sql, export)),
        }
    }
    assert!(wrong.is_empty() && wrong_exports.is_empty(), "{wrong:#?} {wrong_exports:#?}");
}

/// As the engine would say it of itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_the_question_quotes_is_none_of_the_warehouse() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = filled(folder.path(), Config::default()).await;
    for words in
        ["Out of Memory Error", "database has been invalidated", "corrupt", "INTERRUPT Error: x", "IO Error: x"]
    {
        for sql in [
            format!("SELECT '{words}'::INTEGER"),
            format!("SELECT \"{words}\" FROM events"),
            format!("SELECT error('{words}')"),
            format!("SELECT json_extract('{words}', '$')"),
        ] {
            let answer = ask(&warehouse, &sql).await;
            assert!(matches!(answer, Err(QueryError::Invalid(_))), "{sql}: {answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_what_is_wrong_and_what_may_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = filled(folder.path(), Config::default()).await;
    let cases = [
        ("SELECT repeat('x', 3)", ["repeat", "aggregates"]),
        ("SELECT * FROM read_csv('x')", ["read_csv", "unnest"]),
        ("DROP TABLE events", ["one SELECT", "statement"]),
        ("SELECT 1; SELECT 2", ["2 statements", "one SELECT"]),
        ("SELECT ?", ["parameters", "values"]),
    ];
    for (sql, words) in cases {
        let Err(QueryError::Refused(why)) = ask(&warehouse, sql).await else { panic!("{sql}") };
        assert!(words.iter().all(|word| why.contains(word)), "{sql}: {why}");
    }
    let unknown = [
        ("SELECT * FROM store.checkpoints", ["store.checkpoints", "there are days, events, positions"]),
        ("SELECT * FROM event", ["event", "did you mean events?"]),
        ("SELECT * FROM main.Position", ["main.Position", "did you mean positions?"]),
    ];
    for (sql, words) in unknown {
        let Err(QueryError::Invalid(why)) = ask(&warehouse, sql).await else { panic!("{sql}") };
        assert!(words.iter().all(|word| why.contains(word)), "{sql}: {why}");
    }
    let long = format!("SELECT '{}'", "x".repeat(70_000));
    assert!(matches!(ask(&warehouse, &long).await, Err(QueryError::Refused(_))));
    let deep = format!("SELECT {}1{}", "abs(".repeat(5_000), ")".repeat(5_000));
    assert!(matches!(ask(&warehouse, &deep).await, Err(QueryError::Refused(_) | QueryError::Invalid(_))));
    let Err(QueryError::Invalid(why)) = ask(&warehouse, "SELECT FROM WHERE").await else { panic!("parsed") };
    assert!(why.contains("(line 1, column "), "{why}");
    let Err(QueryError::Invalid(why)) = ask(&warehouse, "SELECT 'ü',\n 'ü' FORM events e x").await else {
        panic!("parsed")
    };
    assert!(why.contains("(line 2, column "), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_come_in_the_cells_of_their_kind() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = filled(folder.path(), Config::default()).await;
    let text = |text: &str| Cell::Text(text.to_owned());
    let cases = [
        ("1::TINYINT", Cell::Int(1)),
        ("9223372036854775807", Cell::Int(i64::MAX)),
        ("18446744073709551615::UBIGINT", Cell::BigInt(u64::MAX.into())),
        ("sum(9223372036854775807) FROM range(2)", Cell::BigInt(2 * i128::from(i64::MAX))),
        ("sum(1) FROM range(2)", Cell::Int(2)),
        ("12.50::DECIMAL(10, 2)", text("12.50")),
        ("-0.05::DECIMAL(38, 2)", text("-0.05")),
        ("0.25::FLOAT", Cell::Float(0.25)),
        ("'nan'::DOUBLE", text("NaN")),
        ("true", Cell::Bool(true)),
        ("NULL", Cell::Null),
        ("DATE '2024-02-29'", text("2024-02-29")),
        ("TIMESTAMP '2024-02-29 01:02:03.456789'", text("2024-02-29 01:02:03.456")),
        ("TIMESTAMPTZ '2024-02-29 01:02:03+01'", text("2024-02-29 00:02:03.000")),
        ("TIME '01:02:03'", text("01:02:03")),
        ("[1, NULL]", Cell::List(vec![Cell::Int(1), Cell::Null])),
        (
            "{'a': 1, 'b': [DATE '1970-01-01']}",
            Cell::Map(vec![("a".to_owned(), Cell::Int(1)), ("b".to_owned(), Cell::List(vec![text("1970-01-01")]))]),
        ),
        ("MAP {'x': 1, 'y': 2}", Cell::Map(vec![("x".to_owned(), Cell::Int(1)), ("y".to_owned(), Cell::Int(2))])),
        ("MAP {DATE '1970-01-02': 1}", Cell::Map(vec![("1970-01-02".to_owned(), Cell::Int(1))])),
        ("'\\xAB'::BLOB", text("ab")),
        ("'дом'", text("дом")),
        ("md5('a')", text("0cc175b9c0f1b6a831c399e269772661")),
        ("'a'::ENUM('a', 'b')", text("a")),
        ("'inf'::DATE", text("infinity")),
    ];
    let mut wrong = Vec::new();
    for (sql, expected) in cases {
        let answer = ask(&warehouse, &format!("SELECT {sql}")).await;
        if answer.as_ref() != Ok(&vec![vec![expected]]) {
            wrong.push((sql, answer));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for sql in ["INTERVAL 3 DAY", "uuid '00000000-0000-0000-0000-000000000001'", "'101'::BIT", "{'a': 1}::JSON"] {
        let answer = ask(&warehouse, &format!("SELECT {sql}")).await;
        assert!(matches!(answer.as_deref(), Ok([row]) if matches!(row[..], [Cell::Text(_)])), "{sql}: {answer:?}");
    }
}
