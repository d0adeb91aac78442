//! Staged rows: as Arrow arrays, and as temporary tables of a connection.

use std::sync::Arc;

use duckdb::Connection;
use duckdb::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, LargeBinaryArray, LargeStringArray,
    TimestampMicrosecondArray,
};
use duckdb::arrow::datatypes::{Field, Schema};
use duckdb::arrow::record_batch::RecordBatch;
use playhead_ports::{Dialect, FieldType, FieldValues, Staged, decimal};

use crate::failure::Failure;
use crate::open::ident;

/// A staged table in the engine's form.
pub(crate) struct TempTable {
    name: String,
    create: String,
    rows: RecordBatch,
}

/// Makes the engine's form of the tables, without holding anybody up; refuses what has a problem.
pub(crate) fn prepare(staged: &[Staged]) -> Result<Vec<TempTable>, Failure> {
    let twice =
        staged.iter().enumerate().find(|(at, table)| staged[..*at].iter().any(|other| other.name == table.name));
    let twice = twice.map(|(_, table)| format!("{} is staged twice", table.name));
    match twice.or_else(|| staged.iter().find_map(Staged::problem)) {
        Some(why) => Err(Failure::of_rows(why)),
        None => staged.iter().map(prepare_one).collect(),
    }
}

fn prepare_one(staged: &Staged) -> Result<TempTable, Failure> {
    let columns: Vec<_> = staged
        .fields
        .iter()
        .map(|field| format!("{} {}", ident(&field.name), Dialect::DuckDb.type_name(field.of)))
        .collect();
    let name = ident(&staged.name);
    let create = format!("CREATE OR REPLACE TEMP TABLE {name} ({})", columns.join(", "));
    let arrays: Vec<_> =
        staged.fields.iter().zip(&staged.values).map(|(field, values)| array(field.of, values)).collect();
    let fields: Vec<_> = staged
        .fields
        .iter()
        .zip(&arrays)
        .map(|(field, array)| Field::new(&field.name, array.data_type().clone(), true))
        .collect();
    let rows = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays);
    let rows = rows.map_err(|error| Failure::of_rows(error.to_string()))?;
    Ok(TempTable { name: staged.name.clone(), create, rows })
}

/// Values without a [`Staged::problem`]. Texts and bytes have wide offsets: a batch may hold more than 2 GiB.
fn array(of: FieldType, values: &FieldValues) -> ArrayRef {
    match (of, values) {
        (FieldType::Decimal { precision, scale }, FieldValues::Text(values)) => {
            let units = values.iter().map(|value| decimal(value.as_ref()?, precision, scale));
            let array = Decimal128Array::from_iter(units).with_precision_and_scale(precision, scale as i8);
            Arc::new(array.expect("a declared type holds its own decimals"))
        }
        (_, FieldValues::Text(values)) => {
            Arc::new(LargeStringArray::from_iter(values.iter().map(|value| value.as_deref())))
        }
        (_, FieldValues::Bytes(values)) => {
            Arc::new(LargeBinaryArray::from_iter(values.iter().map(|value| value.as_deref())))
        }
        (FieldType::Date, FieldValues::Int(values)) => {
            Arc::new(Date32Array::from_iter(values.iter().map(|value| value.map(|days| days as i32))))
        }
        (FieldType::Time, FieldValues::Int(values)) => Arc::new(TimestampMicrosecondArray::from(values.clone())),
        (_, FieldValues::Int(values)) => Arc::new(Int64Array::from(values.clone())),
        (_, FieldValues::Float(values)) => Arc::new(Float64Array::from(values.clone())),
        (_, FieldValues::Bool(values)) => Arc::new(BooleanArray::from(values.clone())),
    }
}

/// Makes the temporary tables of this connection, with their rows.
pub(crate) fn make(connection: &Connection, tables: &[TempTable]) -> Result<(), Failure> {
    for table in tables {
        connection.execute_batch(&table.create)?;
        if table.rows.num_rows() > 0 {
            let mut appender = connection.appender_to_catalog_and_db(&table.name, "temp", "main")?;
            appender.append_record_batch(table.rows.clone())?;
            appender.flush()?;
        }
    }
    Ok(())
}

/// Drops them again.
pub(crate) fn drop_all(connection: &Connection, tables: &[TempTable]) -> Result<(), Failure> {
    for table in tables {
        connection.execute_batch(&format!("DROP TABLE temp.{}", ident(&table.name)))?;
    }
    Ok(())
}
