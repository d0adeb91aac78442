//! Runs a case on a target: its tables are made anew, filled, loaded and compared.
//!
//! After each load the same load is taken once more, which must change nothing.

use std::collections::BTreeMap;

use playhead_ports::{Cell, Dialect, FieldType, Staged, Target};
use playhead_warehouse::intake::Intake;
use playhead_warehouse::plan::{Plan, TablePlan, plan};
use playhead_warehouse::spec::{Complaint, Spec, parse};
use playhead_warehouse::sql;

use crate::case::{Case, Cases, Load};
use crate::staging::stage;
use crate::table::{Table, difference, shown};

const ROWS_MAX: usize = 10_000;

/// Runs the case; what went wrong, if something did.
pub(crate) async fn run(target: &dyn Target, cases: &Cases, case: &Case, order: Order) -> Result<(), String> {
    let complained =
        |complaints: Vec<Complaint>| complaints.iter().map(|one| format!("    {one}")).collect::<Vec<_>>().join("\n");
    let spec = parse("the spec", cases.spec_of(case)).map_err(complained)?;
    let plan = plan(&spec);
    let intake = Intake::new(&spec, &plan);
    let run = Run { target, spec: &spec, plan: &plan, intake: &intake, order };
    run.make(case).await?;
    for (number, load) in case.load.iter().enumerate() {
        run.load(load).await?;
        let before = run.all().await?;
        run.compare(&load.expect, &format!("after load {}", number + 1)).await?;
        run.load(load).await?;
        run.is_unchanged(&before, &format!("load {} taken twice", number + 1)).await?;
    }
    run.compare(&case.expect, "in the end").await
}

/// In which order the rows of a load are staged.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    AsWritten,
    Backwards,
}

struct Run<'a> {
    target: &'a dyn Target,
    spec: &'a Spec,
    plan: &'a Plan,
    intake: &'a Intake,
    order: Order,
}

type Rows = Vec<Vec<Option<String>>>;

impl Run<'_> {
    /// Makes the tables, with the rows that are given.
    async fn make(&self, case: &Case) -> Result<(), String> {
        let dialect = self.target.dialect();
        let schemas = &self.spec.pipeline.schemas;
        let drops =
            [&schemas.stg, &schemas.dds, &schemas.cdm].map(|name| format!("DROP SCHEMA IF EXISTS \"{name}\" CASCADE"));
        self.target.migrate(&drops).await.map_err(|error| format!("    dropping: {error}"))?;
        let changes = sql::migrate(dialect, &[], self.plan).map_err(|refusals| format!("    refused: {refusals:?}"))?;
        self.target.migrate(&changes).await.map_err(|error| format!("    the tables: {error}\n{changes:#?}"))?;
        let inserts: Vec<String> = case
            .given
            .iter()
            .filter_map(|(name, rows)| insert(dialect, self.table(name), &Table::parse(rows)))
            .collect();
        self.target.migrate(&inserts).await.map_err(|error| format!("    the given rows: {error}"))
    }

    /// Takes in the load, or the loads that its sources make of it.
    async fn load(&self, load: &Load) -> Result<(), String> {
        let mut loads: Vec<Vec<Staged>> = vec![Vec::new()];
        for (source, text) in &load.rows {
            let mut rows = Table::parse(text);
            let known = &self.spec.source[source].columns;
            if let Some(other) = rows.columns.iter().find(|column| !known.contains_key(*column)) {
                return Err(format!("    source {source:?} has no column {other:?}"));
            }
            if matches!(self.order, Order::Backwards) {
                rows.rows.reverse();
            }
            for (number, staged) in stage(self.intake, source, &rows, &load.time)?.into_iter().enumerate() {
                loads.resize_with(loads.len().max(number + 1), Vec::new);
                loads[number].extend(staged);
            }
        }
        for staged in loads {
            self.load_staged(staged).await?;
        }
        Ok(())
    }

    async fn load_staged(&self, staged: Vec<Staged>) -> Result<(), String> {
        let names: Vec<&str> = staged.iter().map(|staged| staged.name.as_str()).collect();
        let statements = sql::loads(self.target.dialect(), self.spec, self.plan, &names);
        let texts: Vec<String> = statements.into_iter().map(|statement| statement.sql).collect();
        let staged: Vec<Staged> = staged.into_iter().chain(self.plan.work_tables()).collect();
        let done = self.target.load("cases", &staged, &texts, &[]).await;
        done.map(drop).map_err(|error| format!("    loading: {error}\n{}", texts.join("\n")))
    }

    async fn compare(&self, expected: &BTreeMap<String, String>, when: &str) -> Result<(), String> {
        for (name, rows) in expected {
            let (table, expected) = (self.table(name), Table::parse(rows));
            let found = self.select(table, &expected.columns).await?;
            if let Some(difference) = difference(&expected.shown(|column| type_of(table, column)), &found) {
                return Err(format!("    {when}, {name} ({}):\n{difference}", expected.columns.join(", ")));
            }
        }
        Ok(())
    }

    /// All rows of all tables.
    async fn all(&self) -> Result<Vec<(String, Rows)>, String> {
        let mut all = Vec::new();
        for table in &self.plan.tables {
            let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
            all.push((format!("{}.{}", table.schema, table.name), self.select(table, &columns).await?));
        }
        Ok(all)
    }

    async fn is_unchanged(&self, before: &[(String, Rows)], when: &str) -> Result<(), String> {
        for ((name, before), (_, after)) in before.iter().zip(self.all().await?) {
            if let Some(difference) = difference(before, &after) {
                return Err(format!("    {when} changes {name}:\n{difference}"));
            }
        }
        Ok(())
    }

    fn table(&self, name: &str) -> &TablePlan {
        let is_it = |table: &&TablePlan| format!("{}.{}", table.schema, table.name) == name;
        self.plan.tables.iter().find(is_it).unwrap_or_else(|| panic!("the plan has no table {name:?}"))
    }

    async fn select(&self, table: &TablePlan, columns: &[String]) -> Result<Rows, String> {
        let dialect = self.target.dialect();
        let values = columns.iter().map(|column| as_text(dialect, column, type_of(table, column)));
        let values = values.collect::<Vec<_>>().join(", ");
        let sql = format!("SELECT {values} FROM \"{}\".\"{}\"", table.schema, table.name);
        let rows = self.target.select(&[], &sql, ROWS_MAX).await.map_err(|error| format!("    {sql}: {error}"))?;
        let text = |cell: Cell| match cell {
            Cell::Null => None,
            Cell::Text(text) => Some(text),
            other => Some(format!("{other:?}")),
        };
        Ok(rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect())
    }
}

