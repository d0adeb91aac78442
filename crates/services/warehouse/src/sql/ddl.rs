//! Tables with their keys, indexes and comments.
//!
//! DuckDB has neither keys nor indexes: a load finds what is there by itself, its one writer needs no guard, and an index costs
//! each insert more than all else together.

use playhead_ports::Dialect;

use super::writer::{list, names, quoted, table as name_of, text};
use crate::plan::{ColumnPlan, TablePlan};

/// The statements that make a table.
pub fn create(dialect: Dialect, table: &TablePlan) -> Vec<String> {
    let name = name_of(table);
    let columns = table.columns.iter().map(|column| column_of(dialect, column));
    let mut parts: Vec<String> = columns.collect();
    if dialect != Dialect::DuckDb && !table.unique.is_empty() && is_not_null(table) {
        parts.push(format!("PRIMARY KEY ({})", names(&table.unique)));
    }
    let mut statements = vec![format!("CREATE TABLE {name} ({})", list(parts))];
    if dialect != Dialect::DuckDb {
        if !table.unique.is_empty() && !is_not_null(table) {
            statements.push(index(table, &table.unique, true));
        }
        statements.extend(table.indexes.iter().map(|columns| index(table, columns, false)));
    }
    if !table.comment.is_empty() {
        statements.push(format!("COMMENT ON TABLE {name} IS {}", text(&table.comment)));
    }
    statements.extend(table.columns.iter().filter_map(|column| comment(table, column)));
    statements
}

/// The statement that says what a column means, if anything is said.
pub(super) fn comment(table: &TablePlan, column: &ColumnPlan) -> Option<String> {
    let name = name_of(table);
    let comment = || format!("COMMENT ON COLUMN {name}.{} IS {}", quoted(&column.name), text(&column.comment));
    (!column.comment.is_empty()).then(comment)
}

/// The statement that finds rows by these columns.
pub(super) fn index(table: &TablePlan, columns: &[String], is_unique: bool) -> String {
    let unique = if is_unique { "UNIQUE " } else { "" };
    format!("CREATE {unique}INDEX ON {} ({})", name_of(table), names(columns))
}

fn column_of(dialect: Dialect, column: &ColumnPlan) -> String {
    let not_null = if column.nullable { "" } else { " NOT NULL" };
    format!("{} {}{not_null}", quoted(&column.name), dialect.type_name(column.of))
}

fn is_not_null(table: &TablePlan) -> bool {
    let is_nullable = |name: &String| table.columns.iter().any(|column| column.name == *name && column.nullable);
    !table.unique.iter().any(is_nullable)
}
