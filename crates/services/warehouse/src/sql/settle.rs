//! Changes the rows of touched keys to what they are to be, and leaves alone what is so already.

use playhead_ports::Dialect;

use super::mart::all_of;
use super::writer::{all, columns, equal, list, names, of, quoted, table as name_of};
use crate::plan::TablePlan;

/// The statements that make the rows of the keys in `touched` those in `after`.
pub(super) fn settle(dialect: Dialect, table: &TablePlan, after: &str, touched: &str) -> [(&'static str, String); 2] {
    let name = name_of(table);
    let key = &table.unique;
    let rest: Vec<&str> = all_of(table).filter(|column| !key.iter().any(|key| key == column)).collect();
    let same = |left: &str, right: &str| {
        all(rest.iter().map(|column| format!("{} IS NOT DISTINCT FROM {}", of(left, column), of(right, column))))
    };
    let delete = match dialect {
        // A join of two small temporary tables is planned badly; their difference is not.
        Dialect::Postgres => format!(
            "DELETE FROM {name} AS t USING (SELECT {0} FROM {touched} EXCEPT SELECT {0} FROM {after}) AS w WHERE {1}",
            names(key),
            equal("t", "w", key),
        ),
        _ => format!(
            "DELETE FROM {name} AS t USING {touched} AS w WHERE {} AND NOT EXISTS (SELECT 1 FROM {after} AS a WHERE {} AND {})",
            equal("t", "w", key),
            equal("a", "t", key),
            same("a", "t"),
        ),
    };
    let (alias, conflict) = match dialect {
        Dialect::Postgres => {
            let set = list(rest.iter().map(|column| format!("{0} = EXCLUDED.{0}", quoted(column))));
            let differs = format!("NOT ({})", same("EXCLUDED", "t"));
            (" AS t", format!(" ON CONFLICT ({}) DO UPDATE SET {set} WHERE {differs}", names(key)))
        }
        _ => ("", String::new()),
    };
    let is_there = match dialect {
        Dialect::Postgres => format!("{} AND {}", equal("h", "a", key), same("h", "a")),
        _ => equal("h", "a", key),
    };
    let insert = format!(
        "INSERT INTO {name}{alias} ({}) SELECT {} FROM {after} AS a WHERE NOT EXISTS (SELECT 1 FROM {name} AS h WHERE {is_there}) \
         ORDER BY {}{conflict}",
        names(all_of(table)),
        columns("a", all_of(table)),
        columns("a", key),
    );
    [("rows that are gone or different", delete), ("rows that are new or different", insert)]
}
