//! `playhead load`: drives a server and checks what it acknowledged.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::ValueEnum;
use indicatif::ProgressBar;
use playhead_domain::Timestamp;
use playhead_loadgen::{Pacing, Plan, Protocol};

use crate::client::ClientArgs;
use crate::output::print;

/// Drive a server with virtual viewers and check what it acknowledged
///
/// Requests are sent at a set rate whether or not answers come, and latency is counted from when each was meant to be sent.
/// Viewers and videos follow Zipf's law (exponent 1). Reads during the run must give what was acknowledged before them, or
/// something newer; at the end every (user, video) pair is read and compared with what the rules say.
///
/// Its viewers (`load-RUN-N`) and videos (`load-video-N`) stay in the data, and `playhead top` counts them: a data folder of its
/// own keeps a server with real viewers clean.
///
/// Exits with 1 if anything was lost, older than acknowledged, wrong, not answered or answered with a server error; and before it
/// begins if the server cannot be reached, or the token may not do what is asked for.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead load --rate 8000 --read-rate 250 --duration 60s
  playhead load --rate 2000 --protocol grpc --duration 30s --json
  playhead load --protocol stream --closed 2 --batch 1000 --duration 10s --verify-keys 0
  playhead load --rate 500 --random-share 0.1 --check-warehouse")]
pub(crate) struct Args {
    /// Events written a second; 0 only reads, and compares nothing
    #[arg(long, value_name = "N", default_value_t = 1_000.0, value_parser = rate)]
    rate: f64,

    /// Positions read a second
    #[arg(long, value_name = "N", default_value_t = 100.0, value_parser = rate)]
    read_rate: f64,

    /// How long, such as 500ms, 60s, 5m
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    duration: Duration,

    /// Viewers
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    users: u32,

    /// Videos
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    videos: u32,

    /// How events are sent
    #[arg(long, value_enum, default_value_t = ProtocolArg::Http)]
    protocol: ProtocolArg,

    /// Writing connections, which is also the most requests (or streams) under way [default: 64, streams 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    connections: Option<u16>,

    /// Closed loop: N connections write as fast as they are answered, in place of --rate (for benchmarks)
    #[arg(long, value_name = "N", conflicts_with_all = ["rate", "connections"], value_parser = clap::value_parser!(u16).range(1..=10_000))]
    closed: Option<u16>,

    /// Events in a message of a stream
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    batch: u16,

    /// The share of writes sent as random packets, which must be refused
    #[arg(long, value_name = "SHARE", default_value_t = 0.001, value_parser = share)]
    random_share: f64,

    /// The seed of all choices [default: from the clock]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// The most (user, video) pairs to remember and check at the end; 0 checks nothing
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    verify_keys: usize,

    /// Ask the warehouse whether it holds each acknowledged event once (for 30 s after the last has arrived); needs the scope
    /// `analyst`
    #[arg(long)]
    check_warehouse: bool,

    /// Count broken connections and server errors, but do not fail because of them: the server is restarted meanwhile
    #[arg(long)]
    allow_breaks: bool,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    client: ClientArgs,

    /// The server's gRPC address, for the protocols grpc and stream
    #[arg(
        long,
        value_name = "URL",
        env = "PLAYHEAD_GRPC_URL",
        default_value = "http://127.0.0.1:8081",
        help_heading = "The server"
    )]
    grpc_url: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ProtocolArg {
    /// One PUT an event
    Http,
    /// One SetPosition an event
    Grpc,
    /// Batches over StreamEvents
    Stream,
}

/// Runs it and prints the report.
pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let json = args.json;
    let plan = plan_of(&args);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    // Shown on a terminal, silent elsewhere.
    let spinner = ProgressBar::new_spinner().with_message(format!("driving {} for {:?}", plan.url, plan.duration));
    spinner.enable_steady_tick(Duration::from_millis(200));
    let report = runtime.block_on(playhead_loadgen::run(plan));
    spinner.finish_and_clear();
    let report = report?;
    if json {
        print(format!("{}\n", serde_json::to_string_pretty(&report)?).as_bytes())?;
    } else {
        print(report.to_string().as_bytes())?;
    }
    Ok(if report.good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn plan_of(args: &Args) -> Plan {
    let now = jiff::Timestamp::now();
    let protocol = match args.protocol {
        ProtocolArg::Http => Protocol::Http,
        ProtocolArg::Grpc => Protocol::Grpc,
        ProtocolArg::Stream => Protocol::Stream,
    };
    let connections = args.closed.or(args.connections).map_or(protocol.connections_default(), usize::from);
    Plan {
        url: args.client.url.clone(),
        grpc_url: args.grpc_url.clone(),
        token: args.client.token.clone(),
        protocol,
        pacing: if args.closed.is_some() { Pacing::Closed } else { Pacing::Open { writes_per_s: args.rate } },
        reads_per_s: args.read_rate,
        duration: args.duration,
        users: args.users,
        videos: args.videos,
        connections,
        batch: usize::from(args.batch),
        random_share: args.random_share,
        seed: args.seed.unwrap_or_else(|| now.as_microsecond().unsigned_abs()),
        verify_keys_max: args.verify_keys,
        check_warehouse: args.check_warehouse,
        allow_breaks: args.allow_breaks,
        run: format!("{:x}", now.as_millisecond()),
        now: Timestamp(now.as_millisecond()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    const RATE_MAX: f64 = 10_000_000.0;
    match text.parse() {
        Ok(rate) if (0.0..=RATE_MAX).contains(&rate) => Ok(rate),
        _ => Err(format!("must be a number from 0 to {RATE_MAX}")),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("must be a number from 0 to 1".to_owned()),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let unit_s = match unit {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return Err("must be a number with ms, s, m or h".to_owned()),
    };
    let number: f64 = number.parse().map_err(|_| "must be a number with ms, s, m or h".to_owned())?;
    Duration::try_from_secs_f64(number * unit_s)
        .ok()
        .filter(|duration| !duration.is_zero() && *duration <= Duration::from_secs(7 * 86_400))
        .ok_or_else(|| "must be longer than nothing and at most 7 days".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("3"), Ok(Duration::from_secs(3)));
        assert!(["", "s", "-1s", "1 week", "0s", "9999999h"].iter().all(|text| duration(text).is_err()));
    }

    #[test]
    fn rates_and_shares_are_bounded() {
        assert!(["-1", "NaN", "inf", "many"].iter().all(|text| rate(text).is_err() && share(text).is_err()));
        assert_eq!(rate("8000"), Ok(8_000.0));
        assert!(share("1.01").is_err());
    }
}
