//! What analysts may ask, and what they get.

use std::sync::Arc;
use std::time::Duration;

use playhead_ports::{Cell, Query, QueryError, Warehouse};

use super::{add, append, ask, counts, declared, load, question, refusal, rows_of, some_of_each};
use crate::rows::{day, event, int, text};
use crate::sentence::Sentence;

/// Checks these sentences.
pub(super) async fn check(make: &impl AsyncFn() -> Arc<dyn Warehouse>) {
    queries_have_names_and_values(&*declared(make).await).await;
    a_query_changes_and_reaches_nothing(&*declared(make).await).await;
    a_query_that_fails_says_why(&*declared(make).await).await;
    an_answer_is_cut_after_its_rows(&*declared(make).await).await;
    a_dropped_answer_does_no_harm(&*declared(make).await).await;
    an_export_is_a_parquet_file(&*declared(make).await).await;
}

async fn queries_have_names_and_values(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("Answers an analyst's question: the names of the columns, and the rows in order.");
    load(warehouse, vec![add(day("a", 1, i64::MAX, 1)), add(day("b", 1, i64::MAX, 2))]).await;
    let sql = "SELECT video_id AS video, sum(watched_ms) AS watched FROM days GROUP BY video_id ORDER BY video_id DESC";
    let answer = warehouse.query(question(sql)).await.expect("answers");
    assert_eq!(answer.columns, ["video", "watched"]);
    assert_eq!(rows_of(answer).await.expect("rows"), [[text("b"), Cell::Int(2)], [text("a"), Cell::Int(1)]]);
    let answer = warehouse.query(question("SELECT user_id FROM events WHERE number = 77")).await.expect("answers");
    assert_eq!(answer.columns, ["user_id"]);
    assert_eq!(rows_of(answer).await.expect("none"), Vec::<Vec<Cell>>::new());
    let found = ask(warehouse, "SELECT 1 = 1, 0.5, NULL, 'x'").await;
    assert_eq!(int(&ask(warehouse, "SELECT count(*) FROM days").await), 2);
    assert_eq!(found[0][0], Cell::Bool(true));
    assert_eq!(found[0][2..], [Cell::Null, text("x")]);
}

async fn a_query_changes_and_reaches_nothing(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("One SELECT over the declared tables, which changes nothing and reaches nothing else.");
    load(warehouse, some_of_each().steps).await;
    let refused = [
        "DELETE FROM events",
        "INSERT INTO events SELECT * FROM events",
        "UPDATE positions SET position_ms = 0",
        "DROP TABLE events",
        "CREATE TABLE mine AS SELECT 1 AS x",
        "SELECT 1; SELECT 2",
        "SELECT * FROM nowhere",
        "SELECT * FROM information_schema.tables",
        "SET x = 1",
        "",
    ];
    for sql in refused {
        let error = refusal(warehouse, sql).await;
        assert!(matches!(error, QueryError::Refused(_) | QueryError::Invalid(_)), "{sql}: {error:?}");
        assert!(warehouse.export_parquet(question(sql)).await.is_err(), "{sql}");
    }
    assert_eq!(counts(warehouse).await, (1, 1, 1));
}

async fn a_query_that_fails_says_why(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("The engine does not understand it, or it fails on the data.");
    for sql in ["SELECT nothing FROM events", "SELEC 1", "SELECT CAST('x' AS INTEGER)"] {
        let error = refusal(warehouse, sql).await;
        assert!(matches!(&error, QueryError::Invalid(why) if !why.is_empty()), "{sql}: {error:?}");
    }
}

async fn an_answer_is_cut_after_its_rows(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("The answer is cut after so many rows; the rows up to the limit were given.");
    let numbers: Vec<u64> = (0..5_000).collect();
    load(warehouse, vec![append(crate::rows::events(&numbers))]).await;
    for rows_max in [0, 1, 2_048, 4_999] {
        let query = Query { rows_max, ..question("SELECT number FROM events") };
        let mut answer = warehouse.query(query).await.expect("answers");
        let mut given = 0;
        let end = loop {
            match answer.rows.recv().await.expect("an error at the end") {
                Ok(rows) => given += rows.len(),
                Err(error) => break error,
            }
        };
        assert_eq!((given, end), (rows_max, QueryError::TooMany(rows_max)));
    }
    let query = Query { rows_max: 5_000, ..question("SELECT number FROM events") };
    assert_eq!(rows_of(warehouse.query(query).await.expect("answers")).await.expect("all").len(), 5_000);
}

async fn a_dropped_answer_does_no_harm(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("Dropping the answer cancels the query.");
    let numbers: Vec<u64> = (0..5_000).collect();
    load(warehouse, vec![append(crate::rows::events(&numbers))]).await;
    for _ in 0..20 {
        let sql = "SELECT a.number FROM events a CROSS JOIN events b";
        // As many as may run at once; those that were dropped must make room.
        let answer = loop {
            match warehouse.query(question(sql)).await {
                Err(QueryError::Busy) => tokio::time::sleep(Duration::from_millis(5)).await,
                other => break other.expect("answers"),
            }
        };
        drop(answer);
    }
    load(warehouse, vec![append(event("u", 1))]).await;
}

async fn an_export_is_a_parquet_file(warehouse: &dyn Warehouse) {
    let _sentence = Sentence("The answer as a Parquet file: the rows up to the limit, and whether there are more.");
    let numbers: Vec<u64> = (0..5_000).collect();
    load(warehouse, vec![append(crate::rows::events(&numbers))]).await;
    for (rows_max, truncated) in [(0, true), (1, true), (4_999, true), (5_000, false), (100_000, false)] {
        let query = Query { rows_max, ..question("SELECT * FROM events ORDER BY number DESC -- all of them") };
        let export = warehouse.export_parquet(query).await.expect("exports");
        assert_eq!(export.truncated, truncated, "{rows_max}");
        assert!(export.bytes.starts_with(b"PAR1") && export.bytes.ends_with(b"PAR1"), "{} bytes", export.bytes.len());
    }
}
