//! The target that a URL names.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use playhead_duckdb::DuckTarget;
use playhead_ports::Target;
use playhead_postgres::PostgresTarget;

use crate::config::Config;

const SCHEMES: &str = "duckdb:FILE or postgres://USER@HOST:PORT/DATABASE";

/// Opens `duckdb:FILE` or `postgres://...`.
pub(crate) fn open_target(url: &str, config: &Config) -> Result<Arc<dyn Target>> {
    if let Some(file) = url.strip_prefix("duckdb:") {
        anyhow::ensure!(!file.is_empty(), "--into {url} names no file: {SCHEMES}");
        let target = DuckTarget::open(Path::new(file), config.warehouse.clone());
        return Ok(Arc::new(target.with_context(|| format!("the database {file}"))?));
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Arc::new(PostgresTarget::new(url, config.postgres.clone()).context("the database")?));
    }
    bail!("the database must be {SCHEMES}");
}
