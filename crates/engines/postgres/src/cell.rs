//! Values of an answer as cells, from the server's binary form.

use std::error::Error;

use jiff::SignedDuration;
use jiff::civil::DateTime;
use playhead_ports::Cell;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Kind, Type};

use crate::numeric;

const EPOCH: DateTime = jiff::civil::date(2000, 1, 1).at(0, 0, 0, 0);

/// The value of that column, or why it has no cell.
pub(crate) fn cell(row: &Row, column: usize) -> Result<Cell, String> {
    let of = &row.columns()[column];
    let value: Option<Raw<'_>> = row.try_get(column).map_err(|error| error.to_string())?;
    let Some(Raw(bytes)) = value else { return Ok(Cell::Null) };
    of_type(of.type_(), bytes).ok_or_else(|| {
        format!("column {} is of the type {}, which cannot be read here: cast it to text", of.name(), of.type_())
    })
}

/// The bytes as they came.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn of_type(of: &Type, bytes: &[u8]) -> Option<Cell> {
    Some(match *of {
        Type::BOOL => Cell::Bool(bytes != [0]),
        Type::INT2 => Cell::Int(i16::from_be_bytes(bytes.try_into().ok()?).into()),
        Type::INT4 => Cell::Int(i32::from_be_bytes(bytes.try_into().ok()?).into()),
        Type::INT8 => Cell::Int(i64::from_be_bytes(bytes.try_into().ok()?)),
        Type::OID => Cell::Int(u32::from_be_bytes(bytes.try_into().ok()?).into()),
        Type::FLOAT4 => float(f32::from_be_bytes(bytes.try_into().ok()?).into()),
        Type::FLOAT8 => float(f64::from_be_bytes(bytes.try_into().ok()?)),
        Type::NUMERIC => whole_or_text(numeric::text(bytes)?),
        Type::BYTEA => Cell::Text(hex(bytes)),
        Type::DATE => day(i32::from_be_bytes(bytes.try_into().ok()?)),
        Type::TIMESTAMP | Type::TIMESTAMPTZ => time(i64::from_be_bytes(bytes.try_into().ok()?)),
        // The version of the form, then the text.
        Type::JSONB => text(bytes.get(1..)?)?,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::CHAR | Type::JSON | Type::UNKNOWN => {
            text(bytes)?
        }
        Type::VOID => Cell::Null,
        _ => match of.kind() {
            Kind::Array(items) => list(items, bytes)?,
            Kind::Enum(_) => text(bytes)?,
            Kind::Domain(base) => return of_type(base, bytes),
            _ => return None,
        },
    })
}

fn text(bytes: &[u8]) -> Option<Cell> {
    std::str::from_utf8(bytes).ok().map(|text| Cell::Text(text.to_owned()))
}

fn float(value: f64) -> Cell {
    if value.is_finite() { Cell::Float(value) } else { Cell::Text(value.to_string()) }
}

/// Sums of whole numbers come as decimals without a fraction.
fn whole_or_text(text: String) -> Cell {
    match (text.parse::<i64>(), text.parse::<i128>()) {
        (Ok(number), _) => Cell::Int(number),
        (_, Ok(number)) => Cell::BigInt(number),
        _ => Cell::Text(text),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn day(days: i32) -> Cell {
    let day = EPOCH.date().checked_add(SignedDuration::from_hours(24 * i64::from(days)));
    Cell::Text(day.map_or_else(|_| beyond(days.into()), |day| day.to_string()))
}

fn time(micros: i64) -> Cell {
    let time = EPOCH.checked_add(SignedDuration::from_micros(micros));
    Cell::Text(time.map_or_else(|_| beyond(micros), |time| time.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string()))
}

/// The server's infinite days and times, and those that the calendar here does not name.
fn beyond(value: i64) -> String {
    if value > 0 { "infinity" } else { "-infinity" }.to_owned()
}

/// Items of an array of one dimension, each with its length in front.
fn list(items: &Type, bytes: &[u8]) -> Option<Cell> {
    let number = |at: usize| Some(i32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let count = match number(0)? {
        0 => return Some(Cell::List(Vec::new())),
        1 => usize::try_from(number(12)?).ok()?,
        _ => return None,
    };
    let mut at = 20;
    let mut cells = Vec::with_capacity(count.min(bytes.len()));
    for _ in 0..count {
        let length = number(at)?;
        at += 4;
        match usize::try_from(length) {
            Ok(length) => {
                cells.push(of_type(items, bytes.get(at..at + length)?)?);
                at += length;
            }
            Err(_) => cells.push(Cell::Null),
        }
    }
    Some(Cell::List(cells))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_six_digits_at_both_ends_of_the_calendar() {
        assert_eq!(time(0), Cell::Text("2000-01-01 00:00:00.000000".into()));
        assert_eq!(time(-63_082_281_600_000_000), Cell::Text("0001-01-01 00:00:00.000000".into()));
        assert_eq!(time(252_455_615_999_999_999), Cell::Text("9999-12-31 23:59:59.999999".into()));
        assert_eq!(time(i64::MAX), Cell::Text("infinity".into()));
        assert_eq!(day(-730_119), Cell::Text("0001-01-01".into()));
        assert_eq!(day(i32::MIN), Cell::Text("-infinity".into()));
    }

    #[test]
    fn decimals_without_a_fraction_are_whole_numbers() {
        assert_eq!(whole_or_text("12".into()), Cell::Int(12));
        assert_eq!(whole_or_text("12.0".into()), Cell::Text("12.0".into()));
        assert_eq!(whole_or_text("-9223372036854775809".into()), Cell::BigInt(-9_223_372_036_854_775_809));
    }
}
