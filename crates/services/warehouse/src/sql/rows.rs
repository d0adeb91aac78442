//! Kept rows: of every version of every message, from which satellites and marts are derived again where something comes late.

use playhead_ports::Dialect;

use super::loader::Loader;
use super::stg::{known, newest};
use super::writer::{columns, equal, list, names, of, quoted, table as name_of};
use crate::plan::system::{CONTENT, EVENT_TIME, IS_NEWEST, LOAD_TIME, MESSAGE, PLACE, VERSION};
use crate::plan::{FeedPlan, TablePlan};

const ROW: [&str; 4] = [MESSAGE, VERSION, CONTENT, PLACE];

pub(crate) fn load(loader: &mut Loader<'_>, table: &TablePlan) {
    let feed = &table.feeds[0];
    let messages = loader.messages_of(&feed.rows).map(str::to_owned);
    if let Some(source) = &messages {
        loader.push(table, "rows that are no longer of the newest version", cease(loader.dialect, table, source));
    }
    if loader.is_staged(&feed.stage) {
        let sql = insert(loader.dialect, table, feed, messages.as_deref());
        loader.push(table, "rows that are new", sql);
    }
}

/// A message may have no rows in its newest version: its older rows cease nevertheless.
fn cease(dialect: Dialect, table: &TablePlan, source: &str) -> String {
    let (known, newest, name) = (known(source), newest(source), name_of(table));
    let flag = quoted(IS_NEWEST);
    let changed = format!(
        "{known} AS k JOIN {newest} AS n ON {} AND NOT ({})",
        equal("n", "k", [MESSAGE]),
        equal("n", "k", [VERSION, CONTENT])
    );
    let is_older = format!("t.{flag} AND NOT ({})", equal("t", "n", [VERSION, CONTENT]));
    let same = equal("t", "k", [MESSAGE]);
    if dialect == Dialect::Postgres {
        // Message by message through the key: the server does not know how few are known, and would read all that is kept.
        return format!(
            "UPDATE {name} AS t SET {flag} = FALSE FROM (SELECT o.* FROM {changed} CROSS JOIN LATERAL \
             (SELECT {} FROM {name} AS t WHERE {same} AND {is_older} OFFSET 0) AS o OFFSET 0) AS o WHERE {}",
            columns("t", ROW),
            equal("t", "o", ROW),
        );
    }
    format!("UPDATE {name} AS t SET {flag} = FALSE FROM {changed} WHERE {same} AND {is_older}")
}

fn insert(dialect: Dialect, table: &TablePlan, feed: &FeedPlan, messages: Option<&str>) -> String {
    let name = name_of(table);
    let all = || table.columns.iter().map(|column| column.name.as_str());
    let staged = all().filter(|column| *column != IS_NEWEST);
    let key = columns("s", ROW);
    let (is_newest, join) = match messages {
        Some(source) => {
            let is_newest = format!("({} IS NOT NULL)", of("n", MESSAGE));
            (
                is_newest,
                format!(" LEFT JOIN {} AS n ON {}", newest(source), equal("n", "f", [MESSAGE, VERSION, CONTENT])),
            )
        }
        None => ("TRUE".to_owned(), String::new()),
    };
    // Only rows of known messages, or of the same times, can be there already.
    let there = match messages {
        Some(source) => format!(
            "SELECT {} FROM {name} AS h JOIN {} AS k ON {}",
            columns("h", ROW),
            known(source),
            equal("h", "k", [MESSAGE])
        ),
        None => format!("SELECT {} FROM {name} AS h", columns("h", ROW.into_iter().chain([EVENT_TIME]))),
    };
    let same = match messages {
        Some(_) => equal("h", "f", ROW),
        None => equal("h", "f", ROW.into_iter().chain([EVENT_TIME])),
    };
    let selected = all().map(|column| if column == IS_NEWEST { is_newest.clone() } else { of("f", column) });
    // By key, so that loaders that meet wait for one another; where nothing is locked, by time, so that whoever looks for late
    // rows reads the table's end alone.
    let (missing, order, conflict) = match dialect {
        Dialect::Postgres => (String::new(), columns("f", ROW), " ON CONFLICT DO NOTHING"),
        _ => (format!(" WHERE NOT EXISTS (SELECT 1 FROM ({there}) AS h WHERE {same})"), of("f", EVENT_TIME), ""),
    };
    format!(
        "INSERT INTO {name} ({}) SELECT {} FROM (SELECT DISTINCT ON ({key}) {} FROM {} AS s ORDER BY {key}, {}) AS f{join}\
         {missing} ORDER BY {order}{conflict}",
        names(all()),
        list(selected),
        columns("s", staged),
        quoted(&feed.stage),
        of("s", LOAD_TIME),
    )
}
