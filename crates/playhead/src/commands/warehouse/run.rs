//! `playhead warehouse run`: a pipeline from the log into its database.

use std::process::ExitCode;

use anyhow::Result;
use playhead_app::{PipelineRole, run_pipeline};
use tokio_util::sync::CancellationToken;

use super::place::{MarkArgs, PlaceArgs, block};
use crate::output::print_line;

/// Load a pipeline from the log of a data folder that no server has open
///
/// The tables are made or extended first. In a running server, pipelines run when its configuration names them (`pipelines`).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead warehouse run --once --spec pipelines/orders.toml --into duckdb:orders.duckdb
  playhead warehouse run --spec pipelines/orders.toml --into postgres://me@localhost/dwh --data data
  playhead warehouse run --layer dds --spec pipelines/orders.toml --into postgres://me@localhost/dwh --data data-of-dds")]
pub(super) struct Args {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    mark: MarkArgs,
    /// Stop once everything that the log has now is loaded
    #[arg(long)]
    once: bool,
    /// Fill one layer alone: stg from the topics, dds from what stg hands on, cdm from what dds hands on. Each role is a process
    /// with a data folder of its own; the database is the same [default: all of them in this process]
    #[arg(long, value_name = "LAYER", value_parser = ["stg", "dds", "cdm"])]
    layer: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Runs until the end, or until it is told to stop.
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let job = args.place.job(Some(&args.mark))?;
    let role = args.layer.as_deref().map(str::parse).transpose()?.unwrap_or(PipelineRole::Whole);
    let done = block(async {
        let stop = CancellationToken::new();
        let told = stop.clone();
        tokio::spawn(async move {
            stopping().await;
            told.cancel();
        });
        run_pipeline(job, role, args.once, stop).await
    })?;
    if args.json {
        print_line(serde_json::to_string_pretty(&done)?)?;
    } else {
        print_line(format_args!(
            "{} records are loaded up to the log's end; {} wait for a dictionary, {} are rejected",
            done.records, done.waiting, done.rejected
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Waits for a signal to stop.
async fn stopping() {
    let Ok(mut term) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
