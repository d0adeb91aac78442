//! An answer as a Parquet file. The types follow from the values: integers, numbers, booleans; all else is text.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use serde_json::Value;

use super::plain;
use crate::ask::Rows;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Bools,
    Ints,
    Numbers,
    Text,
}

/// Writes the file; nothing is left of it if that fails.
pub(super) fn write(path: &Path, rows: &Rows) -> anyhow::Result<()> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    write_to(file, rows).with_context(|| {
        // The error that is told is the first one.
        drop(std::fs::remove_file(path));
        format!("cannot write {}", path.display())
    })
}

fn write_to(file: File, rows: &Rows) -> Result<()> {
    let holds: Vec<Holds> = (0..rows.columns.len()).map(|at| holds(rows, at)).collect();
    let fields =
        names(&rows.columns).iter().zip(&holds).map(|(name, &holds)| field(name, holds)).collect::<Result<_>>()?;
    let schema = Type::group_type_builder("answer").with_fields(fields).build()?;
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for (at, &holds) in holds.iter().enumerate() {
        let mut column = group.next_column()?.expect("the schema has a column for each");
        write_column(&mut column, rows, at, holds)?;
        column.close()?;
    }
    group.close()?;
    writer.close()?;
    Ok(())
}

fn holds(rows: &Rows, at: usize) -> Holds {
    let mut values = rows.rows.iter().filter_map(|row| row.get(at)).filter(|value| !value.is_null()).peekable();
    let Some(first) = values.peek() else { return Holds::Text };
    if first.is_boolean() && values.clone().all(Value::is_boolean) {
        Holds::Bools
    } else if values.clone().all(Value::is_i64) {
        Holds::Ints
    } else if values.all(Value::is_number) {
        Holds::Numbers
    } else {
        Holds::Text
    }
}

/// The names of the columns; a file may not have one twice.
fn names(columns: &[String]) -> Vec<String> {
    let mut taken = HashSet::new();
    let unique = |name: &String| {
        let mut candidate = name.clone();
        let mut number = 1;
        while !taken.insert(candidate.clone()) {
            number += 1;
            candidate = format!("{name}_{number}");
        }
        candidate
    };
    columns.iter().map(unique).collect()
}

fn field(name: &str, holds: Holds) -> Result<Arc<Type>> {
    let (physical, logical) = match holds {
        Holds::Bools => (Physical::BOOLEAN, None),
        Holds::Ints => (Physical::INT64, None),
        Holds::Numbers => (Physical::DOUBLE, None),
        Holds::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
        .map(Arc::new)
}

fn write_column(column: &mut SerializedColumnWriter<'_>, rows: &Rows, at: usize, holds: Holds) -> Result<()> {
    let cells = || rows.rows.iter().map(move |row| row.get(at).unwrap_or(&Value::Null));
    // 1: there is a value; 0: NULL.
    let levels: Vec<i16> = cells().map(|value| i16::from(!value.is_null())).collect();
    let levels = Some(&levels[..]);
    match holds {
        Holds::Bools => {
            let values: Vec<bool> = cells().filter_map(Value::as_bool).collect();
            column.typed::<BoolType>().write_batch(&values, levels, None)?;
        }
        Holds::Ints => {
            let values: Vec<i64> = cells().filter_map(Value::as_i64).collect();
            column.typed::<Int64Type>().write_batch(&values, levels, None)?;
        }
        Holds::Numbers => {
            let values: Vec<f64> = cells().filter_map(Value::as_f64).collect();
            column.typed::<DoubleType>().write_batch(&values, levels, None)?;
        }
        Holds::Text => {
            let values: Vec<ByteArray> =
                cells().filter_map(plain).map(|text| ByteArray::from(text.into_bytes())).collect();
            column.typed::<ByteArrayType>().write_batch(&values, levels, None)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("answer.parquet");
        let rows = Rows {
            columns: ["title", "n", "share", "done", "n"].map(str::to_owned).to_vec(),
            rows: vec![
                vec![json!("Körkarlen"), json!(1), json!(0.5), json!(true), json!([1, 2])],
                vec![Value::Null, Value::Null, json!(2), Value::Null, json!("x")],
            ],
            truncated: false,
        };
        write(&path, &rows).expect("it is written");
        let reader = SerializedFileReader::new(File::open(&path).expect("the file")).expect("Parquet");
        let read: Vec<String> =
            reader.get_row_iter(None).expect("rows").map(|row| row.expect("a row").to_string()).collect();
        assert_eq!(
            read,
            [
                r#"{title: "Körkarlen", n: 1, share: 0.5, done: true, n_2: "[1,2]"}"#,
                r#"{title: null, n: null, share: 2.0, done: null, n_2: "x"}"#,
            ]
        );
    }

    #[test]
    fn nothing_is_left_of_a_file_that_cannot_be_written() {
        let rows = Rows { columns: vec!["n".to_owned()], rows: Vec::new(), truncated: false };
        let missing = Path::new("/nonexistent/answer.parquet");
        assert!(write(missing, &rows).expect_err("no such directory").to_string().contains("cannot write"));
    }
}
