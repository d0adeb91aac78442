//! Topics between roles: tables of STG that hold what one role has handed on and the next has not taken yet.
//!
//! What is handed on is committed with the rows and the checkpoint of who hands it on, and goes in the transaction of who takes
//! it: so each message passes exactly once. A partition's numbers are given under a lock that lasts until the commit, so they
//! become visible in their order. The last one stays, because the next number follows from it.

use playhead_ports::{Advance, Dialect, Field, FieldType, Staged};

use super::naming::quoted;
use super::staging::{Row, Value, filled};
use crate::plan::hash_of;
use crate::plan::system::{HEADERS, LOAD_TIME, OFFSET, PARTITION, PAYLOAD, TOPIC};

/// Partitions of a topic between roles. A message keeps its partition, modulo these.
pub(super) const PARTITIONS: u32 = 4;
/// The temporary table with what a load takes from the topic that it reads.
pub(super) const TAKEN: &str = "taken";

/// What is kept of a message, besides its place in the topic.
pub(super) const MESSAGE: [(&str, FieldType); 7] = [
    ("_source", FieldType::Text),
    (TOPIC, FieldType::Text),
    (PARTITION, FieldType::Int),
    (OFFSET, FieldType::Int),
    (LOAD_TIME, FieldType::Time),
    (PAYLOAD, FieldType::Bytes),
    (HEADERS, FieldType::Text),
];

/// A topic between roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Between {
    dialect: Dialect,
    pub(super) schema: String,
    pub(super) topic: String,
}

impl Between {
    pub(super) fn new(dialect: Dialect, schema: &str, topic: String) -> Self {
        Self { dialect, schema: schema.to_owned(), topic }
    }

    /// The table, quoted.
    pub(super) fn name(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.topic))
    }

    /// Makes the table.
    pub(super) fn create(&self) -> String {
        let int = self.dialect.type_name(FieldType::Int);
        let places = ["partition", "offset"].map(|name| format!("{} {int} NOT NULL", quoted(name)));
        let columns = MESSAGE.iter().map(|(name, of)| format!("{} {}", quoted(name), self.dialect.type_name(*of)));
        let mut parts: Vec<String> = places.into_iter().chain(columns).collect();
        if self.dialect != Dialect::DuckDb {
            parts.push("PRIMARY KEY (\"partition\", \"offset\")".to_owned());
        }
        format!("CREATE TABLE {} ({})", self.name(), parts.join(", "))
    }

    /// Hands on the messages of these sources, whose temporary tables a load brings along.
    pub(super) fn hand_on(&self, sources: &[&str]) -> Vec<String> {
        let mut statements = Vec::new();
        let stage = |source: &str| quoted(&format!("message_{source}"));
        let partition = |alias: &str| format!("{alias}.{} % {PARTITIONS}", quoted(PARTITION));
        if self.dialect != Dialect::DuckDb && !sources.is_empty() {
            let class = hash_of(&self.name()).cast_signed();
            let each =
                sources.iter().map(|source| format!("SELECT {} AS p FROM {} AS m", partition("m"), stage(source)));
            let all = each.collect::<Vec<_>>().join(" UNION ");
            statements.push(format!(
                "SELECT pg_advisory_xact_lock({class}, CAST(b.p AS integer)) FROM (SELECT p FROM ({all}) AS a ORDER BY p OFFSET 0) AS b"
            ));
        }
        let (table, columns) = (self.name(), |alias: &str| {
            MESSAGE[1..].iter().map(|(name, _)| format!("{alias}.{}", quoted(name))).collect::<Vec<_>>().join(", ")
        });
        for source in sources {
            statements.push(format!(
                "INSERT INTO {table} (\"partition\", \"offset\", {}) SELECT s.p, COALESCE((SELECT MAX(b.\"offset\") + 1 FROM {table} AS b \
                 WHERE b.\"partition\" = s.p), 0) + s.n, '{}', {} FROM (SELECT m.*, {partition} AS p, ROW_NUMBER() OVER \
                 (PARTITION BY {partition} ORDER BY m.{}, m.{}, m.{}) - 1 AS n FROM {} AS m) AS s",
                MESSAGE.map(|(name, _)| quoted(name)).join(", "),
                source.replace('\'', "''"),
                columns("s"),
                quoted(TOPIC),
                quoted(PARTITION),
                quoted(OFFSET),
                stage(source),
                partition = partition("m"),
            ));
        }
        statements
    }

    /// Takes what [`taken`] names away, but for the last one of each partition.
    pub(super) fn take(&self) -> String {
        let table = self.name();
        format!(
            "DELETE FROM {table} AS t USING \"{TAKEN}\" AS w WHERE t.\"partition\" = w.\"partition\" AND t.\"offset\" < w.\"below\" \
             AND t.\"offset\" < (SELECT MAX(b.\"offset\") FROM {table} AS b WHERE b.\"partition\" = w.\"partition\")"
        )
    }
}

/// The places below which these steps take everything.
pub(super) fn taken(advances: &[Advance]) -> Staged {
    let row = |advance: &Advance| -> Row {
        let below = i64::try_from(advance.to.0).unwrap_or(i64::MAX);
        [("partition", Value::Int(Some(i64::from(advance.at.partition)))), ("below", Value::Int(Some(below)))].into()
    };
    let field = |name: &str| Field { name: name.to_owned(), of: FieldType::Int };
    filled(TAKEN, ["partition", "below"].map(field).to_vec(), &advances.iter().map(row).collect::<Vec<_>>())
}
