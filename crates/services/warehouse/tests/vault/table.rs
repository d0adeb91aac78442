//! Tables of a case: rows of cells between bars, the first of them the names of the columns.

use std::fmt::Write as _;

use md5::Md5;
use playhead_ports::FieldType;
use sha2::{Digest, Sha256};

/// A table as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) columns: Vec<String>,
    /// The rows; nothing where a cell is `null`.
    pub(crate) rows: Vec<Vec<Option<String>>>,
}

impl Table {
    pub(crate) fn parse(text: &str) -> Self {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let columns = cells(lines.next().expect("a table begins with its columns"));
        let rows: Vec<Vec<Option<String>>> =
            lines.map(|line| cells(line).iter().map(|cell| value(cell)).collect()).collect();
        for row in &rows {
            assert_eq!(row.len(), columns.len(), "as many cells as columns {columns:?}, not {row:?}");
        }
        Self { columns, rows }
    }

    /// The values of a column as that type is shown.
    pub(crate) fn shown(&self, of: impl Fn(&str) -> FieldType) -> Vec<Vec<Option<String>>> {
        let types: Vec<FieldType> = self.columns.iter().map(|column| of(column)).collect();
        let shown = |(value, of): (&Option<String>, &FieldType)| value.as_ref().map(|value| shown(value, *of));
        self.rows.iter().map(|row| row.iter().zip(&types).map(shown).collect()).collect()
    }
}

fn cells(line: &str) -> Vec<String> {
    let inner = line.strip_prefix('|').and_then(|line| line.strip_suffix('|'));
    inner
        .unwrap_or_else(|| panic!("a row stands between bars: {line:?}"))
        .split('|')
        .map(|cell| cell.trim().to_owned())
        .collect()
}

fn value(cell: &str) -> Option<String> {
    if cell == "null" {
        return None;
    }
    if cell == "forever" {
        return Some("9999-12-31 23:59:59.999999".to_owned());
    }
    let call = |name: &str| cell.strip_prefix(name).and_then(|rest| rest.strip_suffix(')'));
    // A bar in what is hashed would end the cell, so there it is written `!`.
    if let Some(text) = call("md5(") {
        return Some(hex(&Md5::digest(text.replace('!', "|"))));
    }
    if let Some(text) = call("sha256(") {
        return Some(hex(&Sha256::digest(text.replace('!', "|"))));
    }
    if let Some(count) = call("zeros(") {
        return Some("00".repeat(count.parse().expect("a number of bytes")));
    }
    let quoted = cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    Some(quoted.unwrap_or(cell).to_owned())
}

/// A value as it is shown: times with microseconds, hashes in small hexadecimal digits.
pub(crate) fn shown(value: &str, of: FieldType) -> String {
    match of {
        FieldType::Time => micros_text(value),
        FieldType::Bytes => value.to_ascii_lowercase(),
        _ => value.to_owned(),
    }
}

fn micros_text(value: &str) -> String {
    time(value).strftime("%Y-%m-%d %H:%M:%S.%6f").to_string()
}

/// A day or a time.
pub(crate) fn time(value: &str) -> jiff::civil::DateTime {
    let day = || value.parse::<jiff::civil::Date>().map(|day| day.at(0, 0, 0, 0));
    let parsed = if value.len() == 10 { day() } else { value.parse() };
    parsed.unwrap_or_else(|error| panic!("{value:?} is no time: {error}"))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text takes all");
        text
    })
}

/// What is missing and what is there unexpectedly, one row a line; nothing if both are the same rows in any order.
pub(crate) fn difference(expected: &[Vec<Option<String>>], found: &[Vec<Option<String>>]) -> Option<String> {
    let mut unexpected = found.to_vec();
    let mut missing = Vec::new();
    for row in expected {
        match unexpected.iter().position(|found| found == row) {
            Some(at) => drop(unexpected.swap_remove(at)),
            None => missing.push(row),
        }
    }
    let line = |mark: &str, row: &[Option<String>]| {
        let cells: Vec<&str> = row.iter().map(|cell| cell.as_deref().unwrap_or("null")).collect();
        format!("      {mark} | {} |\n", cells.join(" | "))
    };
    let text: String = missing.iter().map(|row| line("missing   ", row)).collect();
    let text = text + &unexpected.iter().map(|row| line("unexpected", row)).collect::<String>();
    (!text.is_empty()).then_some(text)
}
