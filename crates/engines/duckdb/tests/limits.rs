//! Queries that take too much: they are stopped, and loads go on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use playhead_duckdb::{Config, DuckWarehouse};
use playhead_ports::{Query, QueryError, Warehouse};

mod support;

use support::{advance, ask, assert_whole, batch, filled, numbers, standing};

/// Longer than anything here takes on a machine that has much else to do.
const MINUTES: Duration = Duration::from_secs(600);

const ENDLESS: &str = "SELECT count(*) FROM range(1000000000000) a, range(1000000) b";

fn query(sql: &str, time_max: Duration) -> Query {
    Query { sql: sql.to_owned(), rows_max: 1_000, time_max }
}

async fn outcome(warehouse: &DuckWarehouse, query: Query) -> Result<usize, QueryError> {
    let mut answer = warehouse.query(query).await?;
    let mut rows = 0;
    while let Some(chunk) = answer.rows.recv().await {
        rows += chunk?.len();
    }
    Ok(rows)
}

async fn opened(config: Config) -> (tempfile::TempDir, Arc<DuckWarehouse>) {
    let folder = tempfile::tempdir().expect("a folder");
    let warehouse = DuckWarehouse::open(folder.path(), config).expect("opens");
    warehouse.declare(&support::TABLES).await.expect("declares");
    (folder, warehouse)
}

