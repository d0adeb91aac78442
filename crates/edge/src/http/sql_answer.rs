//! An analyst's answer as JSON, CSV or NDJSON.

use playhead_ports::Cell;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// A value as JSON. A whole number beyond 64 bits is text, as few readers would keep it; so is what is not finite.
pub(crate) struct CellJson<'a>(pub(crate) &'a Cell);

impl Serialize for CellJson<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Cell::Null => to.serialize_unit(),
            Cell::Bool(value) => to.serialize_bool(*value),
            Cell::Int(value) => to.serialize_i64(*value),
            Cell::BigInt(value) => match u64::try_from(*value) {
                Ok(value) => to.serialize_u64(value),
                Err(_) => to.collect_str(value),
            },
            Cell::Float(value) if value.is_finite() => to.serialize_f64(*value),
            Cell::Float(value) => to.collect_str(value),
            Cell::Text(value) => to.serialize_str(value),
            Cell::List(values) => values.iter().map(CellJson).collect::<Vec<_>>().serialize(to),
            Cell::Map(entries) => {
                let mut map = to.serialize_map(Some(entries.len()))?;
                for (name, value) in entries {
                    map.serialize_entry(name, &CellJson(value))?;
                }
                map.end()
            }
        }
    }
}

/// A row as a JSON array.
pub(crate) struct RowJson<'a>(pub(crate) &'a [Cell]);

impl Serialize for RowJson<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut seq = to.serialize_seq(Some(self.0.len()))?;
        for cell in self.0 {
            seq.serialize_element(&CellJson(cell))?;
        }
        seq.end()
    }
}

/// A row as a JSON object, by column.
struct NamedRow<'a>(&'a [String], &'a [Cell]);

impl Serialize for NamedRow<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.1.len()))?;
        for (name, cell) in self.0.iter().zip(self.1) {
            map.serialize_entry(name, &CellJson(cell))?;
        }
        map.end()
    }
}

/// Adds rows, each a line of JSON.
pub(crate) fn ndjson(columns: &[String], rows: &[Vec<Cell>], to: &mut Vec<u8>) {
    for row in rows {
        serde_json::to_writer(&mut *to, &NamedRow(columns, row)).expect("a row has nothing that JSON has not");
        to.push(b'\n');
    }
}

/// Adds the head of a CSV file.
pub(crate) fn csv_head(columns: &[String], to: &mut Vec<u8>) {
    csv_line(columns.iter().map(|column| column.as_str().into()), to);
}

/// Adds rows, each a line of CSV (RFC 4180): nothing is an empty field, lists and maps are JSON.
pub(crate) fn csv(rows: &[Vec<Cell>], to: &mut Vec<u8>) {
    for row in rows {
        csv_line(row.iter().map(csv_text), to);
    }
}

fn csv_text(cell: &Cell) -> std::borrow::Cow<'_, str> {
    match cell {
        Cell::Null => "".into(),
        Cell::Text(text) => text.as_str().into(),
        Cell::BigInt(value) => value.to_string().into(),
        other => serde_json::to_string(&CellJson(other)).expect("a value has nothing that JSON has not").into(),
    }
}

fn csv_line<'a>(fields: impl Iterator<Item = std::borrow::Cow<'a, str>>, to: &mut Vec<u8>) {
    for (place, field) in fields.enumerate() {
        if place > 0 {
            to.push(b',');
        }
        if field.contains(['"', ',', '\r', '\n']) {
            to.push(b'"');
            to.extend_from_slice(field.replace('"', "\"\"").as_bytes());
            to.push(b'"');
        } else {
            to.extend_from_slice(field.as_bytes());
        }
    }
    to.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Vec<Cell> {
        vec![
            Cell::Null,
            Cell::Int(-1),
            Cell::BigInt(i128::from(u64::MAX)),
            Cell::BigInt(i128::MAX),
            Cell::Float(0.5),
            Cell::Float(f64::NAN),
            Cell::Text("a,\"b\"".to_owned()),
            Cell::List(vec![Cell::Bool(true)]),
            Cell::Map(vec![("k".to_owned(), Cell::Int(1))]),
        ]
    }

    #[test]
    fn json_keeps_numbers_of_64_bits_and_writes_larger_ones_as_text() {
        let json = serde_json::to_string(&RowJson(&row())).expect("JSON");
        let expected = "[null,-1,18446744073709551615,\"170141183460469231731687303715884105727\",0.5,\"NaN\",\
                        \"a,\\\"b\\\"\",[true],{\"k\":1}]";
        assert_eq!(json, expected);
    }

    #[test]
    fn csv_quotes_only_what_must_be() {
        let mut to = Vec::new();
        csv_head(&["a".to_owned(), "b c".to_owned()], &mut to);
        csv(&[row()], &mut to);
        let expected = "a,b c\r\n,-1,18446744073709551615,170141183460469231731687303715884105727,0.5,\"\"\"NaN\"\"\",\
                        \"a,\"\"b\"\"\",[true],\"{\"\"k\"\":1}\"\r\n";
        assert_eq!(String::from_utf8(to).expect("UTF-8"), expected);
    }
}
