//! Asking the warehouse over HTTP.

use serde_json::{Value, json};

use crate::http::{Answer, Http, Lost};

/// One row of an answer, by column.
pub type Row = Vec<Value>;

/// The rows that the query gives. Panics with the problem if it gives none.
#[track_caller]
pub fn sql(http: &Http, query: &str) -> Vec<Row> {
    let answer = try_sql(http, query).unwrap_or_else(|lost| panic!("{query}: {lost:?}"));
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    assert_eq!(answer.json["truncated"], false, "{query}: there are more rows than one answer may have");
    rows(&answer).unwrap_or_else(|| panic!("{query}: these are no rows: {}", answer.text))
}

/// What the server says to the query, be it rows or a problem.
pub fn try_sql(http: &Http, query: &str) -> Result<Answer, Lost> {
    http.post("/v1/sql", &json!({ "query": query, "format": "json" }))
}

fn rows(answer: &Answer) -> Option<Vec<Row>> {
    answer.json["rows"].as_array()?.iter().map(|row| row.as_array().cloned()).collect()
}
