//! `playhead warehouse load`: files into a pipeline, without the log.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use playhead_app::{LoadedFile, PipelineJob, load_file, load_files_together};

use super::place::{MarkArgs, PlaceArgs, block};
use crate::output::print_line;

/// Load a file into a pipeline: messages, a JSON object a line, or rows that are staged already; CSV, NDJSON or Parquet
///
/// The tables are made or extended first. A file of messages is loaded once, by its bytes, whatever it is called: loading it
/// again changes nothing, and after a cut it goes on where it was. Several files of staged rows are one load: a table that
/// several sources fill sees the rows of all of them together.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead warehouse load orders.ndjson --spec pipelines/orders.toml --into duckdb:orders.duckdb
  playhead warehouse load day1.csv --source customers --load-time '2026-01-01 00:00:00' --record-source crm \\
      --spec crm.toml --into postgres://me@localhost/dwh
  playhead warehouse load crm.csv web.csv --source crm --source web --spec customers.toml --into duckdb:dwh.duckdb")]
pub(super) struct Args {
    /// The file; or several of staged rows, which are one load
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    mark: MarkArgs,
    /// The source of the pipeline that the file is of; may be left out if there is only one. Of several files one each, in
    /// their order
    #[arg(long = "source", value_name = "NAME")]
    sources: Vec<String>,
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
    let LoadedFile { loaded: done, began_at } = match &args.files[..] {
        [file] => load_one(job, file, args)?,
        files => load_several(job, files, &args.sources)?,
    };
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

fn load_one(job: PipelineJob, file: &Path, args: &Args) -> Result<LoadedFile> {
    let source = match &args.sources[..] {
        [] => None,
        [source] => Some(source.as_str()),
        sources => bail!("one file is of one source; {} are named", sources.len()),
    };
    let bar = ProgressBar::new(std::fs::metadata(file).map_or(0, |found| found.len()));
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let done = block(load_file(job, file, source, args.again, |bytes, rows| {
        bar.set_position(bytes);
        bar.set_message(format!("{rows} messages"));
    }));
    bar.finish_and_clear();
    done
}

fn load_several(job: PipelineJob, files: &[PathBuf], sources: &[String]) -> Result<LoadedFile> {
    let bar = ProgressBar::new_spinner();
    let done = block(load_files_together(job, files, sources, |rows| bar.set_message(format!("{rows} rows"))));
    bar.finish_and_clear();
    Ok(LoadedFile { loaded: done?, began_at: 0 })
}
