//! The databases that pipelines are loaded into: PostgreSQL in a cluster of its own, and DuckDB in a file.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use playhead_duckdb::DuckTarget;
use playhead_ports::Target;
use playhead_postgres::PostgresTarget;
use playhead_testkit::{Postgres, PostgresSetup};
use tempfile::TempDir;

use crate::ground::Ground;

/// Where databases are made.
pub(crate) struct Place {
    folder: TempDir,
    /// None: DuckDB.
    postgres: Option<Postgres>,
}

impl Place {
    /// A cluster whose commits wait for the disk, with the memory that a server of its own would be given.
    pub(crate) fn postgres(ground: &Ground) -> anyhow::Result<Self> {
        let folder = ground.new_folder()?;
        let setup = PostgresSetup::default()
            .fsync()
            .data_dir(folder.path().join("data"))
            .set("shared_buffers", "1GB")
            .set("max_wal_size", "8GB")
            .set("checkpoint_timeout", "15min");
        // The cluster runs as another account, which must be able to pass.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        Ok(Self { postgres: Some(setup.start()), folder })
    }

    pub(crate) fn duckdb(ground: &Ground) -> anyhow::Result<Self> {
        Ok(Self { folder: ground.new_folder()?, postgres: None })
    }

    /// A new database.
    pub(crate) fn database(&self, name: &str) -> anyhow::Result<Arc<dyn Target>> {
        Ok(match &self.postgres {
            Some(postgres) => {
                Arc::new(PostgresTarget::new(&postgres.create_database(name), playhead_postgres::Config::default())?)
            }
            None => {
                let file = self.folder.path().join(format!("{name}.duckdb"));
                Arc::new(DuckTarget::open(&file, playhead_duckdb::Config::default())?)
            }
        })
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.postgres.is_some()
    }

    /// A file beside its data that the cluster may read.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a statement in the cluster.
    pub(crate) fn sql(&self, database: &str, sql: &str) {
        if let Some(postgres) = &self.postgres {
            postgres.sql(database, sql);
        }
    }
}
