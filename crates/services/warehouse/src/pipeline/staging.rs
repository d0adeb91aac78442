//! Rows for the tables that every pipeline has (pins, waiting messages, rejects, look-ups), staged by the names of fields.

use std::collections::BTreeMap;

use bytes::Bytes;
use playhead_ports::{Cell, Field, FieldValues, Staged};
use smol_str::SmolStr;

use crate::plan::StagePlan;

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Of texts.
    Text(Option<SmolStr>),
    /// Of numbers and times.
    Int(Option<i64>),
    /// Of bytes.
    Bytes(Option<Bytes>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.into()))
    }
}

/// A row by the names of its fields.
pub(super) type Row = BTreeMap<&'static str, Value>;

/// The rows as the plan's temporary table has them. A field that a row lacks is null there.
pub(super) fn staged(stage: &StagePlan, rows: &[Row]) -> Staged {
    let fields = stage.fields.iter().map(|field| field.field.clone()).collect();
    filled(&stage.name, fields, rows)
}

/// The rows as a temporary table of these fields.
pub(super) fn filled(name: &str, fields: Vec<Field>, rows: &[Row]) -> Staged {
    let mut staged = Staged::none_of(name, fields);
    for row in rows {
        for (field, values) in staged.fields.iter().zip(&mut staged.values) {
            let value = row.get(field.name.as_str());
            match values {
                FieldValues::Text(values) => values.push(match value {
                    Some(Value::Text(text)) => text.as_ref().map(without_nul),
                    _ => None,
                }),
                FieldValues::Int(values) => values.push(match value {
                    Some(Value::Int(number)) => *number,
                    _ => None,
                }),
                FieldValues::Bytes(values) => values.push(match value {
                    Some(Value::Bytes(bytes)) => bytes.clone(),
                    _ => None,
                }),
                FieldValues::Float(values) => values.push(None),
                FieldValues::Bool(values) => values.push(None),
            }
        }
    }
    staged
}

/// No target takes a NUL in text, and a reason may speak of one.
fn without_nul(text: &SmolStr) -> SmolStr {
    if text.contains('\0') { SmolStr::new(text.replace('\0', "\u{2400}")) } else { text.clone() }
}

/// Adds tables to those that there are. Rows of one table may come from several sources: pins, what waits, what is rejected.
pub(super) fn merge(all: &mut Vec<Staged>, more: Vec<Staged>) {
    for table in more {
        match all.iter_mut().find(|known| known.name == table.name) {
            Some(known) => known.append(table),
            None => all.push(table),
        }
    }
}

/// What a cell of an answer says, as text.
pub(super) fn text_of(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Null => None,
        Cell::Bool(value) => Some(value.to_string()),
        Cell::Int(value) => Some(value.to_string()),
        Cell::BigInt(value) => Some(value.to_string()),
        Cell::Float(value) => Some(value.to_string()),
        Cell::Text(text) => Some(text.clone()),
        Cell::List(_) | Cell::Map(_) => Some(format!("{cell:?}")),
    }
}

/// What a cell of an answer says, as a number.
pub(super) fn number_of(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Int(value) => Some(*value),
        Cell::BigInt(value) => i64::try_from(*value).ok(),
        Cell::Text(text) => text.parse().ok(),
        _ => None,
    }
}

/// The bytes that a cell of an answer writes in hexadecimal.
pub(super) fn bytes_of(cell: &Cell) -> Option<Bytes> {
    let Cell::Text(text) = cell else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> = pairs
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect();
    bytes.map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use playhead_ports::FieldType;

    use super::*;

    #[test]
    fn a_row_fills_fields_by_their_names() {
        let field = |name: &str, of| Field { name: name.to_owned(), of };
        let fields =
            vec![field("reason", FieldType::Text), field("_offset", FieldType::Int), field("x", FieldType::Bytes)];
        let row: Row = [("_offset", Value::Int(Some(7))), ("reason", "a\0b".into())].into();
        let staged = filled("rejects", fields, &[row]);
        assert_eq!(staged.problem(), None);
        assert_eq!(staged.values[0], FieldValues::Text(vec![Some("a\u{2400}b".into())]));
        assert_eq!(staged.values[1], FieldValues::Int(vec![Some(7)]));
        assert_eq!(staged.values[2], FieldValues::Bytes(vec![None]));
    }

    #[test]
    fn bytes_come_back_from_hexadecimal_text() {
        assert_eq!(bytes_of(&Cell::Text("00fFa0".into())), Some(Bytes::from_static(&[0, 255, 160])));
        assert_eq!(bytes_of(&Cell::Text(String::new())), Some(Bytes::new()));
        assert_eq!(bytes_of(&Cell::Text("0".into())), None);
        assert_eq!(bytes_of(&Cell::Text("zz".into())), None);
    }
}
