//! Which messages are behind a row: found by its key in the rows that are kept in STG, and from there in the history.

use playhead_ports::{Cell, Field, FieldType, TargetError};
use serde::{Deserialize, Serialize};

use super::Pipeline;
use super::naming::{name, quoted};
use super::picture::source_of;
use super::staging::{Row, Value, bytes_of, filled, number_of, text_of};
use crate::plan::{Kind, TablePlan, system};

/// Why a lineage cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineageError {
    /// There is no such table, or its rows are not kept: what there is.
    #[error("{0}")]
    Unknown(String),
    /// The target cannot be read.
    #[error(transparent)]
    Target(#[from] TargetError),
}

/// A message behind a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ancestor {
    /// The set of rows that it came through.
    pub rows: String,
    /// The topic or file.
    pub topic: String,
    /// The partition.
    pub partition: i64,
    /// The offset or line.
    pub offset: i64,
    /// When it happened.
    pub event_time: String,
    /// When it was loaded.
    pub load_time: String,
    /// Whether it is the newest version of its message.
    pub is_newest: bool,
    /// The message, as text.
    pub payload: String,
}

const COLUMNS: [&str; 6] =
    [system::TOPIC, system::PARTITION, system::OFFSET, system::EVENT_TIME, system::LOAD_TIME, system::PAYLOAD];

impl Pipeline {
    /// The messages behind the rows of a table with that key: values of the key's columns, in their order, as text; or some of
    /// them as `COLUMN=VALUE`.
    pub async fn lineage(&self, table: &str, key: &[String], most: usize) -> Result<Vec<Ancestor>, LineageError> {
        let bare = table.split_once('.').map_or(table, |(_, name)| name);
        let found = self.plan().tables.iter().find(|of| of.name == bare && !of.feeds.is_empty());
        let Some(found) = found else {
            let names: Vec<_> = self.plan().tables.iter().map(|table| table.name.as_str()).collect();
            return Err(LineageError::Unknown(format!("there is no table {table}; there are {}", names.join(", "))));
        };
        let (columns, key) = wanted(table, &key_columns(found), key)?;
        let mut ancestors = Vec::new();
        let mut lacks = Vec::new();
        for feed in &found.feeds {
            let fields: Vec<&str> = columns.iter().map(|column| feed.field(column)).collect();
            match self.keepers(&feed.rows, &fields) {
                Some((rows, history)) => {
                    ancestors.extend(self.ancestors(&feed.rows, rows, history, &fields, &key, most).await?);
                }
                None => lacks.push(feed.rows.as_str()),
            }
        }
        if lacks.len() == found.feeds.len() {
            let why = format!("the rows of {} that {table} is made of are not kept by its key", lacks.join(", "));
            return Err(LineageError::Unknown(why));
        }
        Ok(ancestors)
    }

    /// The table that keeps the rows, if it has these fields, and that of the history behind them.
    fn keepers(&self, rows: &str, fields: &[&str]) -> Option<(&TablePlan, &TablePlan)> {
        let kept = self.plan().keeper(Kind::Rows, rows)?;
        let has = |field: &&str| kept.columns.iter().any(|column| column.name == **field);
        let source = source_of(self.spec(), rows)?;
        fields.iter().all(has).then_some((kept, self.plan().keeper(Kind::History, source)?))
    }

    async fn ancestors(
        &self,
        rows: &str,
        kept: &TablePlan,
        history: &TablePlan,
        fields: &[&str],
        key: &[String],
        most: usize,
    ) -> Result<Vec<Ancestor>, LineageError> {
        // What the caller wrote goes as a row, never as SQL.
        const NAMES: [&str; 8] = ["k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7"];
        if fields.len() > NAMES.len() {
            return Err(LineageError::Unknown(format!(
                "a key of {} columns is more than is looked up here",
                fields.len()
            )));
        }
        let staged = NAMES.iter().zip(key).map(|(name, value)| (*name, Value::from(value.as_str())));
        let row: Row = staged.collect();
        let of_text = |name: &&str| Field { name: (*name).to_owned(), of: FieldType::Text };
        let wanted = filled("wanted", NAMES.iter().take(fields.len()).map(of_text).collect(), &[row]);
        let same = fields.iter().zip(NAMES).map(|(field, name)| self.same_text(kept, field, name));
        let on: Vec<String> = [system::MESSAGE, system::VERSION, system::CONTENT]
            .iter()
            .map(|column| format!("h.{0} = r.{0}", quoted(column)))
            .collect();
        let columns: Vec<String> = COLUMNS.iter().map(|column| format!("h.{}", quoted(column))).collect();
        let sql = format!(
            "SELECT DISTINCT {}, r.{} FROM wanted AS w JOIN {} AS r ON {} JOIN {} AS h ON {} ORDER BY 4, 1, 2, 3 LIMIT {most}",
            columns.join(", "),
            quoted(system::IS_NEWEST),
            name(kept),
            same.collect::<Vec<_>>().join(" AND "),
            name(history),
            on.join(" AND "),
        );
        let found = self.target().select(&[wanted], &sql, most).await?;
        Ok(found.iter().map(|row| ancestor(rows, row)).collect())
    }

