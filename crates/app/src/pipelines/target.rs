//! The target that a URL names.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use playhead_duckdb::DuckTarget;
use playhead_ports::Target;
use playhead_postgres::PostgresTarget;

use crate::config::Config;

const SCHEMES: &str = "duckdb:FILE or postgres://USER@HOST:PORT/DATABASE";
/// What a DuckDB file has behind the checksum that it begins with.
const MAGIC: &[u8] = b"DUCK";
const MAGIC_END: u64 = 12;
/// The file and the lock of a server's own warehouse.
const EMBEDDED: &str = "warehouse.duckdb";
const EMBEDDED_LOCK: &str = "warehouse.lock";

/// The file that a URL names, if it is of a file.
pub(crate) fn file_of(url: &str) -> Option<&Path> {
    url.strip_prefix("duckdb:").map(Path::new)
}

/// Refuses what names no database.
pub fn check_url(url: &str) -> Result<()> {
    let Some(file) = file_of(url) else {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return PostgresTarget::new(url, playhead_postgres::Config::default()).map(drop).context("the database");
        }
        bail!("`{}` names no database: it must be {SCHEMES}", shown(url));
    };
    let name = file.as_os_str().to_string_lossy();
    if name.is_empty() || name.ends_with('/') {
        bail!("the database `{url}` names no file: {SCHEMES}");
    }
    if name.starts_with(':') {
        bail!("the database `{url}` would be gone when the command ends: {SCHEMES}");
    }
    Ok(())
}

/// What was given, unless it may hold a password.
fn shown(url: &str) -> &str {
    if url.contains('@') { url.split_once(':').map_or("...", |(scheme, _)| scheme) } else { url }
}

/// Refuses a file that is no database, or that a server keeps its own tables in. DuckDB would open a file of JSON, CSV or
/// Parquet as a view beside tables that are never written.
pub(crate) fn check_file(file: &Path, data: &Path) -> Result<()> {
    let place = file.display();
    if file.is_dir() {
        bail!("the database {place} is a folder: {SCHEMES}");
    }
    let mut head = Vec::new();
    match File::open(file) {
        Ok(opened) => opened.take(MAGIC_END).read_to_end(&mut head).with_context(|| format!("cannot read {place}"))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {place}")),
    };
    if !head.ends_with(MAGIC) {
        bail!("{place} is there and is no DuckDB database: name another file, which is made if it is not there");
    }
    let folder = file.parent().map(whole);
    let is_of_server = file.file_name() == Some(EMBEDDED.as_ref())
        && folder.as_ref().is_some_and(|folder| folder.join(EMBEDDED_LOCK).exists());
    match folder {
        Some(folder) if is_of_server && folder != whole(&data.join("warehouse")) => bail!(
            "{place} is the warehouse of a server's data folder, and not of {}: name another file, or that folder with --data",
            data.display()
        ),
        _ => Ok(()),
    }
}

fn whole(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Opens `duckdb:FILE` or `postgres://...`.
pub(crate) fn open_target(url: &str, config: &Config) -> Result<Arc<dyn Target>> {
    check_url(url)?;
    let Some(file) = file_of(url) else {
        return Ok(Arc::new(PostgresTarget::new(url, config.postgres.clone()).context("the database")?));
    };
    check_file(file, &config.data)?;
    let target = DuckTarget::open(file, config.warehouse.clone());
    Ok(Arc::new(target.with_context(|| format!("the database {}", file.display()))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(checked: Result<()>) -> String {
        checked.expect_err("it is refused").to_string()
    }

    #[test]
    fn what_names_no_database_is_refused_with_the_value_and_the_forms() {
        for url in ["duckdb:", "duckdb::memory:", "duckdb:folder/", "orders.duckdb"] {
            let told = wrong(check_url(url));
            assert!(told.contains(&format!("`{url}`")) && told.contains(SCHEMES), "{told}");
        }
        assert!(!wrong(check_url("mysql://me:secret@here/x")).contains("secret"));
        check_url("duckdb:orders.duckdb").expect("a file");
    }

    #[test]
    fn a_file_that_is_no_database_is_refused_and_so_is_the_warehouse_of_another_server() {
        let own = tempfile::tempdir().expect("a folder");
        let (data, other) = (own.path().join("data"), own.path().join("other"));
        let write = |name: &str, bytes: &[u8]| {
            let path = own.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(&path, bytes).expect("written");
            path
        };
        let database = b"12345678DUCK and more";
        let lines = write("orders.ndjson", b"{\"a\":1}\n");
        assert!(wrong(check_file(&lines, &data)).contains("orders.ndjson is there and is no DuckDB database"));
        assert!(wrong(check_file(own.path(), &data)).contains("is a folder"));
        assert!(wrong(check_file(&write("empty.csv", b""), &data)).contains("is no DuckDB database"));
        check_file(&own.path().join("new.duckdb"), &data).expect("it is made");
        check_file(&write("old.duckdb", database), &data).expect("it is one");
        for folder in ["data", "other"] {
            write(&format!("{folder}/warehouse/{EMBEDDED_LOCK}"), b"");
            write(&format!("{folder}/warehouse/{EMBEDDED}"), database);
        }
        let embedded = |folder: &Path| check_file(&folder.join("warehouse").join(EMBEDDED), &data);
        embedded(&data).expect("its own");
        assert!(wrong(embedded(&other)).contains("is the warehouse of a server's data folder"));
    }
}
