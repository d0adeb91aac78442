//! `playhead warehouse redrive` and `replay`: messages that were taken before, once more.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use playhead_app::{Loaded, ReplayFrom, redrive_pipeline, replay_pipeline};

use super::place::{Asked, AskedArgs, MarkArgs, PlaceArgs, block, time};
use crate::output::print_line;

/// Try messages again that wait for a dictionary or were rejected: after the dictionary has learned or the file was mended
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead warehouse redrive --spec pipelines/orders.toml --into duckdb:orders.duckdb
  playhead warehouse redrive --spec pipelines/orders.toml --url http://127.0.0.1:8080")]
pub(super) struct Args {
    #[command(flatten)]
    place: AskedArgs,
    /// Only those that wait
    #[arg(long)]
    waiting: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Redrives.
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let done: Loaded = match args.place.asked()? {
        Asked::Job(job) => block(redrive_pipeline(*job, !args.waiting))?,
        Asked::Server(client, path) => {
            client.post(&format!("{path}/redrive?waiting={}", args.waiting), "application/json", b"")?.json()?
        }
    };
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
  playhead warehouse replay --from 2026-03-01T00:00:00Z --spec pipelines/orders.toml --into duckdb:orders.duckdb
  playhead warehouse replay --layer dds --spec pipelines/orders.toml --into duckdb:orders.duckdb")]
pub(super) struct ReplayArgs {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    mark: MarkArgs,
    /// Where it begins: an offset in each partition, or a time (RFC 3339) since when the log took messages in; of the log alone
    #[arg(long, value_name = "OFFSET|TIME")]
    from: Option<String>,
    /// Go on at the end of the log that is there, whichever log the pipeline's checkpoints were of: after the log was recreated,
    /// or where it no longer has what the pipeline lacks
    #[arg(long, conflicts_with = "from")]
    adopt: bool,
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
        Layer::Stg => {
            let (from, since_ms) = args.from.as_deref().map(beginning).transpose()?.unwrap_or((0, None));
            ReplayFrom::Log { from, since_ms, adopt: args.adopt }
        }
        Layer::Dds | Layer::Cdm if args.from.is_some() || args.adopt => {
            bail!("--from and --adopt are of the log: they go with --layer stg alone")
        }
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

/// The offset, or else the time in ms since 1970, that a replay begins at.
fn beginning(text: &str) -> Result<(u64, Option<i64>)> {
    if let Ok(offset) = text.parse() {
        return Ok((offset, None));
    }
    Ok((0, Some(time(text).context("--from is neither an offset nor a time")?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_begins_at_an_offset_or_at_a_time() {
        assert_eq!(beginning("17").expect("an offset"), (17, None));
        assert_eq!(beginning("1970-01-01T00:00:01Z").expect("a time"), (0, Some(1_000)));
        assert!(beginning("yesterday").is_err_and(|error| error.to_string().contains("--from")));
    }
}
