//! `playhead restore`: puts a backup into a data folder.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use playhead_app::restore;

use crate::output::print_line;
use crate::settings::SettingsArgs;

/// Put a backup into a data folder, verify it and rebuild its views (stop the server first)
#[derive(Debug, clap::Args)]
#[command(after_help = "The data folder must be empty or absent. With --replace the backup takes its
place: whom the old data knows to be forgotten is forgotten in the restored data too, and the
old data is removed once the restored one is whole.

Examples:
  playhead restore data/backups/monday --data restored
  playhead restore data/backups/monday --data data --replace")]
pub(crate) struct Args {
    /// The backup's folder
    backup: PathBuf,
    /// Take the place of what is in the data folder
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Restores.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    let config = args.settings.config()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let restored = runtime.block_on(restore(&config, &args.backup, args.replace))?;
    let begun = jiff::Timestamp::from_millisecond(restored.begun_time).context("the backup's time")?;
    print_line(format_args!("Restored the backup of {begun} into {}", config.data.display()))?;
    print_line(format_args!(
        "Verified: every file as written; {} events, {} marks",
        restored.rebuilt.events, restored.rebuilt.marks
    ))?;
    if restored.forgotten_again > 0 {
        print_line(format_args!("Forgotten again: {} pairs of user and video", restored.forgotten_again))?;
    }
    Ok(ExitCode::SUCCESS)
}
