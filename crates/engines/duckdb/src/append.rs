//! Values of a load as Arrow arrays, which is the fastest way into the engine.

use std::sync::Arc;

use duckdb::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Int64Array, ListBuilder, StringArray, StringBuilder,
    TimestampMicrosecondArray, UInt64Array,
};
use duckdb::arrow::datatypes::{Field, Schema};
use duckdb::arrow::record_batch::RecordBatch;
use playhead_ports::{Column, ColumnType, Columns, Values};

use crate::failure::Failure;

/// The rows as a batch of these columns.
pub(crate) fn record_batch(columns: &[Column], rows: Columns) -> Result<RecordBatch, Failure> {
    if columns.len() != rows.0.len() {
        return Err(Failure::of_rows(format!("{} columns were given for {}", rows.0.len(), columns.len())));
    }
    let count = rows.rows();
    let mut fields = Vec::with_capacity(columns.len());
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(columns.len());
    for (column, values) in columns.iter().zip(rows.0) {
        if values.len() != count {
            return Err(Failure::of_rows(format!("column {} has {} of {count} values", column.name, values.len())));
        }
        let array = array(column, values)?;
        fields.push(Field::new(column.name, array.data_type().clone(), true));
        arrays.push(array);
    }
    batch(fields, arrays)
}

/// The batch with the number of its load in front of each row.
pub(crate) fn numbered(rows: &RecordBatch, load: i64) -> Result<RecordBatch, Failure> {
    let number: ArrayRef = Arc::new(Int64Array::from_value(load, rows.num_rows()));
    let first = Field::new("_load", number.data_type().clone(), true);
    let fields = [first].into_iter().chain(rows.schema().fields().iter().map(|field| field.as_ref().clone())).collect();
    batch(fields, [number].into_iter().chain(rows.columns().iter().cloned()).collect())
}

fn batch(fields: Vec<Field>, arrays: Vec<ArrayRef>) -> Result<RecordBatch, Failure> {
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|error| Failure::of_rows(error.to_string()))
}

fn array(column: &Column, values: Values) -> Result<ArrayRef, Failure> {
    let beyond = |value: i64| Failure::of_rows(format!("column {}: {value} is beyond what it can hold", column.name));
    let array: ArrayRef = match (column.of, values) {
        (ColumnType::Text, Values::Text(values)) => {
            Arc::new(StringArray::from_iter(values.iter().map(|value| value.as_deref())))
        }
        (ColumnType::Int, Values::Int(values)) => Arc::new(Int64Array::from(values)),
        (ColumnType::UInt, Values::UInt(values)) => Arc::new(UInt64Array::from(values)),
        (ColumnType::Bool, Values::Bool(values)) => Arc::new(BooleanArray::from(values)),
        (ColumnType::Time, Values::Int(values)) => {
            let micros = |ms: i64| ms.checked_mul(1_000).ok_or_else(|| beyond(ms));
            let micros: Result<Vec<_>, _> = values.into_iter().map(|value| value.map(micros).transpose()).collect();
            Arc::new(TimestampMicrosecondArray::from(micros?))
        }
        (ColumnType::Date, Values::Int(values)) => {
            let days = |days: i64| i32::try_from(days).map_err(|_| beyond(days));
            let days: Result<Vec<_>, _> = values.into_iter().map(|value| value.map(days).transpose()).collect();
            Arc::new(Date32Array::from(days?))
        }
        (ColumnType::Texts, Values::Texts(values)) => {
            let mut lists = ListBuilder::new(StringBuilder::new());
            for value in &values {
                value.iter().for_each(|text| lists.values().append_value(text));
                lists.append(true);
            }
            Arc::new(lists.finish())
        }
        (of, _) => return Err(Failure::of_rows(format!("column {} takes no such values: it is {of:?}", column.name))),
    };
    Ok(array)
}
