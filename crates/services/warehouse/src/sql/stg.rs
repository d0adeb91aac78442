//! Messages as they came: every version in the history, the newest by identity, and what waits or was rejected.
//!
//! The versions that were known before are noted first, in one look-up by message. Where none was, all else finds an empty
//! table and looks no further: so a batch of new messages costs the same whatever the history holds.

use playhead_ports::Dialect;

use super::loader::Loader;
use super::writer::{columns, equal, names, of, quoted, table as name_of, text};
use crate::plan::system::{CONTENT, LOAD_TIME, MESSAGE, OFFSET, PARTITION, TOPIC, VERSION};
use crate::plan::{Kind, TablePlan};

const VERSIONS: [&str; 3] = [MESSAGE, VERSION, CONTENT];
const COORDINATES: [&str; 3] = [TOPIC, PARTITION, OFFSET];

/// The table of the versions that were the newest before.
pub(crate) fn known(source: &str) -> String {
    quoted(&format!("known_{source}"))
}

/// The table of the versions that are the newest now.
pub(crate) fn newest(source: &str) -> String {
    quoted(&format!("newest_{source}"))
}

/// Notes which of the messages of a source are known, in which version.
pub(crate) fn note_messages(loader: &mut Loader<'_>, table: &TablePlan) {
    let feed = &table.feeds[0];
    if !loader.is_staged(&feed.stage) {
        return;
    }
    let sql = format!(
        "INSERT INTO {} ({}) SELECT {} FROM {} AS t WHERE t.{4} IN (SELECT {4} FROM {5})",
        known(&feed.rows),
        names(VERSIONS),
        columns("t", VERSIONS),
        name_of(table),
        quoted(MESSAGE),
        quoted(&feed.stage),
    );
    loader.push(table, "which messages are known", sql);
}

/// Takes in the messages of a source: `table` is that of the newest ones.
pub(crate) fn load_messages(loader: &mut Loader<'_>, table: &TablePlan) {
    let feed = &table.feeds[0];
    if !loader.is_staged(&feed.stage) {
        return;
    }
    let (source, stage) = (feed.rows.as_str(), quoted(&feed.stage));
    let (known, newest) = (known(source), newest(source));
    let version = names(VERSIONS);
    note_messages(loader, table);
    let sql = format!(
        "INSERT INTO {newest} ({version}) SELECT DISTINCT ON ({0}) {version} FROM \
         (SELECT {version} FROM {stage} UNION ALL SELECT {version} FROM {known}) AS v ORDER BY {0}, {1} DESC, {2} DESC",
        quoted(MESSAGE),
        quoted(VERSION),
        quoted(CONTENT),
    );
    loader.push(table, "which versions are the newest now", sql);
    if let Some(history) = loader.plan.keeper(Kind::History, source) {
        let sql = insert_history(loader.dialect, history, &stage, &known);
        loader.push(history, "versions that are new", sql);
    }
    newest_messages(loader, table, &stage, &known, &newest);
}

/// The first copy of each staged version `s` that fulfils what follows.
fn first_copies(stage: &str, of: &str) -> String {
    let key = columns("s", VERSIONS);
    let order = columns("s", [LOAD_TIME].into_iter().chain(COORDINATES));
    format!("SELECT DISTINCT ON ({key}) s.* FROM {stage} AS s{of} ORDER BY {key}, {order}")
}

fn insert_history(dialect: Dialect, table: &TablePlan, stage: &str, known: &str) -> String {
    let all = || table.columns.iter().map(|column| column.name.as_str());
    let name = name_of(table);
    let insert = format!(
        "INSERT INTO {name} ({}) SELECT {} FROM ({}) AS f",
        names(all()),
        columns("f", all()),
        first_copies(stage, "")
    );
    if dialect == Dialect::Postgres {
        return format!("{insert} ON CONFLICT DO NOTHING");
    }
    format!(
        "{insert} WHERE NOT EXISTS (SELECT 1 FROM (SELECT {} FROM {name} AS h JOIN {known} AS k ON {}) AS h WHERE {})",
        columns("h", VERSIONS),
        equal("h", "k", [MESSAGE]),
        equal("h", "f", VERSIONS),
    )
}

