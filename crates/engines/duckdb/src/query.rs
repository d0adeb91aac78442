//! Answering analysts: each query runs on a connection and a thread of its own, and its rows stream to whoever asked.

use std::sync::Arc;
use std::time::Instant;

use duckdb::arrow::array::{Array, StructArray};
use duckdb::{Connection, Statement};
use playhead_ports::{Answer, Cell, Query, QueryError};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::cell::cell;
use crate::database::Database;
use crate::failure::{Failure, Kind};
use crate::gate::{Reader, Stop};
use crate::warehouse::DuckWarehouse;
use crate::{guard, watch};

/// Chunks of rows that may wait for whoever asked.
const CHUNKS_AHEAD: usize = 4;

type Row = Vec<Cell>;
type Chunk = Result<Vec<Row>, QueryError>;

/// Begins to answer.
pub(crate) async fn query(warehouse: &DuckWarehouse, query: Query) -> Result<Answer, QueryError> {
    let permit = permit(warehouse)?;
    let database = warehouse.database.clone();
    let time_max = query.time_max;
    let until = Instant::now() + time_max;
    let patient_until = tokio::time::Instant::from_std(until + watch::PATIENCE);
    let (rows, receiver) = mpsc::channel(CHUNKS_AHEAD);
    let (head, columns) = oneshot::channel();
    let late = rows.downgrade();
    let running = tokio::task::spawn_blocking(move || {
        let mut asked = Asked { head: Some(head), rows };
        let answered = answer(&database, &query, until, &mut asked);
        // Before whoever asked learns of the end, so that the next question finds room.
        drop(permit);
        if let Err(error) = answered {
            asked.fail(error);
        }
    });
    let columns = match tokio::time::timeout_at(patient_until, columns).await {
        Ok(Ok(columns)) => columns?,
        Ok(Err(_)) => return Err(QueryError::Unavailable("the query ended without an answer".to_owned())),
        // It does not heed that it was stopped. It keeps its place until it ends, but nobody waits for that.
        Err(_) => return Err(QueryError::TooLong(time_max)),
    };
    tokio::spawn(async move {
        if tokio::time::timeout_at(patient_until, running).await.is_err()
            && let Some(rows) = late.upgrade()
        {
            // Whoever asked may have left.
            let _ = rows.send(Err(QueryError::TooLong(time_max))).await;
        }
    });
    Ok(Answer { columns, rows: receiver })
}

/// The right to run one query more.
pub(crate) fn permit(warehouse: &DuckWarehouse) -> Result<Running, QueryError> {
    let permit = warehouse.queries.clone().try_acquire_owned().map_err(|_| QueryError::Busy)?;
    metrics::gauge!("playhead_warehouse_queries_running").increment(1);
    Ok(Running { _permit: permit })
}

/// A running query is counted while this lives.
pub(crate) struct Running {
    _permit: OwnedSemaphorePermit,
}

impl Drop for Running {
    fn drop(&mut self) {
        metrics::gauge!("playhead_warehouse_queries_running").decrement(1);
    }
}

/// Whoever asked: gets the names of the columns once, then rows.
struct Asked {
    head: Option<oneshot::Sender<Result<Vec<String>, QueryError>>>,
    rows: mpsc::Sender<Chunk>,
}

impl Asked {
    fn fail(&mut self, error: QueryError) {
        // Whoever asked may have left; then nobody needs to know. A full channel is waited for no longer than it is read.
        match self.head.take() {
            Some(head) => drop(head.send(Err(error))),
            None => drop(self.rows.blocking_send(Err(error))),
        }
    }
}

fn answer(database: &Arc<Database>, query: &Query, until: Instant, asked: &mut Asked) -> Result<(), QueryError> {
    guarded(
        database,
        query,
        until,
        {
            let rows = asked.rows.clone();
            move || rows.is_closed()
        },
        |connection, reader, sql| {
            let mut statement = connection.prepare(sql).map_err(Fault::from)?;
            drop(statement.stream_arrow([]).map_err(Fault::from)?);
            if let Some(head) = asked.head.take() {
                let _ = head.send(Ok(statement.column_names()));
            }
            give_rows(&statement, reader, query.rows_max, &asked.rows)
        },
    )
}

/// What went wrong while a statement ran.
pub(crate) enum Fault {
    /// The engine failed.
    Engine(Failure),
    /// Something else, already in words for the one who asked.
    Told(QueryError),
}

impl From<duckdb::Error> for Fault {
    fn from(error: duckdb::Error) -> Self {
        Self::Engine(error.into())
    }
}

