//! `playhead config`: the effective configuration, with the origin of each setting.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::output::print_line;
use crate::settings::SettingsArgs;

/// Print the configuration that holds, and where each setting comes from
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead config --config playhead.toml
  playhead config > playhead.toml      # every key with its default, as a file to start from")]
pub(crate) struct Args {
    #[command(flatten)]
    settings: SettingsArgs,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Prints it.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    let settings = args.settings.layers()?.settings();
    if args.json {
        let settings: Vec<_> = settings
            .iter()
            .map(|setting| json!({ "key": setting.key, "value": setting.value, "origin": setting.origin.to_string() }))
            .collect();
        print_line(serde_json::to_string_pretty(&settings)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut section = "";
    for setting in &settings {
        let (of, name) = setting.key.rsplit_once('.').unwrap_or(("", &setting.key));
        if of != section {
            print_line(format_args!("\n[{of}]"))?;
            section = of;
        }
        print_line(format_args!("{:<48} # {}", format!("{name} = {}", setting.value), setting.origin))?;
    }
    Ok(ExitCode::SUCCESS)
}
