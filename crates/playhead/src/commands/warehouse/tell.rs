//! `playhead warehouse status`, `rejects`, `lineage` and `docs`: what a pipeline has done.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use playhead_app::{
    Ancestor, PipelineStatus, RejectedMessage, pipeline_document, pipeline_lineage, pipeline_rejects, pipeline_status,
};

use serde::{Deserialize, Serialize};

use super::place::{Asked, AskedArgs, PlaceArgs, block};
use crate::client::escaped;
use crate::output::{print, print_line};

/// Say how far a pipeline has got, what waits, what was rejected, and how many rows its tables have
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead warehouse status --spec pipelines/orders.toml --into duckdb:orders.duckdb
  playhead warehouse status --spec pipelines/orders.toml --url http://127.0.0.1:8080")]
pub(super) struct StatusArgs {
    #[command(flatten)]
    place: AskedArgs,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// What a database or a server tells of a pipeline.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    /// What a server's pipeline is doing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    /// Why it does not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(flatten)]
    status: PipelineStatus,
}

/// Tells the status.
pub(super) fn status(args: &StatusArgs) -> Result<ExitCode> {
    let told = match args.place.asked()? {
        Asked::Job(job) => Told { state: None, reason: None, status: block(pipeline_status(*job))? },
        Asked::Server(client, path) => client.get(&path)?.json()?,
    };
    if args.json {
        print_line(serde_json::to_string_pretty(&told)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    show(&told)?;
    Ok(ExitCode::SUCCESS)
}

fn show(told: &Told) -> Result<()> {
    let status = &told.status;
    if let Some(state) = &told.state {
        let reason = told.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
        print_line(format_args!("{} is {state}{reason}", status.pipeline))?;
    }
    for part in &status.partitions {
        let lag = match part.end_offset {
            Some(end) => format!(" of {end}, {} behind", end.saturating_sub(part.next_offset)),
            None => String::new(),
        };
        print_line(format_args!("{:<32} next offset {}{lag}", part.partition, part.next_offset))?;
    }
    if let Some(time) = &status.last_load_time {
        print_line(format_args!("last load time {time}"))?;
    }
    for table in &status.tables {
        let rows = table.rows.map_or_else(|| "is not there yet".to_owned(), |rows| rows.to_string());
        print_line(format_args!("{:<4} {:<44} {rows:>12}", table.layer, format!("{}.{}", table.schema, table.table)))?;
    }
    print_line(format_args!("{} messages wait for a dictionary", status.waiting))?;
    for reject in &status.rejects {
        print_line(format_args!("{} rejected ({}): {}", reject.messages, reject.stage, reject.reason))?;
    }
    Ok(())
}

/// List messages that a pipeline has rejected, with the reason and where they lie
///
/// Of each message the first 200 characters, those that steer a terminal escaped; `...` stands for the rest, which --json has.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  playhead warehouse rejects --spec pipelines/orders.toml --into duckdb:orders.duckdb --limit 20")]
pub(super) struct RejectsArgs {
    #[command(flatten)]
    place: AskedArgs,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// As JSON, a message a line
    #[arg(long)]
    json: bool,
}

/// What a server answers.
#[derive(Deserialize)]
struct Rejects {
    rejects: Vec<RejectedMessage>,
}

/// Lists rejects.
pub(super) fn rejects(args: &RejectsArgs) -> Result<ExitCode> {
    let rejects = match args.place.asked()? {
        Asked::Job(job) => block(pipeline_rejects(*job, args.limit))?,
        Asked::Server(client, path) => {
            client.get(&format!("{path}/rejects?limit={}", args.limit))?.json::<Rejects>()?.rejects
        }
    };
    for reject in rejects {
        if args.json {
            print_line(serde_json::to_string(&reject)?)?;
        } else {
            print_line(format_args!(
                "{}/{}/{} ({}): {}\n  {}",
                reject.topic,
                reject.partition,
                reject.offset,
                reject.stage,
                reject.reason,
                shown(&reject.payload)
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The beginning of a message, as it is, but for what steers a terminal.
fn shown(payload: &str) -> String {
    const CHARS_SHOWN: usize = 200;
    let mut text = String::new();
    for character in payload.chars().take(CHARS_SHOWN) {
        if character.is_control() {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
    }
    if payload.chars().nth(CHARS_SHOWN).is_some() {
        text.push_str("...");
    }
    text
}

/// Show the messages behind a row, named by the values of its key
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  playhead warehouse lineage cdm.user_category_counters user_id=u1 category_name=pizza \\
      --spec pipelines/orders.toml --into duckdb:orders.duckdb")]
pub(super) struct LineageArgs {
    /// The table
    table: String,
    /// The values of all of the key's columns, in their order, or some of them as COLUMN=VALUE; of hash keys the hexadecimal
    /// digits
    #[arg(required = true)]
    key: Vec<String>,
    #[command(flatten)]
    place: AskedArgs,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: usize,
    /// As JSON, a message a line
    #[arg(long)]
    json: bool,
}

/// What a server answers.
#[derive(Deserialize)]
struct Lineage {
    messages: Vec<Ancestor>,
}

/// Shows lineage; exits with 1 if no message is behind the row.
pub(super) fn lineage(args: &LineageArgs) -> Result<ExitCode> {
    let found = match args.place.asked()? {
        Asked::Job(job) => block(pipeline_lineage(*job, &args.table, &args.key, args.limit))?,
        Asked::Server(client, path) => {
            let key: String = args.key.iter().map(|value| format!("&key={}", escaped(value))).collect();
            let query = format!("table={}&limit={}{key}", escaped(&args.table), args.limit);
            client.get(&format!("{path}/lineage?{query}"))?.json::<Lineage>()?.messages
        }
    };
    if found.is_empty() {
        eprintln!("no message is behind {} {}: there is no such row", args.table, args.key.join(" "));
    }
    for message in &found {
        if args.json {
            print_line(serde_json::to_string(message)?)?;
        } else {
            let newest = if message.is_newest { "" } else { ", an older version" };
            print_line(format_args!(
                "{}/{}/{} of {}, loaded {}{newest}\n  {}",
                message.topic,
                message.partition,
                message.offset,
                message.event_time,
                message.load_time,
                message.payload
            ))?;
        }
    }
    Ok(if found.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Write one Markdown file about a pipeline: its picture, tables, columns, where rows come from, how many there are
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  playhead warehouse docs --spec pipelines/orders.toml --into duckdb:orders.duckdb --output orders.md")]
pub(super) struct DocsArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// The file [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes the document.
pub(super) fn docs(args: &DocsArgs) -> Result<ExitCode> {
    let text = block(pipeline_document(args.place.job(None)?))?;
    match &args.output {
        Some(path) => std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?,
        None => print(text.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_shown_as_it_is_and_steers_no_terminal() {
        assert_eq!(shown(r#"{"a":"b"}"#), r#"{"a":"b"}"#);
        assert_eq!(shown("a\n\u{1b}[2J"), r"a\n\u{1b}[2J");
        assert_eq!(shown(&"я".repeat(200)), "я".repeat(200));
        assert_eq!(shown(&"я".repeat(201)), format!("{}...", "я".repeat(200)));
    }
}
