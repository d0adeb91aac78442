//! The rows of one table, for people who look: by its key, and not more than they asked for.

use playhead_ports::{Cell, TargetError};

use super::Pipeline;
use super::naming::{name, quoted};
use crate::plan::TablePlan;

/// Why rows cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShowError {
    /// There is no such table: what there is.
    #[error("{0}")]
    Unknown(String),
    /// The target cannot be read.
    #[error(transparent)]
    Target(#[from] TargetError),
}

/// Rows of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownRows {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, by the table's key.
    pub rows: Vec<Vec<Cell>>,
    /// Whether the table has more.
    pub has_more: bool,
}

impl Pipeline {
    /// The first rows of one of the plan's tables, at most so many.
    pub async fn show(&self, table: &str, most: usize) -> Result<ShownRows, ShowError> {
        let found = self.plan().tables.iter().find(|of| is_named(of, table)).ok_or_else(|| {
            let all: Vec<_> = self.plan().tables.iter().map(|of| format!("{}.{}", of.schema, of.name)).collect();
            ShowError::Unknown(format!("there is no table {table}; there are {}", all.join(", ")))
        })?;
        let columns: Vec<String> = found.columns.iter().map(|column| column.name.clone()).collect();
        let names = |of: &[String]| of.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ");
        let order = if found.unique.is_empty() { &columns } else { &found.unique };
        let at_most = most.saturating_add(1);
        let (all, order) = (names(&columns), names(order));
        let sql = format!("SELECT {all} FROM {} ORDER BY {order} LIMIT {at_most}", name(found));
        let mut rows = self.target().select(&[], &sql, at_most).await?;
        let has_more = rows.len() > most;
        rows.truncate(most);
        Ok(ShownRows { columns, rows, has_more })
    }
}

/// Whether a table is meant, by its schema and name or by its name alone.
fn is_named(table: &TablePlan, given: &str) -> bool {
    match given.split_once('.') {
        Some((schema, name)) => table.schema == schema && table.name == name,
        None => table.name == given,
    }
}
