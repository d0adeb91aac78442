//! The changes that bring the tables that are there to a plan: additions alone. Anything else is refused with the reason.

use std::collections::BTreeSet;

use playhead_ports::{Dialect, FoundTable};

use super::ddl::{comment, create};
use super::writer::{quoted, table as name_of};
use crate::plan::{Kind, Plan, TablePlan};

/// A change that is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{table}: {why}")]
pub struct Refusal {
    /// The table, with its schema.
    pub table: String,
    /// What would have to change, and why it is not done.
    pub why: String,
}

/// The statements that bring what is there to the plan; none if it is there already. `found` are the tables of the plan's
/// schemas.
pub fn migrate(dialect: Dialect, found: &[FoundTable], plan: &Plan) -> Result<Vec<String>, Vec<Refusal>> {
    let (mut statements, mut refusals) = (Vec::new(), Vec::new());
    let present: BTreeSet<&str> = found.iter().map(|table| table.schema.as_str()).collect();
    let wanted: BTreeSet<&str> = plan.tables.iter().map(|table| table.schema.as_str()).collect();
    for schema in wanted.difference(&present) {
        statements.push(format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(schema)));
    }
    for table in &plan.tables {
        match found.iter().find(|found| found.schema == table.schema && found.name == table.name) {
            Some(found) => statements.extend(alter(dialect, found, table, &mut refusals)),
            None => statements.extend(create(dialect, table)),
        }
    }
    if refusals.is_empty() { Ok(statements) } else { Err(refusals) }
}

fn alter(dialect: Dialect, found: &FoundTable, table: &TablePlan, refusals: &mut Vec<Refusal>) -> Vec<String> {
    let mut statements = Vec::new();
    let mut refuse = |why: String| {
        refusals.push(Refusal { table: format!("{}.{}", table.schema, table.name), why });
    };
    for column in &table.columns {
        let wanted = dialect.type_name(column.of);
        match found.columns.iter().find(|(name, _)| *name == column.name) {
            Some((_, is)) if *is == wanted => {}
            Some((name, is)) => {
                refuse(format!("column {name} is {is} and would have to become {wanted}: make a new column instead"));
            }
            None if table.unique.contains(&column.name) => refuse(format!(
                "column {} would become part of the key of rows that lack it: make a new table instead",
                column.name
            )),
            None => {
                let name = quoted(&column.name);
                statements.push(format!("ALTER TABLE {} ADD COLUMN {name} {wanted}", name_of(table)));
                statements.extend(comment(table, column));
            }
        }
    }
    // Kept rows have what tables of the vault read; a table that is gone from the spec leaves its columns behind.
    if table.kind != Kind::Rows {
        let is_unknown = |name: &str| !table.columns.iter().any(|column| column.name == name);
        for (name, _) in found.columns.iter().filter(|(name, _)| is_unknown(name)) {
            refuse(format!(
                "column {name} is there and not in the spec: it may have been renamed or removed, which is for a person to do"
            ));
        }
    }
    statements
}