/// Runs something on a watched connection, with the statement as the guard has let it pass.
pub(crate) fn guarded<T>(
    database: &Arc<Database>,
    query: &Query,
    until: Instant,
    has_left: impl Fn() -> bool + Send + 'static,
    run: impl FnOnce(&Connection, &Arc<Reader>, &str) -> Result<T, Fault>,
) -> Result<T, QueryError> {
    let (inside, connection) = database.reader().map_err(|failure| QueryError::Unavailable(failure.message))?;
    let reader = inside.reader.clone();
    let _watched = watch::watch(database, &reader, until, has_left)
        .map_err(|error| QueryError::Unavailable(format!("no thread to watch the query: {error}")))?;
    let checked = guard::check(&connection, &query.sql, database.config.sql_max_bytes, &database.askable());
    let sql = checked.map_err(|error| match error {
        // It was stopped before it began.
        QueryError::Unavailable(message) if reader.why().is_some() => {
            told(Failure { kind: Kind::Interrupt, message }, reader.why(), query)
        }
        error => error,
    })?;
    run(&connection, &reader, &sql).map_err(|fault| match fault {
        Fault::Told(error) => error,
        Fault::Engine(failure) => told(failure, reader.why(), query),
    })
}

/// The failure in words for the one who asked.
fn told(failure: Failure, why: Option<Stop>, query: &Query) -> QueryError {
    match (failure.kind, why) {
        (Kind::Interrupt, Some(Stop::TooLong)) => QueryError::TooLong(query.time_max),
        (Kind::Interrupt, Some(Stop::TooLarge)) => {
            QueryError::TooLarge("all running queries were stopped, because they held too much together".to_owned())
        }
        (Kind::Interrupt, _) => QueryError::Unavailable("the query was stopped: ask again".to_owned()),
        _ if failure.is_of_memory() => QueryError::TooLarge(failure.message),
        (Kind::Statement, _) => QueryError::Invalid(failure.message),
        _ => QueryError::Unavailable(failure.message),
    }
}

fn give_rows(
    statement: &Statement<'_>,
    reader: &Reader,
    rows_max: usize,
    rows: &mpsc::Sender<Chunk>,
) -> Result<(), Fault> {
    let mut left = rows_max;
    while let Some(batch) = statement.step()? {
        let count = batch.len().min(left);
        let chunk = rows_of(&batch, count)?;
        left -= count;
        if !chunk.is_empty() && !give(reader, rows, chunk)? {
            return Ok(());
        }
        if count < batch.len() {
            return Err(Fault::Told(QueryError::TooMany(rows_max)));
        }
    }
    Ok(())
}

fn rows_of(batch: &StructArray, count: usize) -> Result<Vec<Row>, Fault> {
    let of_row = |row| batch.columns().iter().map(|column| cell(column, row)).collect::<Result<Row, _>>();
    (0..count).map(of_row).collect::<Result<_, _>>().map_err(|why| Fault::Told(QueryError::Invalid(why)))
}

/// Gives a chunk; false if nobody takes it. Whoever reads slowly is stopped like a slow query.
fn give(reader: &Reader, rows: &mpsc::Sender<Chunk>, chunk: Vec<Row>) -> Result<bool, Fault> {
    let given = tokio::runtime::Handle::current().block_on(async {
        tokio::select! {
            sent = rows.send(Ok(chunk)) => Some(sent.is_ok()),
            () = reader.stopped() => None,
        }
    });
    given.ok_or_else(|| Fault::Engine(Failure::stopped("it was not read in time")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use playhead_ports::Warehouse;

    use super::*;
    use crate::Config;

    /// Behind the closed gate a query heeds nothing.
    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_asked_is_answered_though_the_query_goes_on_and_keeps_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config { queries_max: 2, ..Config::default() };
        let warehouse = DuckWarehouse::open(folder.path(), config).expect("opens");
        let time_max = Duration::from_millis(10);
        let one = |time_max| Query { sql: "SELECT 1".to_owned(), rows_max: 1, time_max };
        let closed = warehouse.database.gate.close(Duration::ZERO, Stop::Evicted);
        assert_eq!(warehouse.query(one(time_max)).await.err(), Some(QueryError::TooLong(time_max)));
        assert_eq!(warehouse.export_parquet(one(time_max)).await, Err(QueryError::TooLong(time_max)));
        assert_eq!(warehouse.query(one(time_max)).await.err(), Some(QueryError::Busy));
        drop(closed);
        let patient_until = Instant::now() + Duration::from_secs(240);
        while let Err(error) = warehouse.query(one(Duration::from_secs(240))).await {
            assert!(error == QueryError::Busy && Instant::now() < patient_until, "{error}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
