//! `playhead backup`: copies everything while the server runs.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::client::{Client, ClientArgs};
use crate::output::print_line;

/// A backup copies whole files.
const DEADLINE: Duration = Duration::from_secs(3_600);

/// Back everything up while the server runs
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The backup is a folder below the server's data folder: backups/NAME. Copy it to another machine;
`playhead restore` takes it.

Example:
  playhead backup monday"
)]
pub(crate) struct Args {
    /// The backup's name: 1 to 64 bytes of [A-Za-z0-9._-], a letter or digit first
    name: String,

    #[command(flatten)]
    client: ClientArgs,
}

/// Makes the backup.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    let body = json!({ "to": args.name }).to_string();
    let answer = Client::new(&args.client, DEADLINE)?.post("/v1/admin/backup", "application/json", body.as_bytes())?;
    let made: Value = answer.json()?;
    print_line(format_args!("{}  {} bytes", made["path"].as_str().unwrap_or_default(), made["size_bytes"]))?;
    Ok(ExitCode::SUCCESS)
}
