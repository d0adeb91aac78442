//! `playhead warehouse load`: a file into a pipeline, without the log.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use playhead_app::{LoadedFile, load_file};

use super::place::{MarkArgs, PlaceArgs, block};
use crate::output::print_line;

/// Load one file into a pipeline: messages, a JSON object a line, or rows that are staged already; CSV, NDJSON or Parquet
///
/// The tables are made or extended first. A file of messages is loaded once, by its bytes, whatever it is called: loading it
/// again changes nothing, and after a cut it goes on where it was.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead warehouse load orders.ndjson --spec pipelines/orders.toml --into duckdb:orders.duckdb
  playhead warehouse load day1.csv --source customers --load-time '2026-01-01 00:00:00' --record-source crm \\
      --spec crm.toml --into postgres://me@localhost/dwh")]
pub(super) struct Args {
    /// The file
    file: PathBuf,
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    mark: MarkArgs,
    /// The source of the pipeline that the file is of; may be left out if there is only one
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Take every message once more, though the file was loaded: after rows were deleted, or the pipeline's file was mended
    #[arg(long)]
    again: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Loads.
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let job = args.place.job(Some(&args.mark))?;
    let bar = ProgressBar::new(std::fs::metadata(&args.file).map_or(0, |found| found.len()));
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let done = block(load_file(job, &args.file, args.source.as_deref(), args.again, |bytes, rows| {
        bar.set_position(bytes);
        bar.set_message(format!("{rows} messages"));
    }));
    bar.finish_and_clear();
    let LoadedFile { loaded: done, began_at } = done?;
    if began_at > 0 {
        eprintln!("what stands before line {began_at} is loaded already (--again takes it once more)");
    }
    if args.json {
        print_line(serde_json::to_string_pretty(&done)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    print_line(format_args!(
        "{} of {} are loaded; {} wait for a dictionary, {} are rejected",
        done.loaded,
        done.loaded + done.waiting + done.rejected,
        done.waiting,
        done.rejected
    ))?;
    if done.rejected > 0 {
        eprintln!("`playhead warehouse rejects` says why");
    }
    Ok(ExitCode::SUCCESS)
}
