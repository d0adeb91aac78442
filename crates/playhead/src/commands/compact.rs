//! `playhead compact`: drops the bytes of what was forgotten now.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use playhead_app::size_text;
use serde_json::Value;

use crate::client::{Client, ClientArgs};
use crate::output::print_line;

/// Files are written anew.
const DEADLINE: Duration = Duration::from_secs(3_600);

/// Drop the bytes of what was forgotten, or is no longer needed, now rather than with time
#[derive(Debug, clap::Args)]
#[command(after_help = "It waits until every view has taken what is on the log, drops the log up to there, and writes
the positions' and the warehouse's files anew. Backups are not touched.

Example:
  playhead compact")]
pub(crate) struct Args {
    /// Print what was done as JSON: size_bytes_before, size_bytes_after, seconds
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    client: ClientArgs,
}

/// Compacts.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    let begun = Instant::now();
    let answer = Client::new(&args.client, DEADLINE)?.post("/v1/admin/compact", "application/json", b"{}")?;
    let mut done: Value = answer.json()?;
    let seconds = begun.elapsed().as_secs_f64();
    if args.json {
        done["seconds"] = seconds.into();
        print_line(serde_json::to_string_pretty(&done)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let [before, after] =
        ["before", "after"].map(|when| done[format!("size_bytes_{when}")].as_u64().unwrap_or_default());
    print_line(format_args!("{} before, {} after, in {seconds:.1} s", size_text(before), size_text(after)))?;
    Ok(ExitCode::SUCCESS)
}
