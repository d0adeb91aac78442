//! How names, texts and lists are written. Names are always quoted; no text of a message is ever written.

use playhead_ports::{Dialect, FieldType};

use crate::plan::{FeedPlan, TablePlan};

/// A name, quoted.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A column of something that has a short name in the statement.
pub(crate) fn of(alias: &str, column: &str) -> String {
    format!("{alias}.{}", quoted(column))
}

/// A table with its schema.
pub(crate) fn table(table: &TablePlan) -> String {
    format!("{}.{}", quoted(&table.schema), quoted(&table.name))
}

/// A text, quoted. It is of the spec, never of a message.
pub(crate) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// Names, quoted, with commas between.
pub(crate) fn names<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    list(names.into_iter().map(|name| quoted(name.as_ref())))
}

/// Columns of an alias, with commas between.
pub(crate) fn columns<S: AsRef<str>>(alias: &str, names: impl IntoIterator<Item = S>) -> String {
    list(names.into_iter().map(|name| of(alias, name.as_ref())))
}

/// Parts, with commas between.
pub(crate) fn list(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().collect::<Vec<_>>().join(", ")
}

/// Conditions that all hold; none hold always.
pub(crate) fn all(conditions: impl IntoIterator<Item = String>) -> String {
    let joined = conditions.into_iter().collect::<Vec<_>>().join(" AND ");
    if joined.is_empty() { "TRUE".into() } else { joined }
}

/// Whether the columns of two aliases are equal; they are never null.
pub(crate) fn equal<S: AsRef<str>>(left: &str, right: &str, names: impl IntoIterator<Item = S>) -> String {
    all(names.into_iter().map(|name| format!("{} = {}", of(left, name.as_ref()), of(right, name.as_ref()))))
}

/// What the value is ordered by: the same order in each dialect, whatever the database's collation.
pub(crate) fn ordered(dialect: Dialect, kind: FieldType, value: &str) -> String {
    match (dialect, kind) {
        (Dialect::DuckDb, _) => value.to_owned(),
        (_, FieldType::Text) => format!("{value} COLLATE \"C\""),
        (_, FieldType::Json) => format!("CAST({value} AS text) COLLATE \"C\""),
        _ => value.to_owned(),
    }
}

/// Whether a row comes before another in the order of these columns; nothing comes last.
pub(crate) fn before(dialect: Dialect, left: &str, right: &str, columns: &[(String, FieldType, bool)]) -> String {
    let Some(((name, kind, nullable), rest)) = columns.split_first() else { return "FALSE".into() };
    let (a, b) = (ordered(dialect, *kind, &of(left, name)), ordered(dialect, *kind, &of(right, name)));
    let less = if *nullable {
        format!("({a} < {b} OR ({b} IS NULL AND {a} IS NOT NULL))", a = a, b = b)
    } else {
        format!("{a} < {b}")
    };
    if rest.is_empty() {
        return less;
    }
    let same = if *nullable { format!("{a} IS NOT DISTINCT FROM {b}") } else { format!("{a} = {b}") };
    format!("({less} OR ({same} AND {}))", before(dialect, left, right, rest))
}

/// The rows of a table's staged feeds, with the table's own names: one SELECT a feed, with these columns and that condition
/// on each.
pub(crate) fn staged(feeds: &[&FeedPlan], names: &[&str], condition: impl Fn(&FeedPlan) -> String) -> String {
    let select = |feed: &&FeedPlan| {
        let column = |name: &&str| match feed.field(name) {
            field if field == *name => quoted(name),
            field => format!("{} AS {}", quoted(field), quoted(name)),
        };
        let columns = list(names.iter().map(column));
        format!("SELECT {columns} FROM {} WHERE {}", quoted(&feed.stage), condition(feed))
    };
    feeds.iter().map(select).collect::<Vec<_>>().join(" UNION ALL ")
}
