//! The SQL of a declared table: what is stored for it, what analysts see, and how its tail is folded. Runs nothing.
//!
//! Loads only append: an update by key scans the target, which grows with history, while a tail stays short. So tables by
//! key are a main table without two rows of a key, and a tail of what came since; a view puts them together.

use playhead_ports::{Column, ColumnType, Shape, Table};

use crate::open::{ident, literal};

/// The schema of what analysts do not see.
pub(crate) const STORE: &str = "store";

/// What the store itself needs: checkpoints as inserted rows with a primary key, because an UPDATE would stop automatic
/// checkpoints while readers overlap, and the shapes of tables, to notice that a declaration has changed.
pub(crate) const BASICS: &str = "CREATE SCHEMA IF NOT EXISTS store;
CREATE TABLE IF NOT EXISTS store.checkpoints(consumer VARCHAR, topic VARCHAR, \"partition\" UINTEGER, log_id VARCHAR NOT NULL,
  next UBIGINT, PRIMARY KEY (consumer, topic, \"partition\", next));
CREATE TABLE IF NOT EXISTS store.shapes(name VARCHAR PRIMARY KEY, shape VARCHAR NOT NULL);";

/// The name of a type in SQL.
pub(crate) fn type_name(of: ColumnType) -> &'static str {
    match of {
        ColumnType::Text => "VARCHAR",
        ColumnType::Int => "BIGINT",
        ColumnType::UInt => "UBIGINT",
        ColumnType::Time => "TIMESTAMP",
        ColumnType::Date => "DATE",
        ColumnType::Bool => "BOOLEAN",
        ColumnType::Texts => "VARCHAR[]",
    }
}

/// A stored table of a declared one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Its schema.
    pub(crate) schema: &'static str,
    /// Its name.
    pub(crate) name: String,
    /// Whether each row begins with the number of the load that brought it.
    pub(crate) numbered: bool,
}

impl Stored {
    /// Schema and name.
    pub(crate) fn path(&self) -> String {
        format!("{}.{}", ident(self.schema), ident(&self.name))
    }
}

/// Where rows are appended.
pub(crate) fn tail(table: &Table) -> Stored {
    match table.shape {
        Shape::Facts => Stored { schema: "main", name: table.name.to_owned(), numbered: false },
        Shape::Newest { .. } => Stored { schema: STORE, name: format!("{}__tail", table.name), numbered: true },
        Shape::Totals { .. } => Stored { schema: STORE, name: format!("{}__tail", table.name), numbered: false },
    }
}

/// Where folded rows are; none for facts.
pub(crate) fn main(table: &Table) -> Option<Stored> {
    (table.shape != Shape::Facts).then(|| Stored {
        schema: STORE,
        name: format!("{}__main", table.name),
        numbered: false,
    })
}

/// All stored tables of a declared one.
pub(crate) fn stored(table: &Table) -> Vec<Stored> {
    main(table).into_iter().chain([tail(table)]).collect()
}

/// The shape in words, as it is remembered.
pub(crate) fn shape_name(table: &Table) -> String {
    let key: Vec<_> = table.key().iter().map(|column| column.name).collect();
    match table.shape {
        Shape::Facts => "facts".to_owned(),
        Shape::Newest { .. } => format!("newest by {}", key.join(", ")),
        Shape::Totals { .. } => format!("totals by {}", key.join(", ")),
    }
}

/// Makes a stored table.
pub(crate) fn create(table: &Table, stored: &Stored) -> String {
    let number = stored.numbered.then(|| "_load BIGINT NOT NULL".to_owned());
    let key = table.key().len();
    let columns = table.columns.iter().enumerate().map(|(at, column)| {
        let null = if at < key { " NOT NULL" } else { "" };
        format!("{} {}{null}", ident(column.name), type_name(column.of))
    });
    let columns: Vec<_> = number.into_iter().chain(columns).collect();
    format!("CREATE TABLE {} ({});", stored.path(), columns.join(", "))
}

