//! `playhead import`: brings history from files into a running server.

mod csv_events;
mod event_line;
mod movietweetings;
mod progress_file;
mod rejects;
mod row;
mod sender;
mod session;
mod views;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use crate::client::ClientArgs;
use crate::output::print;
use session::Session;

/// Bring history from files into a running server
///
/// Events keep their times, however old (from 2000 on) or far ahead they are (scope `backfill`). Sending the same files again changes nothing, because a
/// duplicate counts once. What was interrupted goes on where it stopped when the same command is given again. Every line that was
/// taken is durable; then it waits until the warehouse and the positions have them all, so that `playhead top` shows the whole
/// (`--no-wait` leaves at once; when nothing moves for a minute it leaves and says so).
///
/// Exits with 0 if any line was taken, even if others were rejected (`--json` counts them), and with 1 if none could be.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,

    #[command(flatten)]
    client: ClientArgs,
}

#[derive(Debug, Subcommand)]
enum What {
    /// A folder of the MovieTweetings set: movies.dat and ratings.dat
    ///
    /// The set has ratings but no positions. They are derived: a rating of r out of 10 becomes the position r/10 of
    /// 5,400 s, at the time of the rating.
    #[command(after_help = "Example:
  playhead import movietweetings data/movietweetings-100k")]
    Movietweetings(FileArgs),
    /// A CSV file of events, with the fields' names in its first line
    ///
    /// Needed: user_id, video_id, event_time (ms since 1970, or RFC 3339), position_ms. May be there: play_id, seq,
    /// duration_ms, kind, device, session. An empty cell is a field that was not given.
    #[command(after_help = "Example:
  playhead import csv history.csv --rejects rejects.tsv")]
    Csv(FileArgs),
}

#[derive(Debug, clap::Args)]
struct FileArgs {
    /// The folder or file
    #[arg(value_name = "PATH")]
    path: PathBuf,

    /// Lines sent at once
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    batch: u16,

    /// Where lines that were not taken are written, with file, line number and reason
    #[arg(long, value_name = "FILE", default_value = "import-rejects.tsv")]
    rejects: PathBuf,

    /// Where is noted how far the import has got; removed at its end [default: .playhead-import-<hash>.json]
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// Do not wait until the warehouse has everything
    #[arg(long)]
    no_wait: bool,

    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// Imports and prints a summary.
pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (files, kind) = match &args.what {
        What::Movietweetings(files) => (files, "movietweetings"),
        What::Csv(files) => (files, "csv"),
    };
    let mut session = Session::open(kind, files, &args.client)?;
    match &args.what {
        What::Movietweetings(_) => {
            eprintln!("{}", movietweetings::NOTE);
            let folder = movietweetings::Folder::open(&files.path)?;
            session.send("videos", "/v1/videos", folder.videos()?)?;
            session.send("ratings", "/v1/events?backfill=true", folder.ratings()?)?;
        }
        What::Csv(_) => session.send("events", "/v1/events?backfill=true", csv_events::rows(&files.path)?)?,
    }
    let summary = session.finish(!files.no_wait)?;
    if files.json {
        let mut text = serde_json::to_vec_pretty(&summary)?;
        text.push(b'\n');
        print(&text)?;
    } else {
        print(summary.to_string().as_bytes())?;
    }
    Ok(if summary.took_something() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
