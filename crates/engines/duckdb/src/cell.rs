//! Values of an answer as cells, from the engine's Arrow arrays.

use duckdb::arrow::array::{Array, AsArray};
use duckdb::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use duckdb::arrow::util::display::{ArrayFormatter, FormatOptions};
use jiff::SignedDuration;
use playhead_ports::Cell;

/// The value of that row.
pub(crate) fn cell(array: &dyn Array, row: usize) -> Result<Cell, String> {
    if array.is_null(row) {
        return Ok(Cell::Null);
    }
    Ok(match array.data_type() {
        DataType::Null => Cell::Null,
        DataType::Boolean => Cell::Bool(array.as_boolean().value(row)),
        DataType::Int8 => Cell::Int(array.as_primitive::<Int8Type>().value(row).into()),
        DataType::Int16 => Cell::Int(array.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => Cell::Int(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Cell::Int(array.as_primitive::<Int64Type>().value(row)),
        DataType::UInt8 => Cell::Int(array.as_primitive::<UInt8Type>().value(row).into()),
        DataType::UInt16 => Cell::Int(array.as_primitive::<UInt16Type>().value(row).into()),
        DataType::UInt32 => Cell::Int(array.as_primitive::<UInt32Type>().value(row).into()),
        DataType::UInt64 => whole(array.as_primitive::<UInt64Type>().value(row).into()),
        // The engine's numbers of 128 bits, which sums of Int are, come as decimals without a fraction.
        DataType::Decimal128(_, 0) => whole(array.as_primitive::<Decimal128Type>().value(row)),
        DataType::Float32 => float(array.as_primitive::<Float32Type>().value(row).into()),
        DataType::Float64 => float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => Cell::Text(array.as_string::<i32>().value(row).to_owned()),
        DataType::LargeUtf8 => Cell::Text(array.as_string::<i64>().value(row).to_owned()),
        DataType::Utf8View => Cell::Text(array.as_string_view().value(row).to_owned()),
        DataType::Binary => Cell::Text(hex(array.as_binary::<i32>().value(row))),
        DataType::Date32 => day(array.as_primitive::<Date32Type>().value(row)),
        DataType::Timestamp(unit, _) => time(*unit, array, row),
        DataType::List(_) => list(array.as_list::<i32>().value(row).as_ref())?,
        DataType::LargeList(_) => list(array.as_list::<i64>().value(row).as_ref())?,
        DataType::FixedSizeList(_, _) => list(array.as_fixed_size_list().value(row).as_ref())?,
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns();
            let entries =
                fields.iter().zip(columns).map(|(field, column)| Ok((field.name().clone(), cell(column, row)?)));
            Cell::Map(entries.collect::<Result<_, String>>()?)
        }
        DataType::Map(_, _) => {
            let entries = array.as_map().value(row);
            let entry = |at| Ok((name(cell(entries.column(0), at)?), cell(entries.column(1), at)?));
            Cell::Map((0..entries.len()).map(entry).collect::<Result<_, String>>()?)
        }
        _ => written(array, row)?,
    })
}

fn list(items: &dyn Array) -> Result<Cell, String> {
    Ok(Cell::List((0..items.len()).map(|at| cell(items, at)).collect::<Result<_, _>>()?))
}

fn whole(value: i128) -> Cell {
    i64::try_from(value).map_or(Cell::BigInt(value), Cell::Int)
}

fn float(value: f64) -> Cell {
    if value.is_finite() { Cell::Float(value) } else { Cell::Text(value.to_string()) }
}

/// The key of a map as the name of an entry.
fn name(key: Cell) -> String {
    match key {
        Cell::Text(text) => text,
        Cell::Int(number) => number.to_string(),
        Cell::BigInt(number) => number.to_string(),
        Cell::Float(number) => number.to_string(),
        Cell::Bool(value) => value.to_string(),
        other => format!("{other:?}"),
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
    let epoch = jiff::civil::date(1970, 1, 1);
    let day = epoch.checked_add(jiff::Span::new().days(i64::from(days).clamp(-4_000_000, 4_000_000)));
    Cell::Text(day.map_or_else(|_| beyond(i64::from(days)), |day| day.to_string()))
}

/// A time with three digits after the second's point.
fn time(unit: TimeUnit, array: &dyn Array, row: usize) -> Cell {
    written_time(unit, array, row, "%Y-%m-%d %H:%M:%S%.3f")
}

/// A time with all the digits that are stored.
pub(crate) fn exact_time(unit: TimeUnit, array: &dyn Array, row: usize) -> Cell {
    written_time(unit, array, row, "%Y-%m-%d %H:%M:%S%.6f")
}

/// As a time of the calendar: the library's points in time end a day before the year 9999 does.
fn written_time(unit: TimeUnit, array: &dyn Array, row: usize, form: &str) -> Cell {
    let since = match unit {
        TimeUnit::Second => SignedDuration::from_secs(array.as_primitive::<TimestampSecondType>().value(row)),
        TimeUnit::Millisecond => {
            SignedDuration::from_millis(array.as_primitive::<TimestampMillisecondType>().value(row))
        }
        TimeUnit::Microsecond => {
            SignedDuration::from_micros(array.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        TimeUnit::Nanosecond => SignedDuration::from_nanos(array.as_primitive::<TimestampNanosecondType>().value(row)),
    };
    let at = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0).checked_add(since);
    Cell::Text(at.map_or_else(|_| "beyond the years 9999".to_owned(), |at| at.strftime(form).to_string()))
}

/// The engine's infinite days, and those that no calendar names.
fn beyond(days: i64) -> String {
    if days > 0 { "infinity" } else { "-infinity" }.to_owned()
}

/// Whatever else the engine has, as it writes it.
fn written(array: &dyn Array, row: usize) -> Result<Cell, String> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(array, &options).map_err(|error| error.to_string())?;
    Ok(Cell::Text(formatter.value(row).to_string()))
}

#[cfg(test)]
mod tests {
    use duckdb::arrow::array::TimestampMicrosecondArray;

    use super::*;

    #[test]
    fn the_last_time_that_is_accepted_is_written_as_such() {
        let of =
            |ms: i64| time(TimeUnit::Microsecond, &TimestampMicrosecondArray::from(vec![ms.saturating_mul(1_000)]), 0);
        assert_eq!(of(253_402_300_799_999), Cell::Text("9999-12-31 23:59:59.999".into()));
        assert_eq!(of(0), Cell::Text("1970-01-01 00:00:00.000".into()));
        assert_eq!(of(i64::MAX), Cell::Text("beyond the years 9999".into()));
    }
}
