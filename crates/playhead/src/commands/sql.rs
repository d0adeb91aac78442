//! `playhead sql`: one question to the warehouse of a running server.

mod table;

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::ValueEnum;
use serde_json::Value;

use crate::ask::{Rows, ask, ask_parquet};
use crate::client::ClientArgs;
use crate::output::print;

/// The name of standard output.
const STDOUT: &str = "-";
/// The exit code of an answer that is not whole.
const CUT: u8 = 3;

/// Ask the warehouse of a running server
///
/// One SELECT, read-only. The tables: watch_events, watch_marks, user_video, video_daily, video_retention, videos, forgotten,
/// and what pipelines show in the schemas cdm (marts) and dds (vault); SHOW TABLES lists those of the server, DESCRIBE a_table
/// its columns. Needs the scope `analyst`. Exits with 1 if the query is refused or fails, and with 3 if the answer was cut at
/// the server's limit of rows, in any format: what was written then is the beginning.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead sql \"SELECT count(*) FROM watch_events\"
  playhead sql \"SELECT * FROM video_daily ORDER BY viewers DESC LIMIT 10\" --format csv
  playhead sql \"SHOW TABLES\"
  playhead sql --format parquet --output daily.parquet \"FROM video_daily WHERE day >= current_date - 7\"
  playhead sql --format parquet --output - \"FROM videos\" | ssh elsewhere 'cat > videos.parquet'
  echo \"SELECT day, sum(plays) FROM video_daily GROUP BY day\" | playhead sql -")]
pub(crate) struct Args {
    /// The query; `-` reads it from standard input
    #[arg(value_name = "SELECT")]
    query: String,

    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,

    /// Write to a file; `-` is standard output, which is where all but Parquet goes without this
    #[arg(long, value_name = "FILE", required_if_eq("format", "parquet"))]
    output: Option<PathBuf>,

    #[command(flatten)]
    client: ClientArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Aligned columns, for eyes
    Table,
    /// A line of names, then a line a row; NULL is empty
    Csv,
    /// {"columns": [...], "rows": [[...]], "truncated": false}
    Json,
    /// A Parquet file with the warehouse's own types
    Parquet,
}

/// Asks and writes the answer.
pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let query = query_of(&args.query)?;
    if args.format == Format::Parquet {
        let is_shown = args.output.as_deref() == Some(Path::new(STDOUT)) && std::io::stdout().is_terminal();
        anyhow::ensure!(!is_shown, "Parquet is no text to be read here: name a file with --output, or pipe it on");
        let file = ask_parquet(&args.client, &query)?;
        emit(args.output.as_deref(), &file.body)?;
        return Ok(ended(file.cut_at));
    }
    let rows = ask(&args.client, &query)?;
    emit(args.output.as_deref(), &text_of(args.format, &rows)?)?;
    Ok(ended(rows.truncated.then_some(rows.rows.len())))
}

/// How the command ends; says so if the answer was cut.
fn ended(cut_at: Option<usize>) -> ExitCode {
    let Some(cut_at) = cut_at else { return ExitCode::SUCCESS };
    eprintln!("playhead: the answer was cut at {cut_at} rows: narrow the query, or add a LIMIT");
    ExitCode::from(CUT)
}

fn query_of(argument: &str) -> anyhow::Result<String> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut query = String::new();
    std::io::stdin().read_to_string(&mut query).context("cannot read the query from standard input")?;
    Ok(query)
}

/// An answer as it is written.
pub(super) fn text_of(format: Format, rows: &Rows) -> anyhow::Result<Vec<u8>> {
    match format {
        Format::Table | Format::Parquet => Ok(table::draw(rows).into_bytes()),
        Format::Csv => csv_of(rows),
        Format::Json => {
            let mut text = serde_json::to_vec(rows)?;
            text.push(b'\n');
            Ok(text)
        }
    }
}

fn csv_of(rows: &Rows) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&rows.columns)?;
    for row in &rows.rows {
        writer.write_record(row.iter().map(|value| plain(value).unwrap_or_default()))?;
    }
    Ok(writer.into_inner()?)
}

/// A value as text without quotes; none if it is NULL.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn emit(output: Option<&Path>, text: &[u8]) -> anyhow::Result<()> {
    match output {
        None => print(text),
        Some(path) if path == Path::new(STDOUT) => print(text),
        Some(path) => std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn csv_quotes_what_must_be_and_leaves_null_empty() {
        let rows = Rows {
            columns: vec!["title".to_owned(), "n".to_owned()],
            rows: vec![vec![json!("Easy, \"Rider\""), json!(3)], vec![Value::Null, json!(1.5)]],
            truncated: false,
        };
        let text = String::from_utf8(csv_of(&rows).expect("CSV")).expect("text");
        assert_eq!(text, "title,n\n\"Easy, \"\"Rider\"\"\",3\n,1.5\n");
    }
}
