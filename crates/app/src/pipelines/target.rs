//! The target that a URL names.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use playhead_duckdb::DuckTarget;
use playhead_ports::Target;
use playhead_postgres::PostgresTarget;

use crate::config::Config;

const SCHEMES: &str = "duckdb:FILE or postgres://USER@HOST:PORT/DATABASE";

/// The file that a URL names, if it is of a file.
pub(crate) fn file_of(url: &str) -> Option<&Path> {
    url.strip_prefix("duckdb:").map(Path::new)
}

/// Refuses what names no database.
pub(crate) fn check_url(url: &str) -> Result<()> {
    match file_of(url) {
        Some(file) if file.as_os_str().is_empty() => bail!("the database {url} names no file: {SCHEMES}"),
        Some(_) => Ok(()),
        None if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            PostgresTarget::new(url, playhead_postgres::Config::default()).map(drop).context("the database")
        }
        None => bail!("the database must be {SCHEMES}"),
    }
}

/// Opens `duckdb:FILE` or `postgres://...`.
pub(crate) fn open_target(url: &str, config: &Config) -> Result<Arc<dyn Target>> {
    check_url(url)?;
    let Some(file) = file_of(url) else {
        return Ok(Arc::new(PostgresTarget::new(url, config.postgres.clone()).context("the database")?));
    };
    let target = DuckTarget::open(file, config.warehouse.clone());
    Ok(Arc::new(target.with_context(|| format!("the database {}", file.display()))?))
}
