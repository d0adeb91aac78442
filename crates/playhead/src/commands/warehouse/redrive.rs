//! `playhead warehouse redrive` and `replay`: messages that were taken before, once more.

use std::process::ExitCode;

use anyhow::Result;
use playhead_app::{ReplayFrom, redrive_pipeline, replay_pipeline};

use super::place::{MarkArgs, PlaceArgs, block};
use crate::output::print_line;

/// Try messages again that wait for a dictionary or were rejected: after the dictionary has learned or the file was mended
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  playhead warehouse redrive --spec pipelines/orders.toml --into duckdb:orders.duckdb")]
pub(super) struct Args {
    #[command(flatten)]
    place: PlaceArgs,
    /// Only those that wait
    #[arg(long)]
    waiting: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Redrives.
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let done = block(redrive_pipeline(args.place.job(None)?, !args.waiting))?;
    if args.json {
        print_line(serde_json::to_string_pretty(&done)?)?;
    } else {
        print_line(format_args!(
            "{} are loaded now; {} still wait, {} are rejected",
            done.loaded, done.waiting, done.rejected
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Take messages in once more: a row that is there already stays as it is, what is missing comes back
#[derive(Debug, clap::Args)]
#[command(after_help = "Layers:
  stg        from the log: everything that it still has
  dds, cdm   from the messages that STG keeps, without the log

Examples:
  playhead warehouse replay --spec pipelines/orders.toml --into duckdb:orders.duckdb
  playhead warehouse replay --layer dds --spec pipelines/orders.toml --into duckdb:orders.duckdb")]
pub(super) struct ReplayArgs {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    mark: MarkArgs,
    /// The offset in each partition that it begins at; of the log alone
    #[arg(long, value_name = "OFFSET", default_value_t = 0)]
    from: u64,
    /// The first layer that is made anew
    #[arg(long, value_enum, default_value_t = Layer::Stg)]
    layer: Layer,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Layer {
    Stg,
    Dds,
    Cdm,
}

/// Replays.
pub(super) fn replay(args: &ReplayArgs) -> Result<ExitCode> {
    let from = match args.layer {
        Layer::Stg => ReplayFrom::Log(args.from),
        Layer::Dds | Layer::Cdm => ReplayFrom::Kept,
    };
    let done = block(replay_pipeline(args.place.job(Some(&args.mark))?, from))?;
    if args.json {
        print_line(serde_json::to_string_pretty(&done)?)?;
    } else {
        print_line(format_args!(
            "{} messages were taken in once more; {} wait for a dictionary, {} are rejected",
            done.loaded, done.waiting, done.rejected
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
