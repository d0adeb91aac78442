//! Which tables there are, and changes of them.

use playhead_ports::FoundTable;

use crate::failure::{Failure, Kind};
use crate::session::Session;

/// Types are named as a plan names them, which is how the server names them, but for one.
const TABLES: &str = "SELECT n.nspname::text, c.relname::text, a.attname::text, \
     replace(format_type(a.atttypid, a.atttypmod), 'timestamp without time zone', 'timestamp') \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
     WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'p') \
     ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\", a.attnum";

/// The tables of these schemas, by schema and name.
pub(crate) async fn tables(session: &mut Session, schemas: &[String]) -> Result<Vec<FoundTable>, Failure> {
    let mut tables: Vec<FoundTable> = Vec::new();
    for row in session.client.query(TABLES, &[&schemas]).await? {
        let (schema, name): (&str, &str) = (row.get(0), row.get(1));
        if !tables.last().is_some_and(|table| table.schema == schema && table.name == name) {
            tables.push(FoundTable { schema: schema.to_owned(), name: name.to_owned(), columns: Vec::new() });
        }
        let column: (Option<String>, String) = (row.get(2), row.get(3));
        if let (Some(table), (Some(name), of)) = (tables.last_mut(), column) {
            table.columns.push((name, of));
        }
    }
    Ok(tables)
}

/// Runs the statements, all or none. One change after the other, whoever makes it.
pub(crate) async fn migrate(session: &mut Session, statements: &[String]) -> Result<(), Failure> {
    let client = &session.client;
    client.batch_execute("BEGIN; SELECT pg_advisory_xact_lock(hashtext('playhead.migrate'))").await?;
    for sql in statements {
        client.batch_execute(sql).await?;
    }
    client.batch_execute("COMMIT").await.map_err(|error| match Failure::from(error) {
        failure if failure.kind == Kind::Away => Failure::unknown(failure.message),
        failure => failure,
    })
}
