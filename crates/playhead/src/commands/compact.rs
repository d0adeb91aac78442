//! `playhead compact`: drops the bytes of what was forgotten now.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
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
    #[command(flatten)]
    client: ClientArgs,
}

/// Compacts.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    let answer = Client::new(&args.client, DEADLINE)?.post("/v1/admin/compact", "application/json", b"{}")?;
    let done: Value = answer.json()?;
    print_line(format_args!("{} bytes before, {} bytes after", done["size_bytes_before"], done["size_bytes_after"]))?;
    Ok(ExitCode::SUCCESS)
}
