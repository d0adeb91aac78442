//! Analysts' questions over HTTP.

use std::time::Duration;

use playhead_ports::QueryError;

use crate::support::{Running, Server};

#[tokio::test]
async fn an_answer_comes_in_four_formats() {
    let server = Running::open().await;
    let ask = async |format: &str| {
        let answer = server.post("/v1/sql", &format!(r#"{{"query":"SELECT 3","format":"{format}"}}"#)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        (answer.header("content-type").expect("a type").to_owned(), answer.text())
    };
    let json = r#"{"columns":["n"],"rows":[[0],[1],[2]],"truncated":false}"#;
    assert_eq!(ask("json").await, ("application/json".to_owned(), json.to_owned()));
    assert_eq!(ask("csv").await, ("text/csv; charset=utf-8".to_owned(), "n\r\n0\r\n1\r\n2\r\n".to_owned()));
    let lines = "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n";
    assert_eq!(ask("ndjson").await, ("application/x-ndjson".to_owned(), lines.to_owned()));
    assert_eq!(ask("parquet").await, ("application/vnd.apache.parquet".to_owned(), "PAR1".to_owned()));
}

#[tokio::test]
async fn rows_past_the_limit_are_cut_and_said_to_be() {
    let server = Running::open().await;
    let json = server.post("/v1/sql", r#"{"query":"SELECT 5","rows_max":3}"#).await.json();
    assert_eq!((json["rows"].as_array().map(Vec::len), &json["truncated"]), (Some(3), &true.into()));
    let csv = server.post("/v1/sql", r#"{"query":"SELECT 5","rows_max":3,"format":"csv"}"#).await;
    assert_eq!((csv.header("x-rows-max"), csv.text().as_str()), (Some("3"), "n\r\n0\r\n1\r\n2\r\n"));
    for (rows_max, truncated) in [(4, "true"), (5, "false")] {
        let body = format!(r#"{{"query":"SELECT 5","rows_max":{rows_max},"format":"parquet"}}"#);
        let parquet = server.post("/v1/sql", &body).await;
        let said = (parquet.status, parquet.header("x-rows-max"), parquet.header("x-truncated"));
        assert_eq!(said, (200, Some(rows_max.to_string().as_str()), Some(truncated)));
    }
}

#[tokio::test]
async fn a_request_lowers_the_limits_and_never_raises_them() {
    let server = Running::open().await;
    server.post("/v1/sql", r#"{"query":"SELECT 1","rows_max":1000000000,"time_ms_max":1000000000}"#).await;
    server.post("/v1/sql", r#"{"query":"SELECT 1","rows_max":7,"time_ms_max":50}"#).await;
    let asked = server.warehouse.asked.lock().unwrap();
    let limits: Vec<_> = asked.iter().map(|query| (query.rows_max, query.time_max)).collect();
    assert_eq!(limits, [(100_000, Duration::from_secs(30)), (7, Duration::from_millis(50))]);
}

#[tokio::test]
async fn each_failure_has_its_problem() {
    let server = Running::open().await;
    let ask = async |error: QueryError| {
        *server.warehouse.fails.lock().unwrap() = Some(error);
        server.post("/v1/sql", r#"{"query":"SELECT 1"}"#).await.problem()
    };
    let why = || "because".to_owned();
    assert_eq!(ask(QueryError::Refused(why())).await, "403 query-refused");
    assert_eq!(ask(QueryError::Invalid(why())).await, "409 query-invalid");
    assert_eq!(ask(QueryError::TooLong(Duration::from_secs(1))).await, "422 query-too-long sql-time");
    assert_eq!(ask(QueryError::TooLarge(why())).await, "422 query-too-large sql-memory");
    assert_eq!(ask(QueryError::Busy).await, "429 too-busy sql-concurrency");
    assert_eq!(ask(QueryError::Unavailable(why())).await, "503 unavailable");
}

#[tokio::test]
async fn an_answer_that_is_too_large_to_hold_is_refused() {
    let mut server = Server::default();
    server.config.sql_answer_bytes_max = 100;
    let server = server.start().await;
    let refused = server.post("/v1/sql", r#"{"query":"SELECT 1000"}"#).await;
    assert_eq!(refused.problem(), "422 query-too-large sql-answer-bytes");
    let streamed = server.post("/v1/sql", r#"{"query":"SELECT 1000","format":"csv"}"#).await;
    assert_eq!(streamed.text().lines().count(), 1_001);
}

#[tokio::test]
async fn a_streamed_answer_holds_its_place_until_the_last_row_and_gives_it_back() {
    let mut server = Server::default();
    server.config.sql_concurrency = 1;
    let server = server.start().await;
    let large = r#"{"query":"SELECT 2000","format":"ndjson"}"#;
    for _ in 0..3 {
        assert_eq!(server.post("/v1/sql", large).await.text().lines().count(), 2_000);
        // The task that sends gives the place back a moment after the caller has read the last byte.
        for _ in 0..1_000 {
            if server.post("/v1/sql", r#"{"query":"SELECT 1"}"#).await.status == 200 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
