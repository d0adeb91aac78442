//! The port's methods: each hands its work to a thread that may block, and waits for it.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use playhead_ports::{
    Advance, Answer, Checkpoint, Columns, CommitError, Export, Load, Query, QueryError, Shape, SinkError, Table,
    TopicPartition, Warehouse, WarehouseError,
};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::spawn_blocking;

use crate::database::Database;
use crate::failure::Failure;
use crate::upkeep::{self, Upkeep};
use crate::{Config, checkpoint, declare, export, load, query, scan, schema};

/// An embedded DuckDB as a warehouse.
pub struct DuckWarehouse {
    pub(crate) database: Arc<Database>,
    /// One permit a running query.
    pub(crate) queries: Arc<Semaphore>,
    _upkeep: Upkeep,
}

impl DuckWarehouse {
    /// Opens the warehouse in `dir`, which is made if it is not there. A folder belongs to one opener at a time.
    pub fn open(dir: &Path, config: Config) -> Result<Arc<Self>, WarehouseError> {
        let queries = Arc::new(Semaphore::new(config.queries_max));
        let database = Arc::new(Database::open(dir, config)?);
        let upkeep = upkeep::spawn(&database).map_err(|error| WarehouseError::Unavailable(error.to_string()))?;
        Ok(Arc::new(Self { database, queries, _upkeep: upkeep }))
    }

    /// Does something on a thread that may block. A caller that leaves does not stop it.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Database>) -> T + Send + 'static,
    ) -> T {
        blocking(&self.database, work).await
    }
}

/// Does something with the database on a thread that may block. A caller that leaves does not stop it.
pub(crate) async fn blocking<T: Send + 'static>(
    database: &Arc<Database>,
    work: impl FnOnce(&Arc<Database>) -> T + Send + 'static,
) -> T {
    let database = database.clone();
    match spawn_blocking(move || work(&database)).await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(done) => done,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The runtime ends before the work began, so nobody will ask for the answer.
        Err(Err(_)) => std::future::pending().await,
    }
}

#[async_trait]
impl Warehouse for DuckWarehouse {
    async fn declare(&self, tables: &'static [Table]) -> Result<(), WarehouseError> {
        self.blocking(move |database| declare::declare(database, tables)).await
    }

    async fn checkpoints(&self, consumer: &str, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError> {
        let consumer = consumer.to_owned();
        let of = of.to_vec();
        self.blocking(move |database| {
            let (_inside, connection) = database.reader()?;
            let standing = of.iter().map(|at| checkpoint::standing(&connection, &consumer, at));
            Ok(standing.collect::<Result<_, Failure>>()?)
        })
        .await
    }

    async fn load(&self, consumer: &str, load: Load, advances: &[Advance]) -> Result<(), CommitError> {
        let consumer = consumer.to_owned();
        let advances = advances.to_vec();
        self.blocking(move |database| {
            let changes = load::prepare(database, load)?;
            load::load(database, &consumer, &changes, &advances)
        })
        .await
    }

    async fn scan(
        &self,
        table: &'static str,
        order_by: &'static str,
        chunk: usize,
    ) -> Result<mpsc::Receiver<Result<Columns, WarehouseError>>, WarehouseError> {
        let wrong = |why: String| Err(WarehouseError::Mismatch(why));
        match self.database.table(table) {
            None => wrong(format!("table {table} has not been declared")),
            Some(of) if of.shape != Shape::Facts => wrong(format!("table {table} is no table of facts")),
            Some(of) if !of.columns.iter().any(|column| column.name == order_by) => {
                wrong(format!("table {table} has no column {order_by}"))
            }
            Some(of) => Ok(scan::scan(self.database.clone(), of, order_by, chunk)),
        }
    }

    async fn clear(&self, tables: &[&'static str]) -> Result<(), WarehouseError> {
        let find = |name: &&'static str| match self.database.table(name) {
            None => Err(WarehouseError::Mismatch(format!("table {name} has not been declared"))),
            Some(of) if of.shape == Shape::Facts => {
                Err(WarehouseError::Mismatch(format!("table {name} holds facts, which no rebuild brings back")))
            }
            Some(of) => Ok(of),
        };
        let tables = tables.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        self.blocking(move |database| Ok(clear(database, &tables)?)).await
    }

    async fn query(&self, query: Query) -> Result<Answer, QueryError> {
        query::query(self, query).await
    }

    async fn export_parquet(&self, query: Query) -> Result<Export, QueryError> {
        export::export(self, query).await
    }
}

fn clear(database: &Database, tables: &[&'static Table]) -> Result<(), Failure> {
    let mut writer = database.writer()?;
    let stored = tables.iter().flat_map(|table| schema::stored(table));
    let sql: String = stored.map(|stored| format!("DELETE FROM {};", stored.path())).collect();
    let cleared = Database::transaction(writer.connection()?, |connection| {
        connection.execute_batch(&sql)?;
        Ok::<(), Failure>(())
    });
    upkeep::mend(database, &mut writer, cleared)?;
    writer.tails.extend(tables.iter().map(|table| (table.name, 0)));
    Ok(())
}
