//! `playhead warehouse plan` and `apply`: the tables and statements of a pipeline, shown or made.

use std::process::ExitCode;

use anyhow::Result;
use playhead_app::{PlanFormat, apply_pipeline, show_plan};

use super::place::{PlaceArgs, SpecArgs, block};
use crate::output::{print, print_line};

/// Print a pipeline's tables and the statements that load them, or its picture
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead warehouse plan --spec pipelines/orders.toml --dialect postgres
  playhead warehouse plan --spec pipelines/orders.toml --format mermaid")]
pub(super) struct Args {
    #[command(flatten)]
    spec: SpecArgs,
    /// The SQL that the target speaks
    #[arg(long, value_enum, default_value_t = Dialect::Duckdb)]
    dialect: Dialect,
    /// What is printed
    #[arg(long, value_enum, default_value_t = Format::Sql)]
    format: Format,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Dialect {
    Duckdb,
    Postgres,
    Greenplum,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    /// The tables and the statements of a load
    Sql,
    /// A flowchart in Mermaid's language
    Mermaid,
}

/// Prints the plan.
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let spec = args.spec.read()?;
    let dialect = match args.dialect {
        Dialect::Duckdb => playhead_ports::Dialect::DuckDb,
        Dialect::Postgres => playhead_ports::Dialect::Postgres,
        Dialect::Greenplum => playhead_ports::Dialect::Greenplum,
    };
    let format = match args.format {
        Format::Sql => PlanFormat::Sql(dialect),
        Format::Mermaid => PlanFormat::Mermaid,
    };
    print(show_plan(&spec, format).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Bring a database's tables to a pipeline's plan: additions in one transaction, anything else is refused with the reason
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead warehouse apply --spec pipelines/orders.toml --into duckdb:orders.duckdb
  playhead warehouse apply --spec pipelines/orders.toml --into postgres://me@localhost/dwh --dry-run")]
pub(super) struct ApplyArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// Print the statements and run none
    #[arg(long)]
    dry_run: bool,
}

/// Applies.
pub(super) fn apply(args: &ApplyArgs) -> Result<ExitCode> {
    let statements = block(apply_pipeline(args.place.job(None)?, args.dry_run))?;
    statements.iter().try_for_each(|statement| print_line(format_args!("{statement};")))?;
    if statements.is_empty() {
        eprintln!("every table is as the pipeline wants it");
    }
    Ok(ExitCode::SUCCESS)
}