fn newest_messages(loader: &mut Loader<'_>, table: &TablePlan, stage: &str, known: &str, newest: &str) {
    let all = || table.columns.iter().map(|column| column.name.as_str());
    let name = name_of(table);
    let rest: Vec<&str> = all().filter(|column| *column != MESSAGE).collect();
    let newest = format!(" JOIN {newest} AS n ON {}", equal("s", "n", VERSIONS));
    let of_known = format!(
        "{newest} JOIN {known} AS k ON {} WHERE NOT ({})",
        equal("s", "k", [MESSAGE]),
        equal("s", "k", [VERSION, CONTENT])
    );
    let of_new = format!("{newest} WHERE NOT EXISTS (SELECT 1 FROM {known} AS k WHERE {})", equal("k", "s", [MESSAGE]));
    let set = |from: &str| {
        let set = rest.iter().map(|column| format!("{} = {}", quoted(column), of(from, column)));
        set.collect::<Vec<_>>().join(", ")
    };
    let sql = format!(
        "UPDATE {name} AS t SET {} FROM ({}) AS f WHERE {}",
        set("f"),
        first_copies(stage, &of_known),
        equal("t", "f", [MESSAGE]),
    );
    loader.push(table, "newer versions of known messages", sql);
    let version = |alias: &str| format!("({})", columns(alias, [VERSION, CONTENT]));
    let conflict = match loader.dialect {
        Dialect::Postgres => format!(
            " ON CONFLICT ({}) DO UPDATE SET {} WHERE {} > {}",
            quoted(MESSAGE),
            set("EXCLUDED"),
            version("EXCLUDED"),
            version("t"),
        ),
        _ => String::new(),
    };
    let alias = if loader.dialect == Dialect::Postgres { " AS t" } else { "" };
    let sql = format!(
        "INSERT INTO {name}{alias} ({}) SELECT {} FROM ({}) AS f ORDER BY {}{conflict}",
        names(all()),
        columns("f", all()),
        first_copies(stage, &of_new),
        of("f", MESSAGE),
    );
    loader.push(table, "new messages", sql);
}

/// Takes in pins, waiting messages or rejects: what is there stays as it was.
pub(crate) fn load_shared(loader: &mut Loader<'_>, table: &TablePlan) {
    if table.kind != Kind::Pins {
        settle(loader, table);
    }
    let feed = &table.feeds[0];
    if !loader.is_staged(&feed.stage) {
        return;
    }
    let all = || table.columns.iter().map(|column| column.name.as_str());
    let key = columns("s", &table.unique);
    let name = name_of(table);
    let (is_new, conflict) = match loader.dialect {
        Dialect::Postgres => (String::new(), " ON CONFLICT DO NOTHING"),
        _ => {
            let there = there(loader, table);
            (format!(" WHERE NOT EXISTS (SELECT 1 FROM {there} WHERE {})", equal("t", "s", &table.unique)), "")
        }
    };
    let sql = format!(
        "INSERT INTO {name} ({}) SELECT DISTINCT ON ({key}) {} FROM {} AS s{is_new} ORDER BY {key}{conflict}",
        names(all()),
        columns("s", all()),
        quoted(&feed.stage),
    );
    loader.push(table, "what is new", sql);
}

/// The rows `t` of a shared table that those of a batch may repeat: only known messages have pins.
fn there(loader: &Loader<'_>, table: &TablePlan) -> String {
    let messages = loader.plan.tables.iter().filter(|table| table.kind == Kind::Messages).map(|table| &table.feeds[0]);
    let known = messages.filter(|feed| loader.is_staged(&feed.stage)).map(|feed| known(&feed.rows));
    let known: Vec<String> = known.map(|known| format!("SELECT {} FROM {known}", quoted(MESSAGE))).collect();
    if table.kind != Kind::Pins || known.is_empty() {
        return format!("{} AS t", name_of(table));
    }
    let known = known.join(" UNION ALL ");
    format!("(SELECT p.* FROM {} AS p JOIN ({known}) AS k ON {}) AS t", name_of(table), equal("p", "k", [MESSAGE]))
}

/// A message that is loaded now waits no longer and is no reject; one that is rejected now waits no longer.
fn settle(loader: &mut Loader<'_>, table: &TablePlan) {
    let sources = loader.plan.tables.iter().filter(|table| table.kind == Kind::Messages);
    let mut stages: Vec<(String, Option<String>)> = Vec::new();
    for messages in sources.map(|table| &table.feeds[0]).filter(|feed| loader.is_staged(&feed.stage)) {
        stages.push((messages.stage.clone(), Some(messages.rows.clone())));
    }
    if table.kind == Kind::Waiting && loader.is_staged("rejects") {
        stages.push(("rejects".into(), None));
    }
    for (stage, source) in stages {
        let name = name_of(table);
        let (of_source, about) = match source {
            Some(source) => (format!("t.{} = {}", quoted("_source"), text(&source)), "what is loaded now"),
            None => (equal("t", "s", ["_source"]), "what is rejected now"),
        };
        let sql = format!(
            "DELETE FROM {name} AS t WHERE EXISTS (SELECT 1 FROM {} AS s WHERE {of_source} AND {})",
            quoted(&stage),
            equal("t", "s", COORDINATES),
        );
        loader.push(table, about, sql);
    }
}
