//! `playhead warehouse produce`: messages onto a topic of the log.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use playhead_app::{Produce, produce};

use super::place::block;
use crate::output::print_line;
use crate::settings::SettingsArgs;

/// Append messages to a topic of the log, a line each; the topic is made if it is not there
///
/// The data folder must not be open in a server.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead warehouse produce order-service_orders orders.ndjson
  playhead warehouse produce order-service_orders orders.ndjson --key object_id --partitions 4")]
pub(super) struct Args {
    /// The topic
    topic: String,
    /// The file, a message a line
    file: PathBuf,
    /// The field that orders messages: those of one value are in one partition. Names joined by dots [default: none, all in
    /// partition 0]
    #[arg(long, value_name = "FIELD")]
    key: Option<String>,
    /// Partitions of the topic if it is made now
    #[arg(long, value_name = "N", default_value_t = 1)]
    partitions: u32,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Produces.
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let work = Produce { topic: &args.topic, file: &args.file, key: args.key.as_deref(), partitions: args.partitions };
    let done = block(produce(&args.settings.config()?, work))?;
    print_line(format_args!("{} messages are on {}", done, args.topic))?;
    Ok(ExitCode::SUCCESS)
}
