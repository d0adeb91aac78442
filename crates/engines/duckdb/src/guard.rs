//! The guard before analysts' statements: one SELECT, over what was declared, with functions that are known to be harmless.
//!
//! The engine's own parser makes a tree of the statement without running it, and the tree is walked. What the walk does not
//! know is refused, so that a new kind of statement is no hole.

use std::borrow::Cow;

use duckdb::Connection;
use playhead_ports::QueryError;
use serde_json::Value;

use crate::askable::Askable;
use crate::failure::{Failure, Kind};
use crate::walk::{self, Unasked, Walk};
use crate::weigh;

/// Refuses a statement that may not be asked. It is not run. The answer is what to run: of `SHOW TABLES` the engine would
/// only tell one schema.
pub(crate) fn check<'a>(
    connection: &Connection,
    sql: &'a str,
    sql_max_bytes: usize,
    tables: &Askable,
) -> Result<Cow<'a, str>, QueryError> {
    if sql.len() > sql_max_bytes {
        return refuse(format!("the statement has {} bytes; {sql_max_bytes} are allowed", sql.len()));
    }
    if sql.contains('\0') {
        return refuse("the statement contains a zero byte".to_owned());
    }
    let tree = tree_of_select(connection, sql)?;
    if walk::is_show_tables(&tree) {
        return Ok(tables.listed().into());
    }
    match Walk::over(tables).statement(&tree) {
        Ok(()) => weigh::check(&tree).map(|()| sql.into()).or_else(refuse),
        Err(Unasked::Forbidden(why)) => refuse(why),
        Err(Unasked::Unknown(why)) => Err(QueryError::Invalid(why)),
    }
}

/// The tree of the one SELECT that the text is; whatever else it is, is refused.
pub(crate) fn tree_of_select(connection: &Connection, sql: &str) -> Result<Value, QueryError> {
    let mut tree = parse(connection, sql)?;
    if tree["error"] != Value::Bool(false) {
        let message = tree["error_message"].as_str().unwrap_or("the statement cannot be read");
        return match tree["error_type"].as_str() {
            Some("not implemented") => refuse("only one SELECT statement may be asked".to_owned()),
            _ => Err(QueryError::Invalid(format!("{message}{}", position(&tree, sql)))),
        };
    }
    match tree["statements"].as_array_mut().map(Vec::as_mut_slice) {
        Some([statement]) => Ok(statement.take()),
        Some(many) => refuse(format!("{} statements were given; one SELECT may be asked", many.len())),
        None => refuse("only one SELECT statement may be asked".to_owned()),
    }
}

fn refuse<T>(why: String) -> Result<T, QueryError> {
    Err(QueryError::Refused(why))
}

/// Where it went wrong, as an editor counts: the engine counts bytes.
fn position(tree: &Value, sql: &str) -> String {
    let at: Option<usize> = tree["position"].as_str().and_then(|at| at.parse().ok());
    let Some(before) = at.and_then(|at| sql.get(..at)) else { return String::new() };
    let (line, start) = (before.matches('\n').count() + 1, before.rfind('\n').map_or(0, |at| at + 1));
    format!(" (line {line}, column {})", before[start..].chars().count() + 1)
}

fn parse(connection: &Connection, sql: &str) -> Result<Value, QueryError> {
    // The cast keeps the engine from folding the call while it prepares, which fails for some texts.
    let tree: Result<String, _> =
        connection.query_row("SELECT json_serialize_sql(?::VARCHAR)", [sql], |row| row.get(0));
    let tree = tree.map_err(Failure::from).map_err(|failure| match failure.kind {
        Kind::Statement => QueryError::Invalid(failure.message),
        _ => QueryError::Unavailable(failure.message),
    })?;
    serde_json::from_str(&tree)
        .map_err(|_| QueryError::Refused("the statement is nested too deeply to be checked".to_owned()))
}