/// Adds a column at the end of a stored table.
pub(crate) fn add_column(table: &Table, stored: &Stored, column: &Column) -> String {
    let default = if matches!(table.shape, Shape::Totals { .. }) { " DEFAULT 0" } else { "" };
    format!("ALTER TABLE {} ADD COLUMN {} {}{default};", stored.path(), ident(column.name), type_name(column.of))
}

/// The comments that analysts read, and the view if there is one.
pub(crate) fn present(table: &Table) -> String {
    let kind = if table.shape == Shape::Facts { "TABLE" } else { "VIEW" };
    let name = format!("main.{}", ident(table.name));
    let view = view(table).map(|select| format!("CREATE OR REPLACE VIEW {name} AS {select};\n")).unwrap_or_default();
    let of_table = format!("COMMENT ON {kind} {name} IS {};\n", literal(table.comment));
    let of_columns = table
        .columns
        .iter()
        .map(|column| format!("COMMENT ON COLUMN {name}.{} IS {};\n", ident(column.name), literal(column.comment)));
    view + &of_table + &of_columns.collect::<String>()
}

/// The columns, each made by `each`, with commas.
pub(crate) fn list<'a>(columns: impl IntoIterator<Item = &'a Column>, each: impl Fn(&str) -> String) -> String {
    columns.into_iter().map(|column| each(&ident(column.name))).collect::<Vec<_>>().join(", ")
}

fn same(name: &str) -> String {
    name.to_owned()
}

/// What analysts see of a table by key. Rows of the main table go through untouched unless the tail has their key.
fn view(table: &Table) -> Option<String> {
    let main = main(table)?.path();
    let tail = tail(table).path();
    let columns = list(table.columns, same);
    let key = list(table.key(), same);
    let newer = match table.shape {
        Shape::Facts => return None,
        Shape::Newest { .. } => newest_of_tail(table),
        Shape::Totals { .. } => sums(
            table,
            &format!(
                "(SELECT {columns} FROM {tail} UNION ALL SELECT {columns} FROM {main} SEMI JOIN {tail} USING ({key}))"
            ),
        ),
    };
    Some(format!("SELECT {columns} FROM {main} ANTI JOIN {tail} USING ({key}) UNION ALL {newer}"))
}

/// The newest row of each key in the tail.
pub(crate) fn newest_of_tail(table: &Table) -> String {
    let key = list(table.key(), same);
    format!(
        "SELECT {} FROM {} QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY _load DESC) = 1",
        list(table.columns, same),
        tail(table).path()
    )
}

/// Sums by key of the rows of `from` that are not all 0.
fn sums(table: &Table, from: &str) -> String {
    let (key, values) = table.columns.split_at(table.key().len());
    let summed = list(values, |name| format!("coalesce(sum({name}), 0)::BIGINT AS {name}"));
    let some = values.iter().map(|column| format!("coalesce(sum({}), 0) <> 0", ident(column.name)));
    let some: Vec<_> = some.collect();
    let key = list(key, same);
    format!("SELECT {key}, {summed} FROM {from} AS rows_of GROUP BY {key} HAVING {}", some.join(" OR "))
}

/// Folds the tail into the main table and empties it; to be run in a transaction.
pub(crate) fn fold(table: &Table) -> Option<String> {
    let main = main(table)?.path();
    let tail = tail(table).path();
    let columns = list(table.columns, same);
    let key = list(table.key(), same);
    let folded = match table.shape {
        Shape::Facts => return None,
        Shape::Newest { .. } => newest_of_tail(table),
        Shape::Totals { .. } => sums(
            table,
            &format!(
                "(SELECT {columns} FROM {tail} UNION ALL SELECT {columns} FROM {main} SEMI JOIN {tail} USING ({key}))"
            ),
        ),
    };
    let equal = table.key().iter().map(|column| format!("m.{0} = t.{0}", ident(column.name)));
    let equal: Vec<_> = equal.collect();
    Some(format!(
        "CREATE OR REPLACE TEMP TABLE folded AS {folded};
         DELETE FROM {main} AS m USING (SELECT DISTINCT {key} FROM {tail}) AS t WHERE {};
         INSERT INTO {main} SELECT {columns} FROM temp.folded;
         DELETE FROM {tail};
         DROP TABLE temp.folded;",
        equal.join(" AND ")
    ))
}