    /// Whether a field's text is the wanted one; of hashes, their hexadecimal digits.
    fn same_text(&self, kept: &TablePlan, field: &str, wanted: &str) -> String {
        let is_bytes = kept.columns.iter().any(|column| column.name == field && column.of == FieldType::Bytes);
        let column = format!("r.{}", quoted(field));
        let text = match (is_bytes, self.target().dialect()) {
            (false, _) => format!("CAST({column} AS {})", self.target().dialect().type_name(FieldType::Text)),
            (true, playhead_ports::Dialect::DuckDb) => format!("lower(hex({column}))"),
            (true, _) => format!("encode({column}, 'hex')"),
        };
        let wanted = format!("w.{}", quoted(wanted));
        let wanted = if is_bytes { format!("lower({wanted})") } else { wanted };
        format!("{text} = {wanted}")
    }
}

/// What a row of the table is named by.
fn key_columns(table: &TablePlan) -> Vec<&str> {
    match table.kind {
        // The versions of a key are one row's history; its hash names them.
        Kind::Mart | Kind::Tags | Kind::Messages | Kind::Reference => table.unique.iter().map(String::as_str).collect(),
        _ => table.unique.iter().take(1).map(String::as_str).collect(),
    }
}

/// The columns that are told, with their values: all of a key in its order, or pairs of a column and its value.
fn wanted<'a>(table: &str, columns: &[&'a str], key: &[String]) -> Result<(Vec<&'a str>, Vec<String>), LineageError> {
    let pair = |text: &String| {
        let (name, value) = text.split_once('=')?;
        Some((*columns.iter().find(|column| **column == name)?, value.to_owned()))
    };
    let pairs: Vec<(&str, String)> = key.iter().filter_map(pair).collect();
    let is_twice = |at: usize| pairs.iter().take(at).any(|(name, _)| *name == pairs[at].0);
    if !pairs.is_empty() && pairs.len() == key.len() && !(0..pairs.len()).any(is_twice) {
        return Ok(pairs.into_iter().unzip());
    }
    if pairs.is_empty() && columns.len() == key.len() {
        return Ok((columns.to_vec(), key.to_vec()));
    }
    Err(LineageError::Unknown(format!(
        "the key of {table} is {}: give all {} values in this order, or some of them as COLUMN=VALUE, each column once",
        columns.join(", "),
        columns.len()
    )))
}

fn ancestor(rows: &str, row: &[Cell]) -> Ancestor {
    let text = |at: usize| row.get(at).and_then(text_of).unwrap_or_default();
    let number = |at: usize| row.get(at).and_then(number_of).unwrap_or_default();
    let payload = row.get(5).and_then(bytes_of).unwrap_or_default();
    Ancestor {
        rows: rows.to_owned(),
        topic: text(0),
        partition: number(1),
        offset: number(2),
        event_time: text(3),
        load_time: text(4),
        payload: String::from_utf8_lossy(&payload).into_owned(),
        is_newest: text(6) == "true",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_whole_in_its_order_or_in_part_by_names() {
        let told = |key: &[&str]| {
            let key: Vec<String> = key.iter().map(|&value| value.to_owned()).collect();
            wanted("t", &["user", "category"], &key)
        };
        let found = |columns: &[&'static str], values: &[&str]| {
            Ok((columns.to_vec(), values.iter().map(|&value| value.to_owned()).collect()))
        };
        assert_eq!(told(&["u1", "a=b"]), found(&["user", "category"], &["u1", "a=b"]));
        assert_eq!(told(&["category=a=b", "user=u1"]), found(&["category", "user"], &["a=b", "u1"]));
        assert_eq!(told(&["user="]), found(&["user"], &[""]));
        for wrong in [&["u1"][..], &["u1", "x", "y"], &["user=u1", "x"], &["user=u1", "user=u2"], &["x=u1"]] {
            let refused = told(wrong).expect_err("it is refused").to_string();
            assert!(refused.contains("user, category") && refused.contains("COLUMN=VALUE"), "{refused}");
        }
    }
}