/// Waits until a query finds room again.
async fn room(warehouse: &DuckWarehouse) {
    let deadline = Instant::now() + MINUTES;
    while ask(warehouse, "SELECT 1").await == Err(QueryError::Busy) {
        assert!(Instant::now() < deadline, "no query has ended");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_runs_for_ever_is_stopped() {
    let (_folder, warehouse) = opened(Config::default()).await;
    let time_max = Duration::from_millis(300);
    for sql in [
        ENDLESS,
        "WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a) SELECT max(n) FROM a",
        "SELECT max(a.range) OVER (ORDER BY b.range) FROM range(1000000) a, range(1000000) b LIMIT 1",
        "SELECT * FROM generate_series(1, 1000000000000) WHERE generate_series < 0",
    ] {
        let outcome = outcome(&warehouse, query(sql, time_max)).await;
        assert!(matches!(outcome, Err(QueryError::TooLong(_) | QueryError::TooLarge(_))), "{sql}: {outcome:?}");
        assert!(warehouse.export_parquet(query(sql, time_max)).await.is_err(), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_reads_is_stopped() {
    let (_folder, warehouse) = opened(Config { queries_max: 1, ..Config::default() }).await;
    let mut time_max = Duration::from_millis(300);
    // On a busy machine its time may be over before it has begun.
    let mut unread = loop {
        let all = Query { rows_max: usize::MAX, ..query("SELECT * FROM range(1000000000)", time_max) };
        match warehouse.query(all).await {
            Ok(answer) => break answer,
            Err(error) => assert_eq!(error, QueryError::TooLong(time_max)),
        }
        room(&warehouse).await;
        time_max *= 2;
    };
    room(&warehouse).await;
    let mut end = None;
    while let Some(chunk) = unread.rows.recv().await {
        end = chunk.err();
    }
    assert_eq!(end, Some(QueryError::TooLong(time_max)));
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_answer_stops_the_query() {
    let (_folder, warehouse) = opened(Config { queries_max: 2, ..Config::default() }).await;
    let all = || Query { rows_max: usize::MAX, ..query("SELECT * FROM range(100000000000)", Duration::from_secs(600)) };
    let mut answers = vec![warehouse.query(all()).await.unwrap(), warehouse.query(all()).await.unwrap()];
    assert_eq!(ask(&warehouse, "SELECT 1").await, Err(QueryError::Busy));
    answers[0].rows.recv().await.unwrap().unwrap();
    drop(answers);
    room(&warehouse).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_waiting_stops_the_query() {
    let (_folder, warehouse) = opened(Config { queries_max: 1, ..Config::default() }).await;
    let long = || query(ENDLESS, Duration::from_secs(600));
    assert!(tokio::time::timeout(Duration::from_millis(200), warehouse.query(long())).await.is_err());
    room(&warehouse).await;
    assert!(tokio::time::timeout(Duration::from_millis(200), warehouse.export_parquet(long())).await.is_err());
    room(&warehouse).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_queries_than_may_run_are_told_to_come_again() {
    let (_folder, warehouse) = opened(Config { queries_max: 2, ..Config::default() }).await;
    let long = || Query { rows_max: usize::MAX, ..query("SELECT * FROM range(100000000000)", MINUTES) };
    let running = [warehouse.query(long()).await.unwrap(), warehouse.query(long()).await.unwrap()];
    assert_eq!(ask(&warehouse, "SELECT 1").await, Err(QueryError::Busy));
    assert_eq!(warehouse.export_parquet(long()).await, Err(QueryError::Busy));
    drop(running);
    room(&warehouse).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_eats_memory_fails_while_loads_go_on() {
    let config = Config {
        memory_max_bytes: 200 << 20,
        temp_max_bytes: 64 << 20,
        query_growth_max_bytes: 600 << 20,
        ..Config::default()
    };
    let (_folder, warehouse) = opened(config).await;
    let hungry = [
        "SELECT list(range) FROM range(1000000000)",
        "SELECT range, count(*) FROM range(1000000000) GROUP BY 1 ORDER BY 2 LIMIT 1",
        "SELECT histogram(range) FROM range(1000000000)",
        "SELECT string_agg(range::VARCHAR || 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '') FROM range(1000000000)",
        "SELECT * FROM range(1000000000) ORDER BY hash(range) LIMIT 1 OFFSET 900000000",
        "SELECT median(range) FROM range(100000000000)",
        "WITH RECURSIVE a AS (SELECT 'x' AS s, 1 AS n UNION ALL SELECT s || s, n + 1 FROM a WHERE n < 60) SELECT max(length(s)) FROM a",
    ];
    for sql in hungry {
        let asking = tokio::spawn({
            let warehouse = warehouse.clone();
            async move { outcome(&warehouse, query(sql, MINUTES)).await }
        });
        let mut loads = 0;
        while !asking.is_finished() || loads == 0 {
            let next = standing_or_known(&warehouse).await;
            let loaded = warehouse.load("loader", batch(next, 50), &[advance(next, next + 50)]).await;
            assert_eq!(loaded, Ok(()), "{sql}: load {loads}");
            loads += 1;
        }
        let outcome = asking.await.unwrap();
        assert!(matches!(outcome, Err(QueryError::TooLarge(_))), "{sql}: {outcome:?}");
    }
    assert!(assert_whole(&warehouse).await >= 7 * 50);
}

/// The checkpoint, asked for until memory is found to read it.
async fn standing_or_known(warehouse: &DuckWarehouse) -> u64 {
    loop {
        if let Ok(found) = warehouse.checkpoints("loader", &[advance(0, 0).at]).await {
            return found[0].as_ref().map_or(0, |checkpoint| checkpoint.next.0);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_no_larger_than_it_may_be() {
    let (folder, warehouse) = opened(Config { export_max_bytes: 1 << 20, ..Config::default() }).await;
    let all = |sql| Query { rows_max: usize::MAX, ..query(sql, Duration::from_secs(60)) };
    let large = warehouse.export_parquet(all("SELECT hash(range), random() FROM range(100000000)")).await;
    assert!(matches!(large, Err(QueryError::TooLarge(_))), "{large:?}");
    let small = warehouse.export_parquet(all("SELECT hash(range) FROM range(1000);")).await.unwrap();
    assert!(small.bytes.starts_with(b"PAR1") && !small.truncated);
    assert_eq!(std::fs::read_dir(folder.path().join("exports")).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_past_its_rows_has_the_first_ones_in_order() {
    let (folder, warehouse) = opened(Config::default()).await;
    let sql = "SELECT range AS n, [n, n + 1] AS l, 'a' AS a, 'b' AS a FROM range(300000) ORDER BY n DESC";
    let export = warehouse.export_parquet(Query { rows_max: 250_000, ..query(sql, MINUTES) }).await.unwrap();
    assert!(export.truncated);
    let file = folder.path().join("taken.parquet");
    std::fs::write(&file, &export.bytes).unwrap();
    let other = duckdb::Connection::open_in_memory().unwrap();
    let sql = format!(
        "SELECT count(*), min(n), count(*) FILTER (WHERE n + place <> 299999), any_value(l[2] - n), any_value(a) \
         FROM (SELECT *, row_number() OVER () - 1 AS place FROM '{}')",
        file.display()
    );
    let found: (u64, u64, u64, u64, String) =
        other.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))).unwrap();
    assert_eq!(found, (250_000, 50_000, 0, 1, "a".to_owned()));
    assert_eq!(std::fs::read_dir(folder.path().join("exports")).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_write_ahead_log_stays_small_under_readers_that_never_end() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { wal_max_bytes: 2 << 20, checkpoint_wait_ms: 50, fold_rows: 3_000, ..Config::default() };
    let warehouse = filled(folder.path(), config).await;
    let before = numbers(&warehouse, "SELECT count(*) FROM events").await[0];
    let asking = tokio::spawn({
        let warehouse = warehouse.clone();
        async move {
            let mut stopped = 0;
            for _ in 0..20 {
                let asked = outcome(&warehouse, query(ENDLESS, Duration::from_secs(3))).await;
                stopped += usize::from(matches!(asked, Err(QueryError::Unavailable(_))));
            }
            stopped
        }
    });
    let mut greatest = 0;
    for number in 0..60 {
        warehouse
            .load("loader", batch(number * 2_000, 2_000), &[advance(number * 2_000, (number + 1) * 2_000)])
            .await
            .unwrap();
        greatest = greatest.max(warehouse.wal_bytes());
    }
    assert!(greatest < 6 << 20, "{greatest} bytes");
    assert_eq!(standing(&warehouse).await, 120_000);
    assert_eq!(numbers(&warehouse, "SELECT count(*) FROM events").await[0], before + 120_000);
    asking.abort();
}
