//! The SQL of the shop by kind of table and dialect, as files that are read in a review:
//! `tests/golden/<dialect>/<kind>.sql`.
//! `UPDATE_EXPECT=1` renews them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use expect_test::expect_file;
use playhead_ports::Dialect;
use playhead_warehouse::plan::{Kind, Plan, plan};
use playhead_warehouse::spec::Spec;
use playhead_warehouse::sql;

const DIALECTS: [Dialect; 3] = [Dialect::DuckDb, Dialect::Postgres, Dialect::Greenplum];

#[test]
fn the_sql_of_mode_safe_is_what_was_reviewed() {
    check(include_str!("spec.toml"), "");
}

#[test]
fn the_sql_of_mode_automate_dv_is_what_was_reviewed() {
    let spec =
        include_str!("spec.toml").replace("[source.orders]", "[vault]\nmode = \"automate_dv\"\n\n[source.orders]");
    check(&spec, "_automate_dv");
}

fn check(spec: &str, suffix: &str) {
    let spec: Spec = toml::from_str(spec).expect("the shop's spec is one");
    let plan = plan(&spec);
    for dialect in DIALECTS {
        for (kind, text) in texts(dialect, &spec, &plan) {
            // What does not depend on the mode is in one file.
            let depends = kind >= Kind::Hub && kind < Kind::Mart;
            if suffix.is_empty() || depends {
                let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(dialect.name());
                expect_file![folder.join(format!("{}{suffix}.sql", file_name(kind)))].assert_eq(&text);
            }
        }
    }
}

/// By kind: the tables, then the statements of a load that brings everything along.
fn texts(dialect: Dialect, spec: &Spec, plan: &Plan) -> BTreeMap<Kind, String> {
    let mut texts: BTreeMap<Kind, String> = BTreeMap::new();
    for table in &plan.tables {
        let text = texts.entry(table.kind).or_default();
        for statement in sql::create(dialect, table) {
            writeln!(text, "{statement};").expect("a text can be written to");
        }
    }
    let staged: Vec<&str> = plan.stages.iter().map(|stage| stage.name.as_str()).collect();
    for statement in sql::loads(dialect, spec, plan, &staged) {
        let is_it = |table: &&playhead_warehouse::plan::TablePlan| {
            format!("{}.{}", table.schema, table.name) == statement.table
        };
        let table = plan.tables.iter().find(is_it).expect("a statement is of a table of the plan");
        let text = texts.entry(table.kind).or_default();
        writeln!(text, "\n-- {}: {}\n{};", statement.table, statement.about, statement.sql)
            .expect("a text can be written to");
    }
    texts
}

/// `TransactionalLink` is `transactional_link`.
fn file_name(kind: Kind) -> String {
    let mut name = String::new();
    for letter in format!("{kind:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
