//! Staged rows in temporary tables of a session.

use std::collections::HashMap;

use futures::SinkExt;
use playhead_ports::{Dialect, Field, Staged};
use tokio_postgres::Client;

use crate::encode;
use crate::failure::Failure;
use crate::session::Session;

/// Below this the server's guesses do no harm.
const ANALYZED_ROWS_MIN: usize = 1_000;
/// What is known of a table scales with it, up to a point.
const ANALYZED_GROWTH: usize = 8;

/// The temporary tables that a session has, by name.
pub(crate) type TempTables = HashMap<String, TempTable>;

/// A temporary table.
pub(crate) struct TempTable {
    fields: Vec<Field>,
    /// How many rows it had when the server last took statistics of it.
    analyzed_rows: usize,
}

/// Makes the temporary tables that are missing. Not within a transaction, because they outlive it.
pub(crate) async fn make_tables(session: &mut Session, staged: &[Staged]) -> Result<(), Failure> {
    for staged in staged {
        match session.temp_tables.get(&staged.name) {
            Some(table) if table.fields == staged.fields => continue,
            Some(_) => {
                session.client.batch_execute(&format!("DROP TABLE {}", path(&staged.name))).await?;
                session.temp_tables.remove(&staged.name);
            }
            None => {}
        }
        session.client.batch_execute(&create(staged)).await?;
        let table = TempTable { fields: staged.fields.clone(), analyzed_rows: 0 };
        session.temp_tables.insert(staged.name.clone(), table);
    }
    Ok(())
}

/// Copies the rows in. Within a transaction, at whose end they are gone. Gives the tables that the server took statistics
/// of, which holds once the transaction is committed.
pub(crate) async fn fill<'a>(
    client: &Client,
    tables: &TempTables,
    staged: &'a [Staged],
) -> Result<Vec<&'a Staged>, Failure> {
    let mut analyzed = Vec::new();
    for staged in staged.iter().filter(|staged| staged.rows() > 0) {
        let sql = format!("COPY {} FROM STDIN (FORMAT binary)", path(&staged.name));
        let copying = client.copy_in(&sql).await?;
        futures::pin_mut!(copying);
        for chunk in encode::chunks(staged) {
            copying.feed(chunk).await?;
        }
        copying.finish().await?;
        let known = tables.get(&staged.name).map_or(0, |table| table.analyzed_rows);
        if staged.rows() >= ANALYZED_ROWS_MIN.max(known.saturating_mul(ANALYZED_GROWTH)) {
            client.batch_execute(&format!("ANALYZE {}", path(&staged.name))).await?;
            analyzed.push(staged);
        }
    }
    Ok(analyzed)
}

/// Remembers that these were analyzed.
pub(crate) fn remember(tables: &mut TempTables, analyzed: &[&Staged]) {
    for staged in analyzed {
        if let Some(table) = tables.get_mut(&staged.name) {
            table.analyzed_rows = staged.rows();
        }
    }
}

fn create(staged: &Staged) -> String {
    let fields: Vec<_> = staged
        .fields
        .iter()
        .map(|field| format!("{} {}", ident(&field.name), Dialect::Postgres.type_name(field.of)))
        .collect();
    format!("CREATE TEMP TABLE {} ({}) ON COMMIT DELETE ROWS", ident(&staged.name), fields.join(", "))
}

fn path(name: &str) -> String {
    format!("pg_temp.{}", ident(name))
}

/// The name as a quoted identifier.
fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
