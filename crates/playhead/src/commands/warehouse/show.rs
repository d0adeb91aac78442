//! `playhead warehouse show`: rows of one of a pipeline's tables.

use std::process::ExitCode;

use anyhow::Result;
use playhead_app::pipeline_rows;

use super::super::sql;
use super::place::{PlaceArgs, block};
use crate::ask::Rows;
use crate::output::print;

/// Show rows of one of a pipeline's tables, by its key; nothing is changed
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead warehouse show cdm.user_tags --spec pipelines/orders.toml --into duckdb:orders.duckdb
  playhead warehouse show h_user --limit 5 --format csv --spec pipelines/orders.toml --into postgres://me@localhost/dwh")]
pub(super) struct Args {
    /// The table, with its schema or without; `warehouse status` lists them
    table: String,
    #[command(flatten)]
    place: PlaceArgs,
    /// At most so many rows, up to 10000
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// How rows are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    /// Aligned columns, for eyes; long values are cut
    Table,
    /// A line of names, then a line a row; NULL is empty
    Csv,
    /// {"columns": [...], "rows": [[...]], "truncated": false}
    Json,
}

/// Shows the rows.
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let found = block(pipeline_rows(args.place.job(None)?, &args.table, args.limit as usize))?;
    let rows = Rows { columns: found.columns, rows: found.rows, truncated: found.has_more };
    let format = match args.format {
        Format::Table => sql::Format::Table,
        Format::Csv => sql::Format::Csv,
        Format::Json => sql::Format::Json,
    };
    print(&sql::text_of(format, &rows)?)?;
    if rows.truncated {
        eprintln!("{} has more rows than these {}: --limit shows more", args.table, rows.rows.len());
    }
    Ok(ExitCode::SUCCESS)
}
