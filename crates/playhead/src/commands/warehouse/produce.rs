//! `playhead warehouse produce`: messages onto a topic, of a data folder's log or of a running server.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use playhead_app::{Produce, check_key, produce};
use serde::Deserialize;

use super::place::{ServerArgs, block};
use crate::client::{Client, escaped};
use crate::output::print_line;
use crate::settings::SettingsArgs;

const LINES_AT_ONCE: usize = 5_000;
const BYTES_AT_ONCE: usize = 4 << 20;
/// A server that is too busy or full is waited for so long.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_secs(1);
const REFUSALS_SHOWN: u64 = 20;

/// Append messages to a topic, a line each
///
/// Into the log of a data folder that no server has open, where the topic is made if it is not there; or with --url through a
/// running server, whose topics are those that its pipelines read and `topics.names` names.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead warehouse produce order-service_orders orders.ndjson --key object_id
  playhead warehouse produce order-service_orders orders.ndjson --key object_id --url http://127.0.0.1:8080")]
pub(super) struct Args {
    /// The topic
    topic: String,
    /// The file, a message a line
    file: PathBuf,
    /// The field that orders messages: those of one value are in one partition. Names joined by dots [default: none, all in
    /// partition 0]
    #[arg(long, value_name = "FIELD")]
    key: Option<String>,
    /// Partitions of the topic if it is made now [default: pipelines.partitions]
    #[arg(long, value_name = "N", conflicts_with = "url")]
    partitions: Option<u32>,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Produces.
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    if let Some(client) = args.server.client()? {
        return through_server(args, &client);
    }
    let work = Produce { topic: &args.topic, file: &args.file, key: args.key.as_deref(), partitions: args.partitions };
    let done = block(produce(&args.settings.config()?, work))?;
    print_line(format_args!("{} messages are on {}", done.messages, args.topic))?;
    if let Some(partitions) = done.made {
        eprintln!("the topic {} was not there: it is made new, with {partitions} partitions", args.topic);
    }
    if let (Some(key), 1..) = (&args.key, done.keyless) {
        eprintln!("{} of them have no `{key}`, and are in partition 0", done.keyless);
    }
    Ok(ExitCode::SUCCESS)
}

/// What a server answers for a batch.
#[derive(Deserialize)]
struct Answered {
    results: Vec<Outcome>,
}

#[derive(Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
enum Outcome {
    Ok {},
    Error { detail: String, retryable: bool },
}

/// A message with its line in the file.
type Line = (u64, Vec<u8>);

/// What has become of the file so far.
#[derive(Default)]
struct Sent {
    taken: u64,
    refused: u64,
}

fn through_server(args: &Args, client: &Client) -> Result<ExitCode> {
    if let Some(field) = &args.key {
        check_key(&args.file, field)?;
    }
    let key = args.key.as_ref().map_or_else(String::new, |field| format!("?key={}", escaped(field)));
    let path = format!("/v1/topics/{}{key}", escaped(&args.topic));
    let mut sent = Sent::default();
    let done = send_file(&args.file, client, &path, &mut sent);
    print_line(format_args!("{} messages are on {}", sent.taken, args.topic))?;
    done.context("the rest was not sent; what is sent once more counts once")?;
    if sent.refused > 0 {
        eprintln!("{} were refused", sent.refused);
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn send_file(file: &Path, client: &Client, path: &str, sent: &mut Sent) -> Result<()> {
    let unreadable = || format!("cannot read {}", file.display());
    let reader = BufReader::new(std::fs::File::open(file).with_context(unreadable)?);
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for (number, line) in (1..).zip(reader.split(b'\n')) {
        let line = line.with_context(unreadable)?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        if batch.len() >= LINES_AT_ONCE || (bytes + line.len() > BYTES_AT_ONCE && !batch.is_empty()) {
            send(std::mem::take(&mut batch), file, client, path, sent)?;
            bytes = 0;
        }
        bytes += line.len() + 1;
        batch.push((number, line));
    }
    send(batch, file, client, path, sent)
}

/// Sends a batch until each of its messages is taken, or will never be.
fn send(mut batch: Vec<Line>, file: &Path, client: &Client, path: &str, sent: &mut Sent) -> Result<()> {
    let give_up = Instant::now() + PATIENCE;
    while !batch.is_empty() {
        let body: Vec<u8> = batch.iter().flat_map(|(_, line)| line.iter().copied().chain([b'\n'])).collect();
        let answer = client.post(path, "application/x-ndjson", &body)?;
        let again = if answer.is_ok() {
            settle(batch, &answer.json::<Answered>()?, file, sent)
        } else if answer.is_retryable() {
            batch
        } else {
            bail!(answer.reason());
        };
        batch = again;
        if !batch.is_empty() {
            if Instant::now() > give_up {
                bail!("line {}: the server has not taken it for {PATIENCE:?}: {}", batch[0].0, answer.reason());
            }
            std::thread::sleep(answer.retry_after.unwrap_or(PAUSE));
        }
    }
    Ok(())
}

/// Counts what was taken and tells what was refused. Gives what may be taken later.
fn settle(batch: Vec<Line>, answered: &Answered, file: &Path, sent: &mut Sent) -> Vec<Line> {
    let mut again = Vec::new();
    for (line, outcome) in batch.into_iter().zip(&answered.results) {
        match outcome {
            Outcome::Ok {} => sent.taken += 1,
            Outcome::Error { retryable: true, .. } => again.push(line),
            Outcome::Error { detail, .. } => {
                sent.refused += 1;
                if sent.refused <= REFUSALS_SHOWN {
                    eprintln!("{}:{}: {detail}", file.display(), line.0);
                }
            }
        }
    }
    again
}
