//! Asking the warehouse, for the commands that do.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::{Client, ClientArgs};

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
    let body = serde_json::to_vec(&serde_json::json!({ "query": query, "format": "json" }))?;
    Client::new(args, DEADLINE)?.post("/v1/sql", "application/json", &body)?.json()
}
