//! `playhead restore`: puts a backup into a data folder.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use playhead_app::{Config, Restored, open_tokens, restore, size_text};
use serde_json::json;

use crate::output::print_line;
use crate::settings::SettingsArgs;

/// Put a backup into a data folder, verify it and rebuild its views (stop the server first)
#[derive(Debug, clap::Args)]
#[command(after_help = "The data folder must be empty or absent. With --replace the backup takes its
place: whom the old data knows to be forgotten is forgotten in the restored data too, and the
old data is removed once the restored one is whole. Tokens are those of the backup: revoke
again what was revoked since.

Examples:
  playhead restore data/backups/monday --data restored
  playhead restore data/backups/monday --data data --replace")]
pub(crate) struct Args {
    /// The backup's folder
    backup: PathBuf,
    /// Take the place of what is in the data folder
    #[arg(long)]
    replace: bool,
    /// Print what was done as JSON: what, where, bytes, events, marks, seconds, tokens
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Restores.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    let config = args.settings.config()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let started = Instant::now();
    let restored = runtime.block_on(restore(&config, &args.backup, args.replace))?;
    let seconds = started.elapsed().as_secs_f64();
    let begun = jiff::Timestamp::from_millisecond(restored.begun_time).context("the backup's time")?;
    let tokens = runtime.block_on(token_names(&config))?;
    warn_of_tokens(&tokens, &config);
    if args.json {
        let Restored { rebuilt, forgotten_again, size_bytes, .. } = &restored;
        let done = json!({
            "data": config.data, "backup_time": begun.to_string(), "size_bytes": size_bytes, "events": rebuilt.events,
            "marks": rebuilt.marks, "forgotten_again": forgotten_again, "seconds": seconds, "tokens": tokens,
        });
        print_line(serde_json::to_string_pretty(&done)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    print_line(format_args!("Restored the backup of {begun} into {}", config.data.display()))?;
    print_line(format_args!(
        "Verified: every file as written, {}; {} events, {} marks; in {seconds:.1} s",
        size_text(restored.size_bytes),
        restored.rebuilt.events,
        restored.rebuilt.marks
    ))?;
    if restored.forgotten_again > 0 {
        print_line(format_args!("Forgotten again: {} pairs of user and video", restored.forgotten_again))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn token_names(config: &Config) -> Result<Vec<String>> {
    Ok(open_tokens(config)?.list().await?.into_iter().map(|grant| grant.name).collect())
}

/// Nobody remembers by themselves that a token which was revoked after the backup is good again.
fn warn_of_tokens(names: &[String], config: &Config) {
    if names.is_empty() {
        return;
    }
    let data = config.data.display();
    eprintln!(
        "playhead: tokens are those of the backup: {}. One that was revoked since is good again: revoke it with \
         `playhead token revoke NAME --data {data}`; one that was made since is gone: make it again",
        names.join(", ")
    );
}
