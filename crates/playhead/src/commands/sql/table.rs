//! An answer drawn with aligned columns.

use serde_json::Value;

use super::plain;
use crate::ask::Rows;

/// A longer value is cut.
const CHARS_MAX: usize = 80;

/// Columns aligned, numbers to the right, NULL shown, and the count of rows.
pub(super) fn draw(rows: &Rows) -> String {
    let cells: Vec<Vec<String>> = rows.rows.iter().map(|row| row.iter().map(shown).collect()).collect();
    let columns = 0..rows.columns.len();
    let widths: Vec<usize> = columns
        .clone()
        .map(|at| cells.iter().filter_map(|row| row.get(at)).chain([&rows.columns[at]]).map(|cell| width(cell)).max())
        .map(|widest| widest.unwrap_or(0))
        .collect();
    let right: Vec<bool> = columns.map(|at| is_numeric(rows, at)).collect();
    let mut text = String::new();
    line(&mut text, &rows.columns, &widths, &right);
    let rule: Vec<String> = widths.iter().map(|&width| "─".repeat(width)).collect();
    line(&mut text, &rule, &widths, &right);
    for row in &cells {
        line(&mut text, row, &widths, &right);
    }
    let count = rows.rows.len();
    text.push_str(&format!(
        "({count} {}{})\n",
        if count == 1 { "row" } else { "rows" },
        if rows.truncated { ", cut" } else { "" }
    ));
    text
}

fn line(text: &mut String, cells: &[String], widths: &[usize], right: &[bool]) {
    let mut drawn = String::new();
    for (at, (cell, &to)) in cells.iter().zip(widths).enumerate() {
        let space = " ".repeat(to.saturating_sub(width(cell)));
        let gap = if at == 0 { "" } else { "  " };
        let cell =
            if right.get(at) == Some(&true) { format!("{gap}{space}{cell}") } else { format!("{gap}{cell}{space}") };
        drawn.push_str(&cell);
    }
    text.push_str(drawn.trim_end());
    text.push('\n');
}

/// All values are numbers, as far as there are any.
fn is_numeric(rows: &Rows, at: usize) -> bool {
    let mut values = rows.rows.iter().filter_map(|row| row.get(at)).filter(|value| !value.is_null()).peekable();
    values.peek().is_some() && values.all(Value::is_number)
}

fn shown(value: &Value) -> String {
    let text = plain(value).unwrap_or_else(|| "NULL".to_owned());
    let text: String = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if width(&text) <= CHARS_MAX {
        return text;
    }
    text.chars().take(CHARS_MAX - 1).chain(['…']).collect()
}

/// Characters, which is the width on screen for all but East Asian scripts and emoji.
fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_stand_to_the_right_and_null_is_shown() {
        let rows = Rows {
            columns: vec!["title".to_owned(), "viewers".to_owned()],
            rows: vec![
                vec![json!("Körkarlen"), json!(12)],
                vec![Value::Null, json!(3_456)],
                vec![json!("a\nb"), Value::Null],
            ],
            truncated: false,
        };
        assert_eq!(
            draw(&rows),
            "title      viewers\n─────────  ───────\nKörkarlen       12\nNULL          3456\na\u{fffd}b           NULL\n(3 rows)\n"
        );
    }

    #[test]
    fn an_answer_without_rows_has_its_columns() {
        let rows = Rows { columns: vec!["n".to_owned()], rows: Vec::new(), truncated: false };
        assert_eq!(draw(&rows), "n\n─\n(0 rows)\n");
    }

    #[test]
    fn a_long_value_is_cut() {
        let rows = Rows { columns: vec!["t".to_owned()], rows: vec![vec![json!("x".repeat(500))]], truncated: true };
        let text = draw(&rows);
        assert!(text.lines().all(|line| width(line) <= CHARS_MAX));
        assert!(text.ends_with("(1 row, cut)\n"));
    }
}
