//! The port `Target`: a database file of its own, or the embedded warehouse beside the tables of its service.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use playhead_ports::{
    Advance, Cell, Checkpoint, CommitError, Dialect, FoundTable, SinkError, Staged, Target, TargetError,
    TopicPartition, WarehouseError,
};

use crate::database::Database;
use crate::failure::Failure;
use crate::pipeline::{self, Batch};
use crate::warehouse::{DuckWarehouse, blocking};
use crate::{Config, ask, checkpoint, found, staged};

/// A DuckDB database as a target.
pub struct DuckTarget {
    database: Arc<Database>,
}

impl DuckTarget {
    /// Opens the database in this file, which is made if it is not there. A file belongs to one opener at a time.
    pub fn open(file: &Path, config: Config) -> Result<Self, WarehouseError> {
        Ok(Self { database: Arc::new(Database::open_file(file, config)?) })
    }

    /// Lets analysts ask these tables, each a schema and a name. Without this they see none that a target made: what a
    /// message held is for who may read messages, so whoever declares a pipeline says which of its tables are for all.
    pub fn show(&self, tables: &[(String, String)]) {
        let lower = |(schema, name): &(String, String)| (schema.to_ascii_lowercase(), name.to_ascii_lowercase());
        self.database.shown.write().extend(tables.iter().map(lower));
    }
}

impl DuckWarehouse {
    /// The same database as a target. They share the one writer.
    pub fn target(&self) -> DuckTarget {
        DuckTarget { database: self.database.clone() }
    }
}

#[async_trait]
impl Target for DuckTarget {
    fn dialect(&self) -> Dialect {
        Dialect::DuckDb
    }

    async fn tables(&self, schemas: &[String]) -> Result<Vec<FoundTable>, TargetError> {
        let schemas = schemas.to_vec();
        blocking(&self.database, move |database| Ok(found::tables(database, &schemas)?)).await
    }

    async fn migrate(&self, statements: &[String]) -> Result<(), TargetError> {
        let statements = statements.to_vec();
        blocking(&self.database, move |database| Ok(found::migrate(database, &statements)?)).await
    }

    async fn checkpoints(&self, consumer: &str, of: &[TopicPartition]) -> Result<Vec<Option<Checkpoint>>, SinkError> {
        let consumer = consumer.to_owned();
        let of = of.to_vec();
        blocking(&self.database, move |database| {
            let (_inside, connection) = database.reader()?;
            let standing = of.iter().map(|at| checkpoint::standing(&connection, &consumer, at));
            Ok(standing.collect::<Result<_, Failure>>()?)
        })
        .await
    }

    async fn place(&self, consumer: &str, checkpoints: &[Checkpoint]) -> Result<(), CommitError> {
        let (consumer, to) = (consumer.to_owned(), checkpoints.to_vec());
        blocking(&self.database, move |database| pipeline::place(database, &consumer, &to)).await
    }

    async fn load(
        &self,
        consumer: &str,
        staged: &[Staged],
        statements: &[String],
        advances: &[Advance],
    ) -> Result<Vec<u64>, CommitError> {
        let batch = Batch {
            consumer: consumer.to_owned(),
            staged: staged::prepare(staged)?,
            statements: statements.to_vec(),
            advances: advances.to_vec(),
        };
        blocking(&self.database, move |database| pipeline::load(database, &batch)).await
    }

    async fn select(&self, staged: &[Staged], sql: &str, rows_max: usize) -> Result<Vec<Vec<Cell>>, TargetError> {
        let staged = staged::prepare(staged)?;
        let sql = sql.to_owned();
        blocking(&self.database, move |database| ask::ask(database, &staged, &sql, rows_max)).await
    }
}
