//! The SQL of each kind of table in each dialect: tables, and the statements of a load that brings all sources along, for the
//! pipelines of the cases of `tests/vault`.
//!
//! The files are renewed with `UPDATE_EXPECT=1`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use playhead_ports::Dialect;
use playhead_warehouse::plan::plan;
use playhead_warehouse::spec::{Spec, parse};
use playhead_warehouse::sql;
use serde::Deserialize;

const DIALECTS: [Dialect; 3] = [Dialect::DuckDb, Dialect::Postgres, Dialect::Greenplum];

/// What is read of a file of cases.
#[derive(Deserialize)]
struct Cases {
    spec: BTreeMap<String, String>,
}

/// The files of cases.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/vault");
    let entries = std::fs::read_dir(folder).expect("the folder of cases is there");
    let paths = entries.map(|entry| entry.expect("a folder can be read").path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    paths.sort();
    paths
}

fn name_of(path: &Path) -> String {
    path.file_stem().expect("a file has a name").to_string_lossy().into_owned()
}

fn golden(dialect: Dialect) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vault_sql").join(dialect.name())
}

/// The SQL of a pipeline.
fn written(dialect: Dialect, spec: &Spec) -> String {
    let plan = plan(spec);
    let mut text = String::new();
    let mut put = |about: &str, sql: &str| {
        write!(text, "-- {about}\n{};\n\n", broken(sql)).expect("a text takes all");
    };
    for table in &plan.tables {
        for sql in sql::create(dialect, table).iter().filter(|sql| !sql.starts_with("COMMENT")) {
            put(&format!("{}.{}", table.schema, table.name), sql);
        }
    }
    let staged: Vec<&str> = plan.stages.iter().map(|stage| stage.name.as_str()).collect();
    for statement in sql::loads(dialect, spec, &plan, &staged) {
        put(&format!("load {}: {}", statement.table, statement.about), &statement.sql);
    }
    text
}

/// A line for each part, so that a change shows where it is.
fn broken(sql: &str) -> String {
    let mut text = sql.to_owned();
    for word in [" SELECT ", " FROM ", " WHERE ", " LEFT JOIN ", " UNION ", " GROUP BY ", " ON CONFLICT "] {
        text = text.replace(word, &format!("\n{}", word.trim_start()));
    }
    text
}

#[test]
fn sql_is_as_the_golden_files_say() {
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("cases can be read");
        let cases: Cases = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for dialect in DIALECTS {
            let mut sql = String::new();
            for (name, text) in &cases.spec {
                let spec = parse(name, text).unwrap_or_else(|complaints| panic!("{name}: {complaints:#?}"));
                write!(sql, "---- {name} ----\n\n{}", written(dialect, &spec)).expect("a text takes all");
            }
            expect_file![golden(dialect).join(format!("{}.sql", name_of(&path)))].assert_eq(&sql);
        }
    }
}

#[test]
fn every_golden_file_has_its_cases() {
    let names: BTreeSet<String> = files().iter().map(|path| name_of(path)).collect();
    for dialect in DIALECTS {
        let found = std::fs::read_dir(golden(dialect)).expect("a dialect has a folder");
        let found: BTreeSet<String> = found.map(|entry| name_of(&entry.expect("an entry").path())).collect();
        assert_eq!(found, names, "{}", dialect.name());
    }
}
