//! `playhead backup`: copies everything while the server runs.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use playhead_app::size_text;
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
  playhead backup monday
  playhead backup monday --json | jq .size_bytes"
)]
pub(crate) struct Args {
    /// The backup's name: 1 to 64 bytes of [A-Za-z0-9._-], a letter or digit first
    name: String,

    /// Print what was done as JSON: path, size_bytes, files, events, seconds
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    client: ClientArgs,
}

/// Makes the backup.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    let (body, begun) = (json!({ "to": args.name }).to_string(), Instant::now());
    let answer = Client::new(&args.client, DEADLINE)?.post("/v1/admin/backup", "application/json", body.as_bytes())?;
    let mut made: Value = answer.json()?;
    let seconds = begun.elapsed().as_secs_f64();
    if args.json {
        made["seconds"] = seconds.into();
        print_line(serde_json::to_string_pretty(&made)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let size = size_text(made["size_bytes"].as_u64().unwrap_or_default());
    let events = made["events"].as_u64().map(|events| format!(", {events} events")).unwrap_or_default();
    let path = made["path"].as_str().unwrap_or_default();
    print_line(format_args!("{path}  {size} in {} files{events}, in {seconds:.1} s", made["files"]))?;
    Ok(ExitCode::SUCCESS)
}
