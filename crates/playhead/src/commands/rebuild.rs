//! `playhead rebuild`: builds a view anew from the records.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use playhead_app::{Rebuilt, View, rebuild};
use serde_json::json;

use crate::output::print_line;
use crate::settings::SettingsArgs;

/// Build a view anew from the recorded events (stop the server first)
#[derive(Debug, clap::Args)]
#[command(after_help = "Views:
  positions  the base of positions, from watch_events and watch_marks
  marts      user_video, video_daily and video_retention with their working state
  all        both

What was recorded after the warehouse's checkpoint comes from the log when the server starts again.

Example:
  playhead rebuild marts --data data")]
pub(crate) struct Args {
    /// Which view
    #[arg(value_enum)]
    view: Which,
    /// Print what was done as JSON, a view an entry: view, events, marks, seconds
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Which {
    Positions,
    Marts,
    All,
}

/// Rebuilds.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    let views = match args.view {
        Which::Positions => vec![View::Positions],
        Which::Marts => vec![View::Marts],
        Which::All => vec![View::Marts, View::Positions],
    };
    let config = args.settings.config_of_data()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let mut done = Vec::new();
    for view in views {
        let begun = Instant::now();
        let rebuilt = runtime.block_on(rebuild(&config, view))?;
        let seconds = begun.elapsed().as_secs_f64();
        let Rebuilt { events, marks } = rebuilt;
        if !args.json {
            print_line(format_args!("{view}: {events} events and {marks} marks in {seconds:.1} s"))?;
        }
        done.push(json!({ "view": view.to_string(), "events": events, "marks": marks, "seconds": seconds }));
    }
    if args.json {
        print_line(serde_json::to_string_pretty(&done)?)?;
    }
    Ok(ExitCode::SUCCESS)
}
