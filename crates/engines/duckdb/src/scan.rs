//! Reading a table of facts whole and in order, chunk by chunk.
//!
//! It does not see one state of the table, when the database is needed alone meanwhile; whoever scans adds nothing to it.

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
    let scan = Scan { database, table, order_by, chunk: chunk.max(1), sender, place: Place::Start };
    tokio::task::spawn_blocking(move || scan.run());
    receiver
}

/// How far a scan has got.
#[derive(Clone, Copy)]
enum Place {
    /// Nothing was given.
    Start,
    /// So many rows of this value of the ordering column were given, and all of lesser values.
    Within { value: u64, rows: usize },
    /// The ordering column does not tell.
    Unknown,
}

struct Scan {
    database: Arc<Database>,
    table: &'static Table,
    order_by: &'static str,
    chunk: usize,
    sender: mpsc::Sender<Result<Columns, WarehouseError>>,
    place: Place,
}

impl Scan {
    fn run(mut self) {
        if let Err(failure) = self.all() {
            // Nobody may be there to be told.
            let _ = self.sender.blocking_send(Err(failure.into()));
        }
    }

    /// Reads everything. When the database is needed alone meanwhile, which may be for what its own reader loads, it goes on
    /// afterwards where it was.
    fn all(&mut self) -> Result<(), Failure> {
        loop {
            let (inside, connection) = self.database.reader()?;
            let done = self.pass(&connection, &inside.reader);
            let was_stopped = inside.reader.why().is_some();
            if !was_stopped || done.is_ok() || matches!(self.place, Place::Unknown) {
                return done;
            }
            tracing::debug!(table = self.table.name, "a scan was stopped; it goes on where it was");
        }
    }

    fn pass(&mut self, connection: &duckdb::Connection, reader: &Reader) -> Result<(), Failure> {
        let (sql, mut skip) = self.sql();
        let mut statement = connection.prepare(&sql)?;
        drop(statement.stream_arrow([])?);
        let mut rows = Columns::none_of(self.table.columns);
        while let Some(batch) = statement.step()? {
            let mut from = skip.min(batch.len());
            skip -= from;
            while from < batch.len() {
                let count = (batch.len() - from).min(self.chunk - rows.rows());
                take(self.table.columns, &batch.slice(from, count), &mut rows);
                from += count;
                if rows.rows() == self.chunk && !self.give(reader, &mut rows)? {
                    return Ok(());
                }
            }
        }
        if rows.rows() > 0 {
            self.give(reader, &mut rows)?;
        }
        Ok(())
    }

    /// The statement that reads what is left, and how many of its first rows were given. Rows of equal values stay in the
    /// order in which they were stored.
    fn sql(&self) -> (String, usize) {
        let columns = list(self.table.columns, str::to_owned);
        let (table, order) = (ident(self.table.name), ident(self.order_by));
        let (left, skip) = match self.place {
            Place::Within { value, rows } => (format!(" WHERE {order} >= {value}"), rows),
            Place::Start | Place::Unknown => (String::new(), 0),
        };
        (format!("SELECT {columns} FROM main.{table}{left} ORDER BY {order}, rowid"), skip)
    }

    /// Gives the rows; false if nobody takes them. Whoever reads slowly does not keep the gate from closing.
    fn give(&mut self, reader: &Reader, rows: &mut Columns) -> Result<bool, Failure> {
        let rows = std::mem::replace(rows, Columns::none_of(self.table.columns));
        let place = self.after(&rows);
        let given = tokio::runtime::Handle::current().block_on(async {
            tokio::select! {
                sent = self.sender.send(Ok(rows)) => Some(sent.is_ok()),
                () = reader.stopped() => None,
            }
        });
        let given = given.ok_or_else(|| match reader.why() {
            Some(Stop::TooLarge) => Failure::stopped("its memory was needed for a load"),
            _ => Failure::stopped("the database was needed alone"),
        })?;
        self.place = place;
        Ok(given)
    }

    /// The place after these rows.
    fn after(&self, rows: &Columns) -> Place {
        let ordering = self.table.columns.iter().position(|column| column.name == self.order_by);
        let Some(Values::UInt(values)) = ordering.map(|at| &rows.0[at]) else { return Place::Unknown };
        let Some(&Some(value)) = values.last() else { return Place::Unknown };
        let rows = values.iter().rev().take_while(|held| **held == Some(value)).count();
        match self.place {
            Place::Within { value: before, rows: given } if before == value => {
                Place::Within { value, rows: given + rows }
            }
            Place::Unknown => Place::Unknown,
            _ => Place::Within { value, rows },
        }
    }
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
