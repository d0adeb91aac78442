//! What was measured, as tables in Markdown.

use std::fmt;

/// What a number should be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    RatioAtLeast(f64),
    AtLeast(f64),
    AtMost(f64),
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RatioAtLeast(least) => write!(f, "ratio >= {least}"),
            Self::AtLeast(least) => write!(f, ">= {}", Number(*least)),
            Self::AtMost(most) => write!(f, "<= {}", Number(*most)),
        }
    }
}

/// One line of a table.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    what: String,
    measured: f64,
    ceiling: Option<f64>,
    goal: Option<Goal>,
    notes: String,
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, measured: f64) -> Self {
        Self { what: what.into(), measured, ceiling: None, goal: None, notes: String::new() }
    }

    pub(crate) fn ceiling(mut self, ceiling: f64) -> Self {
        self.ceiling = Some(ceiling);
        self
    }

    pub(crate) fn goal(mut self, goal: Goal) -> Self {
        self.goal = Some(goal);
        self
    }

    pub(crate) fn notes(mut self, notes: impl Into<String>) -> Self {
        self.notes = notes.into();
        self
    }

    fn ratio(&self) -> Option<f64> {
        self.ceiling.map(|ceiling| self.measured / ceiling)
    }

    fn is_met(&self) -> Option<bool> {
        self.goal.map(|goal| match goal {
            Goal::RatioAtLeast(least) => self.ratio().is_some_and(|ratio| ratio >= least),
            Goal::AtLeast(least) => self.measured >= least,
            Goal::AtMost(most) => self.measured <= most,
        })
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ceiling = self.ceiling.map(|ceiling| Number(ceiling).to_string()).unwrap_or_default();
        let ratio = self.ratio().map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
        let goal = match (self.goal, self.is_met()) {
            (Some(goal), Some(true)) => format!("{goal}: met"),
            (Some(goal), _) => format!("{goal}: **missed**"),
            (None, _) => String::new(),
        };
        let measured = Number(self.measured);
        writeln!(f, "| {} | {measured} | {ceiling} | {ratio} | {goal} | {} |", self.what, self.notes)
    }
}

/// One benchmark.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    title: &'static str,
    how: String,
    rows: Vec<Row>,
}

impl Section {
    pub(crate) fn new(title: &'static str, how: impl Into<String>) -> Self {
        Self { title, how: how.into(), rows: Vec::new() }
    }

    pub(crate) fn push(&mut self, row: Row) {
        self.rows.push(row);
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n## {}\n\n{}\n", self.title, self.how)?;
        writeln!(f, "| what | measured | ceiling | ratio | goal | notes |")?;
        writeln!(f, "|---|---:|---:|---:|---|---|")?;
        self.rows.iter().try_for_each(|row| row.fmt(f))
    }
}

/// A number with as many digits as mean something.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.abs() {
            large if large >= 1_000.0 => f.write_str(&grouped(&format!("{:.0}", self.0))),
            middle if middle >= 100.0 => write!(f, "{:.0}", self.0),
            middle if middle >= 10.0 => write!(f, "{:.1}", self.0),
            _ => write!(f, "{:.2}", self.0),
        }
    }
}

/// Digits in groups of three.
fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_whether_its_goal_is_met() {
        let row = Row::new("writes/s", 41_234.4).ceiling(50_000.0).goal(Goal::RatioAtLeast(0.8));
        assert_eq!(row.to_string(), "| writes/s | 41,234 | 50,000 | 0.82 | ratio >= 0.8: met |  |\n");
        let row = Row::new("p99, ms", 1.234).goal(Goal::AtMost(1.0)).notes("while others compile");
        assert_eq!(row.to_string(), "| p99, ms | 1.23 |  |  | <= 1.00: **missed** | while others compile |\n");
    }
}
