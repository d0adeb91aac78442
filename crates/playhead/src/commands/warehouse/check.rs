//! `playhead warehouse check`: what is wrong with a pipeline's file.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use playhead_app::{read_spec, spec_schema};

use crate::output::print_line;

/// Say what is wrong with a pipeline's file, as `file:line: key: what`; exits with 1 if anything is
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead warehouse check --spec pipelines/orders.toml
  playhead warehouse check --schema > pipeline.schema.json")]
pub(super) struct Args {
    /// The pipeline's file; may be given again
    #[arg(long, value_name = "FILE", required_unless_present = "schema")]
    spec: Vec<PathBuf>,
    /// Print the JSON Schema of such files instead, for editors
    #[arg(long)]
    schema: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Checks.
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    if args.schema {
        print_line(spec_schema())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut complaints = Vec::new();
    for path in &args.spec {
        complaints.extend(read_spec(path).err().unwrap_or_default());
    }
    if args.json {
        print_line(serde_json::to_string_pretty(&complaints)?)?;
    } else {
        complaints.iter().try_for_each(print_line)?;
        if complaints.is_empty() {
            print_line("nothing is wrong")?;
        }
    }
    Ok(if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
