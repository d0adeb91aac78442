//! Asking the warehouse, for the commands that do.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::{Answer, Client, ClientArgs};

/// The server ends a query long before.
const DEADLINE: Duration = Duration::from_secs(300);

/// What the warehouse answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Rows {
    /// The names of the columns.
    pub(crate) columns: Vec<String>,
    /// Row by row.
    pub(crate) rows: Vec<Vec<Value>>,
    /// There are more rows than may be given.
    #[serde(default)]
    pub(crate) truncated: bool,
}

/// Asks one question.
pub(crate) fn ask(args: &ClientArgs, query: &str) -> anyhow::Result<Rows> {
    post(args, query, "json")?.json()
}

/// Asks one question; the answer is a Parquet file, which may have been cut.
pub(crate) fn ask_parquet(args: &ClientArgs, query: &str) -> anyhow::Result<Answer> {
    let answer = post(args, query, "parquet")?;
    anyhow::ensure!(answer.is_ok(), answer.reason());
    Ok(answer)
}

fn post(args: &ClientArgs, query: &str, format: &str) -> anyhow::Result<Answer> {
    let body = serde_json::to_vec(&serde_json::json!({ "query": query, "format": format }))?;
    Client::new(args, DEADLINE)?.post("/v1/sql", "application/json", &body)
}
