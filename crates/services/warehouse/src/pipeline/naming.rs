//! Names in the questions that a pipeline asks its target: always quoted.

use crate::plan::TablePlan;

/// A name, quoted.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table with its schema, quoted.
pub(super) fn name(table: &TablePlan) -> String {
    format!("{}.{}", quoted(&table.schema), quoted(&table.name))
}
