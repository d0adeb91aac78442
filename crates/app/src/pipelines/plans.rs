//! A pipeline's file read and checked, and its plan shown or applied.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use playhead_ports::Dialect;
use playhead_warehouse::pipeline::picture;
use playhead_warehouse::plan::{StageOf, plan};
use playhead_warehouse::spec::{self, Spec};
use playhead_warehouse::sql;

use super::job::PipelineJob;

/// How a plan is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanFormat {
    /// Tables and statements of a load.
    Sql(Dialect),
    /// A picture in Mermaid's language.
    Mermaid,
}

/// The spec of a file, or what is wrong with it, each as `file:line: key: text`.
pub fn read_spec(path: &Path) -> Result<Spec, Vec<String>> {
    spec::read(path).map_err(|complaints| complaints.iter().map(ToString::to_string).collect())
}

/// The JSON Schema of such files.
pub fn spec_schema() -> String {
    format!("{:#}", spec::json_schema())
}

/// The plan of a spec, as text.
pub fn show_plan(spec: &Spec, format: PlanFormat) -> String {
    let plan = plan(spec);
    let dialect = match format {
        PlanFormat::Mermaid => return picture(spec, &plan),
        PlanFormat::Sql(dialect) => dialect,
    };
    let mut text = String::from("-- Tables\n");
    let statements = sql::migrate(dialect, &[], &plan).unwrap_or_default();
    statements.iter().for_each(|statement| {
        let _ = writeln!(text, "{statement};");
    });
    let staged: Vec<&str> = plan.stages.iter().map(|stage| stage.name.as_str()).collect();
    let _ = writeln!(text, "\n-- A load, from these temporary tables");
    for stage in plan.stages.iter().filter(|stage| stage.of != StageOf::Work) {
        let fields: Vec<&str> = stage.fields.iter().map(|field| field.field.name.as_str()).collect();
        let _ = writeln!(text, "--   {} ({})", stage.name, fields.join(", "));
    }
    for statement in sql::loads(dialect, spec, &plan, &staged) {
        let _ = writeln!(text, "\n-- {}: {}\n{};", statement.table, statement.about, statement.sql);
    }
    text
}

/// Brings a database's tables to the plan, or only says how. Gives the statements.
pub async fn apply_pipeline(job: PipelineJob, is_dry_run: bool) -> Result<Vec<String>> {
    let pipeline = job.looking()?;
    Ok(if is_dry_run { pipeline.migration().await? } else { pipeline.apply().await? })
}
