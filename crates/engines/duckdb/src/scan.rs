//! Reading a table of facts whole and in order, chunk by chunk.

use std::sync::Arc;

use duckdb::arrow::array::{Array, AsArray, StructArray};
use duckdb::arrow::datatypes::{Date32Type, Int64Type, TimestampMicrosecondType, UInt64Type};
use playhead_ports::{Column, ColumnType, Columns, Table, Values, WarehouseError};
use smol_str::SmolStr;
use tokio::sync::mpsc;

use crate::database::Database;
use crate::failure::Failure;
use crate::gate::{Reader, Stop};
use crate::open::ident;
use crate::schema::list;

/// Chunks that may wait for whoever reads.
const CHUNKS_AHEAD: usize = 2;

/// Reads the table on a thread of its own until its end, or until nobody reads any more.
pub(crate) fn scan(
    database: Arc<Database>,
    table: &'static Table,
    order_by: &'static str,
    chunk: usize,
) -> mpsc::Receiver<Result<Columns, WarehouseError>> {
    let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
    tokio::task::spawn_blocking(move || {
        let scanned = database
            .reader()
            .and_then(|(inside, connection)| read(&connection, &inside.reader, table, order_by, chunk.max(1), &sender));
        if let Err(failure) = scanned {
            // Nobody may be there to be told.
            let _ = sender.blocking_send(Err(failure.into()));
        }
    });
    receiver
}

fn read(
    connection: &duckdb::Connection,
    reader: &Reader,
    table: &'static Table,
    order_by: &str,
    chunk: usize,
    sender: &mpsc::Sender<Result<Columns, WarehouseError>>,
) -> Result<(), Failure> {
    let columns = list(table.columns, str::to_owned);
    let order = ident(order_by);
    let sql = format!("SELECT {columns} FROM main.{} ORDER BY {order}", ident(table.name));
    let mut statement = connection.prepare(&sql)?;
    drop(statement.stream_arrow([])?);
    let mut rows = Columns::none_of(table.columns);
    while let Some(batch) = statement.step()? {
        let mut from = 0;
        while from < batch.len() {
            let count = (batch.len() - from).min(chunk - rows.rows());
            take(table.columns, &batch.slice(from, count), &mut rows);
            from += count;
            if rows.rows() == chunk
                && !give(reader, sender, std::mem::replace(&mut rows, Columns::none_of(table.columns)))?
            {
                return Ok(());
            }
        }
    }
    if rows.rows() > 0 {
        give(reader, sender, rows)?;
    }
    Ok(())
}

/// Gives a chunk; false if nobody takes it. Whoever reads slowly does not keep the gate from closing.
fn give(
    reader: &Reader,
    sender: &mpsc::Sender<Result<Columns, WarehouseError>>,
    rows: Columns,
) -> Result<bool, Failure> {
    let given = tokio::runtime::Handle::current().block_on(async {
        tokio::select! {
            sent = sender.send(Ok(rows)) => Some(sent.is_ok()),
            () = reader.stopped() => None,
        }
    });
    given.ok_or_else(|| match reader.why() {
        Some(Stop::TooLarge) => Failure::stopped("its memory was needed for a load"),
        _ => Failure::stopped("the database was needed alone"),
    })
}

fn take(columns: &[Column], batch: &StructArray, rows: &mut Columns) {
    for (at, (column, values)) in columns.iter().zip(&mut rows.0).enumerate() {
        let array = batch.column(at);
        match (column.of, values) {
            (ColumnType::Text, Values::Text(to)) => {
                to.extend(array.as_string::<i32>().iter().map(|value| value.map(SmolStr::new)));
            }
            (ColumnType::Int, Values::Int(to)) => to.extend(array.as_primitive::<Int64Type>().iter()),
            (ColumnType::Time, Values::Int(to)) => {
                let micros = array.as_primitive::<TimestampMicrosecondType>();
                to.extend(micros.iter().map(|value| value.map(|micros| micros.div_euclid(1_000))));
            }
            (ColumnType::Date, Values::Int(to)) => {
                to.extend(array.as_primitive::<Date32Type>().iter().map(|days| days.map(i64::from)));
            }
            (ColumnType::UInt, Values::UInt(to)) => to.extend(array.as_primitive::<UInt64Type>().iter()),
            (ColumnType::Bool, Values::Bool(to)) => to.extend(array.as_boolean().iter()),
            (ColumnType::Texts, Values::Texts(to)) => {
                let lists = array.as_list::<i32>();
                to.extend((0..lists.len()).map(|row| match lists.is_valid(row) {
                    true => lists.value(row).as_string::<i32>().iter().flatten().map(SmolStr::new).collect(),
                    false => Vec::new(),
                }));
            }
            (_, _) => unreachable!("values are made for their column's type"),
        }
    }
}