fn type_of(table: &TablePlan, column: &str) -> FieldType {
    let found = table.columns.iter().find(|planned| planned.name == column);
    found.unwrap_or_else(|| panic!("{} has no column {column:?}", table.name)).of
}

/// The column as it is shown.
fn as_text(dialect: Dialect, column: &str, of: FieldType) -> String {
    match (of, dialect) {
        (FieldType::Bytes, Dialect::DuckDb) => format!("LOWER(HEX(\"{column}\"))"),
        (FieldType::Bytes, _) => format!("ENCODE(\"{column}\", 'hex')"),
        (FieldType::Time, Dialect::DuckDb) => format!("STRFTIME(\"{column}\", '%Y-%m-%d %H:%M:%S.%f')"),
        (FieldType::Time, _) => format!("TO_CHAR(\"{column}\", 'YYYY-MM-DD HH24:MI:SS.US')"),
        (_, Dialect::DuckDb) => format!("CAST(\"{column}\" AS VARCHAR)"),
        _ => format!("CAST(\"{column}\" AS text)"),
    }
}

/// The statement that puts given rows into a table, if there are some.
fn insert(dialect: Dialect, table: &TablePlan, rows: &Table) -> Option<String> {
    let literal = |column: &String, value: &Option<String>| {
        let of = type_of(table, column);
        let Some(value) = value else { return "NULL".to_owned() };
        let text = shown(value, of).replace('\'', "''");
        match (of, dialect) {
            (FieldType::Bytes, Dialect::DuckDb) => format!("UNHEX('{text}')"),
            (FieldType::Bytes, _) => format!("DECODE('{text}', 'hex')"),
            _ => format!("CAST('{text}' AS {})", dialect.type_name(of)),
        }
    };
    let row = |row: &Vec<Option<String>>| {
        let values: Vec<String> = rows.columns.iter().zip(row).map(|(column, value)| literal(column, value)).collect();
        format!("({})", values.join(", "))
    };
    let columns: Vec<String> = rows.columns.iter().map(|column| format!("\"{column}\"")).collect();
    let values: Vec<String> = rows.rows.iter().map(row).collect();
    let into = format!("\"{}\".\"{}\" ({})", table.schema, table.name, columns.join(", "));
    (!values.is_empty()).then(|| format!("INSERT INTO {into} VALUES {}", values.join(", ")))
}
