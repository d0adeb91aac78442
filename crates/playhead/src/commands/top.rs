//! `playhead top`: the most watched films as a chart.

mod chart;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::ValueEnum;
use serde::Serialize;
use serde_json::Value;

use crate::ask::{Rows, ask};
use crate::client::ClientArgs;
use crate::output::print;

/// Show the most watched films as a chart
///
/// Viewers, plays, hours watched (`watched`), and how far viewers have got on average. Needs the scope `analyst`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead top
  playhead top --limit 25 --by watched --days 7
  playhead top --json | jq '.[0].title'")]
pub(crate) struct Args {
    /// How many films
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    limit: u16,

    /// What counts
    #[arg(long, value_enum, default_value_t = By::Viewers)]
    by: By,

    /// Only the last N days, UTC, today included [default: everything]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    days: Option<u16>,

    /// Print JSON instead of the chart
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    client: ClientArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// People who watched
    Viewers,
    /// Hours watched
    Watched,
    /// Playbacks
    Plays,
}

/// A film of the chart.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Film {
    video_id: String,
    /// As described; none if nobody has.
    title: Option<String>,
    viewers: u64,
    plays: u64,
    watched_hours: f64,
    /// How far viewers have got, 0 to 1, on average; none if the length is not known.
    share_reached: Option<f64>,
}

/// Asks and draws.
pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let since = args.days.map(first_day).transpose()?;
    let films = films_of(&ask(&args.client, &query(&args, since.as_deref()))?)?;
    if args.json {
        let mut text = serde_json::to_vec_pretty(&films)?;
        text.push(b'\n');
        print(&text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let stdout = std::io::stdout();
    let colours = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    print(chart::draw(&films, args.by, args.days, colours).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// The first day of the last `days`, today included.
fn first_day(days: u16) -> anyhow::Result<String> {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let first = today.checked_sub(jiff::Span::new().days(i64::from(days) - 1)).context("--days goes too far back")?;
    Ok(first.to_string())
}

/// Somebody watched within the days up to now if their last event lies there, so viewers are exact for any number of days.
fn query(args: &Args, since: Option<&str>) -> String {
    let by = match args.by {
        By::Viewers => "viewers",
        By::Watched => "watched_ms",
        By::Plays => "plays",
    };
    let sums = "SELECT video_id, sum(plays) AS plays, sum(watched_ms) AS watched_ms FROM";
    let (recent, daily) = match since {
        None => (String::new(), format!("{sums} user_video GROUP BY video_id")),
        Some(day) => (
            format!("WHERE u.last_time >= TIMESTAMP '{day} 00:00:00'"),
            format!("{sums} video_daily WHERE day >= DATE '{day}' GROUP BY video_id"),
        ),
    };
    format!(
        "SELECT w.video_id, v.title, w.viewers, coalesce(d.plays, 0) AS plays, \
           coalesce(d.watched_ms, 0) AS watched_ms, w.reached \
         FROM (SELECT u.video_id, count(*) AS viewers, \
           avg(CASE WHEN l.duration_ms IS NULL THEN NULL WHEN u.completed OR u.position_ms > l.duration_ms THEN 1.0 \
             ELSE u.position_ms * 1.0 / l.duration_ms END) AS reached \
           FROM user_video u LEFT JOIN videos l ON l.video_id = u.video_id {recent} GROUP BY u.video_id) w \
         LEFT JOIN ({daily}) d ON d.video_id = w.video_id \
         LEFT JOIN videos v ON v.video_id = w.video_id \
         ORDER BY {by} DESC, viewers DESC, w.video_id LIMIT {}",
        args.limit
    )
}

fn films_of(rows: &Rows) -> anyhow::Result<Vec<Film>> {
    rows.rows.iter().map(|row| film_of(row).context("the server's answer is not what was asked for")).collect()
}

fn film_of(row: &[Value]) -> Option<Film> {
    let [video_id, title, viewers, plays, watched_ms, reached] = row else { return None };
    Some(Film {
        video_id: video_id.as_str()?.to_owned(),
        title: title.as_str().map(str::to_owned),
        viewers: count(viewers)?,
        plays: count(plays)?,
        watched_hours: number(watched_ms)? / 3_600_000.0,
        share_reached: number(reached),
    })
}

/// A count, also where a wide one came as text.
fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// A number, also where a decimal came as text.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_become_films() {
        let rows = Rows {
            columns: Vec::new(),
            rows: vec![vec![json!("v1"), json!("Goha (1958)"), json!(3), json!("7"), json!(7_200_000), Value::Null]],
            truncated: false,
        };
        let film = Film {
            video_id: "v1".to_owned(),
            title: Some("Goha (1958)".to_owned()),
            viewers: 3,
            plays: 7,
            watched_hours: 2.0,
            share_reached: None,
        };
        assert_eq!(films_of(&rows).expect("films"), [film]);
        let odd = Rows { columns: Vec::new(), rows: vec![vec![json!(1)]], truncated: false };
        assert!(films_of(&odd).is_err());
    }
}
