//! Which tables there are, and changes of them.

use duckdb::params_from_iter;
use playhead_ports::FoundTable;

use crate::database::Database;
use crate::failure::Failure;
use crate::upkeep::mend;

/// The tables of these schemas, by schema and name.
pub(crate) fn tables(database: &Database, schemas: &[String]) -> Result<Vec<FoundTable>, Failure> {
    if schemas.is_empty() {
        return Ok(Vec::new());
    }
    let (_inside, connection) = database.reader()?;
    let asked = vec!["?"; schemas.len()].join(", ");
    let sql = format!(
        "SELECT t.schema_name, t.table_name, c.column_name, c.data_type \
         FROM duckdb_tables() t JOIN duckdb_columns() c USING (table_oid, database_name) \
         WHERE database_name = current_database() AND t.schema_name IN ({asked}) \
         ORDER BY t.schema_name, t.table_name, c.column_index"
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query(params_from_iter(schemas))?;
    let mut tables: Vec<FoundTable> = Vec::new();
    while let Some(row) = rows.next()? {
        let (schema, name): (String, String) = (row.get(0)?, row.get(1)?);
        let column = (row.get(2)?, row.get(3)?);
        match tables.last_mut().filter(|table| table.schema == schema && table.name == name) {
            Some(table) => table.columns.push(column),
            None => tables.push(FoundTable { schema, name, columns: vec![column] }),
        }
    }
    Ok(tables)
}

/// Runs the statements, all or none.
pub(crate) fn migrate(database: &Database, statements: &[String]) -> Result<(), Failure> {
    let mut writer = database.writer()?;
    let changed = Database::transaction(writer.connection()?, |connection| {
        statements.iter().try_for_each(|sql| Ok::<(), Failure>(connection.execute_batch(sql)?))
    });
    mend(database, &mut writer, changed)
}
