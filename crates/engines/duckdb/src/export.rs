//! The answer as a Parquet file: written into the only folder that statements may write to, read, and removed.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use duckdb::Connection;
use playhead_ports::{Export, Query, QueryError};

use crate::database::Database;
use crate::open::literal;
use crate::query::{Fault, guarded, permit};
use crate::warehouse::DuckWarehouse;
use crate::watch::PATIENCE;

/// Exports of this process so far, for their files' names.
static EXPORTS: AtomicU64 = AtomicU64::new(0);

/// Answers with a file. Whoever leaves stops it.
pub(crate) async fn export(warehouse: &DuckWarehouse, query: Query) -> Result<Export, QueryError> {
    let permit = permit(warehouse)?;
    let time_max = query.time_max;
    let until = Instant::now() + time_max;
    let database = warehouse.database.clone();
    let (answer, mut answered) = tokio::sync::oneshot::channel();
    let (left, leaving) = std::sync::mpsc::sync_channel::<()>(0);
    tokio::task::spawn_blocking(move || {
        let leaving = parking_lot::Mutex::new(leaving);
        let has_left = move || leaving.lock().try_recv() == Err(std::sync::mpsc::TryRecvError::Disconnected);
        let written = written(&database, &query, until, has_left);
        // Before whoever asked learns of the end, so that the next question finds room.
        drop(permit);
        // Nobody may wait any more.
        let _ = answer.send(written);
    });
    let patient_until = tokio::time::Instant::from_std(until + PATIENCE);
    let export = tokio::time::timeout_at(patient_until, &mut answered).await;
    drop(left);
    match export {
        Ok(export) => {
            export.unwrap_or_else(|_| Err(QueryError::Unavailable("the export ended without an answer".to_owned())))
        }
        // It does not heed that it was stopped.
        Err(_) => Err(QueryError::TooLong(time_max)),
    }
}

/// The file of an export, gone once it is read.
struct Written(PathBuf);

impl Written {
    fn named(database: &Database) -> Self {
        let number = EXPORTS.fetch_add(1, Ordering::Relaxed);
        Self(database.files.exports().join(format!("{number}.parquet")))
    }

    /// Writes what is selected, and says how many rows that is.
    fn write(&self, connection: &Connection, select: &str) -> Result<usize, Fault> {
        let path = literal(&self.0.to_string_lossy());
        Ok(connection.execute(&format!("COPY ({select}) TO {path} (FORMAT parquet, COMPRESSION zstd)"), [])?)
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // If it cannot be removed now, the next start removes it.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn written(
    database: &Arc<Database>,
    query: &Query,
    until: Instant,
    has_left: impl Fn() -> bool + Send + 'static,
) -> Result<Export, QueryError> {
    let (whole, cut) = (Written::named(database), Written::named(database));
    let size_max = database.config.export_max_bytes;
    let oversized = Arc::new(AtomicBool::new(false));
    let watched = {
        let (path, oversized) = (whole.0.clone(), oversized.clone());
        move || {
            let is_oversized = std::fs::metadata(&path).is_ok_and(|of| of.len() > size_max);
            oversized.fetch_or(is_oversized, Ordering::AcqRel);
            is_oversized || has_left()
        }
    };
    let copied = guarded(database, query, until, watched, |connection, _, sql| {
        // One more than may be given shows whether there are more.
        let rows_max = query.rows_max.min(i64::MAX as usize - 1);
        let rows =
            whole.write(connection, &format!("SELECT * FROM ({}\n) LIMIT {}", without_end(sql), rows_max + 1))?;
        if rows <= rows_max {
            return Ok(false);
        }
        let path = literal(&whole.0.to_string_lossy());
        cut.write(connection, &format!("SELECT * FROM read_parquet({path}) LIMIT {rows_max}"))?;
        Ok(true)
    });
    if oversized.load(Ordering::Acquire) {
        return Err(too_large(size_max));
    }
    let truncated = copied?;
    let path = if truncated { &cut.0 } else { &whole.0 };
    let lost = |error: std::io::Error| QueryError::Unavailable(format!("the export was lost: {error}"));
    if std::fs::metadata(path).map_err(lost)?.len() > size_max {
        return Err(too_large(size_max));
    }
    let bytes = std::fs::read(path).map(Bytes::from).map_err(lost)?;
    Ok(Export { bytes, truncated })
}

/// The statement as it stands in parentheses. One that passes the guard is whole, so nothing in it ends them early; its last
/// line may be a comment.
fn without_end(sql: &str) -> &str {
    sql.trim_end_matches(|letter: char| letter.is_whitespace() || letter == ';')
}

fn too_large(size_max: u64) -> QueryError {
    QueryError::TooLarge(format!("the file would have more than {size_max} bytes"))
}
