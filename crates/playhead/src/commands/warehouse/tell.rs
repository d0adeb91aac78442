//! `playhead warehouse status`, `rejects`, `lineage` and `docs`: what a pipeline has done.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use playhead_app::{PipelineStatus, pipeline_document, pipeline_lineage, pipeline_rejects, pipeline_status};

use super::place::{PlaceArgs, block};
use crate::output::{print, print_line};

/// Say how far a pipeline has got, what waits, what was rejected, and how many rows its tables have
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  playhead warehouse status --spec pipelines/orders.toml --into duckdb:orders.duckdb")]
pub(super) struct StatusArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Tells the status.
pub(super) fn status(args: &StatusArgs) -> Result<ExitCode> {
    let status = block(pipeline_status(args.place.job(None)?))?;
    if args.json {
        print_line(serde_json::to_string_pretty(&status)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    show(&status)?;
    Ok(ExitCode::SUCCESS)
}

fn show(status: &PipelineStatus) -> Result<()> {
    for part in &status.partitions {
        let lag = match part.end_offset {
            Some(end) => format!(" of {end}, {} behind", end.saturating_sub(part.next_offset)),
            None => String::new(),
        };
        print_line(format_args!("{:<32} next offset {}{lag}", part.partition, part.next_offset))?;
    }
    if let Some(time) = &status.last_load_time {
        print_line(format_args!("last load time {time}"))?;
    }
    for table in &status.tables {
        let rows = table.rows.map_or_else(|| "is not there yet".to_owned(), |rows| rows.to_string());
        print_line(format_args!("{:<4} {:<44} {rows:>12}", table.layer, format!("{}.{}", table.schema, table.table)))?;
    }
    print_line(format_args!("{} messages wait for a dictionary", status.waiting))?;
    for reject in &status.rejects {
        print_line(format_args!("{} rejected ({}): {}", reject.messages, reject.stage, reject.reason))?;
    }
    Ok(())
}

/// List messages that a pipeline has rejected, with the reason and where they lie
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  playhead warehouse rejects --spec pipelines/orders.toml --into duckdb:orders.duckdb --limit 20")]
pub(super) struct RejectsArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// As JSON, a message a line
    #[arg(long)]
    json: bool,
}

/// Lists rejects.
pub(super) fn rejects(args: &RejectsArgs) -> Result<ExitCode> {
    const CHARS_SHOWN: usize = 200;
    for reject in block(pipeline_rejects(args.place.job(None)?, args.limit))? {
        if args.json {
            print_line(serde_json::to_string(&reject)?)?;
        } else {
            let beginning: String = reject.payload.chars().take(CHARS_SHOWN).collect();
            print_line(format_args!(
                "{}/{}/{} ({}): {}\n  {}",
                reject.topic,
                reject.partition,
                reject.offset,
                reject.stage,
                reject.reason,
                beginning.escape_debug()
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Show the messages behind a row, named by the values of its key
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  playhead warehouse lineage cdm.user_category_counters u1 pizza --spec pipelines/orders.toml --into duckdb:orders.duckdb")]
pub(super) struct LineageArgs {
    /// The table
    table: String,
    /// The values of the key's columns, in their order; of hash keys the hexadecimal digits
    #[arg(required = true)]
    key: Vec<String>,
    #[command(flatten)]
    place: PlaceArgs,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: usize,
    /// As JSON, a message a line
    #[arg(long)]
    json: bool,
}

/// Shows lineage; exits with 1 if no message is behind the row.
pub(super) fn lineage(args: &LineageArgs) -> Result<ExitCode> {
    let found = block(pipeline_lineage(args.place.job(None)?, &args.table, &args.key, args.limit))?;
    for message in &found {
        if args.json {
            print_line(serde_json::to_string(message)?)?;
        } else {
            let newest = if message.is_newest { "" } else { ", an older version" };
            print_line(format_args!(
                "{}/{}/{} of {}, loaded {}{newest}\n  {}",
                message.topic,
                message.partition,
                message.offset,
                message.event_time,
                message.load_time,
                message.payload
            ))?;
        }
    }
    Ok(if found.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Write one Markdown file about a pipeline: its picture, tables, columns, where rows come from, how many there are
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  playhead warehouse docs --spec pipelines/orders.toml --into duckdb:orders.duckdb --output orders.md")]
pub(super) struct DocsArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// The file [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes the document.
pub(super) fn docs(args: &DocsArgs) -> Result<ExitCode> {
    let text = block(pipeline_document(args.place.job(None)?))?;
    match &args.output {
        Some(path) => std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?,
        None => print(text.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}
