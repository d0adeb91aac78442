//! The statements of a load in the making.

use playhead_ports::Dialect;

use crate::plan::{FeedPlan, Plan, TablePlan};
use crate::spec::{Mode, Source, Spec};

/// A statement of a load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadStatement {
    /// The table that it changes, with its schema.
    pub table: String,
    /// What it does.
    pub about: String,
    /// The statement.
    pub sql: String,
}

/// Gathers the statements of a load.
pub(crate) struct Loader<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) spec: &'a Spec,
    pub(crate) plan: &'a Plan,
    staged: &'a [&'a str],
    statements: Vec<LoadStatement>,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(dialect: Dialect, spec: &'a Spec, plan: &'a Plan, staged: &'a [&'a str]) -> Self {
        Self { dialect, spec, plan, staged, statements: Vec::new() }
    }

    pub(crate) fn is_safe(&self) -> bool {
        self.plan.mode == Mode::Safe
    }

    /// Whether the batch brings that temporary table along.
    pub(crate) fn is_staged(&self, stage: &str) -> bool {
        self.staged.contains(&stage)
    }

    /// The feeds of the table that the batch brings along.
    pub(crate) fn feeds<'b>(&self, table: &'b TablePlan) -> Vec<&'b FeedPlan> {
        table.feeds.iter().filter(|feed| self.is_staged(&feed.stage)).collect()
    }

    /// The source whose messages the rows are made of, if the batch brings its messages along.
    pub(crate) fn messages_of(&self, rows: &str) -> Option<&'a str> {
        let (name, source) = self.source_of(rows)?;
        (!source.staged && self.is_staged(&format!("message_{name}"))).then_some(name)
    }

    /// The source that the rows are made of.
    pub(crate) fn source_of(&self, rows: &str) -> Option<(&'a str, &'a Source)> {
        let mut at = rows;
        while let Some(rows) = self.spec.rows.get(at) {
            at = &rows.from;
        }
        self.spec.source.get_key_value(at).map(|(name, source)| (name.as_str(), source))
    }

    pub(crate) fn push(&mut self, table: &TablePlan, about: &str, sql: String) {
        let table = format!("{}.{}", table.schema, table.name);
        self.statements.push(LoadStatement { table, about: about.to_owned(), sql });
    }

    pub(crate) fn done(self) -> Vec<LoadStatement> {
        self.statements
    }
}
