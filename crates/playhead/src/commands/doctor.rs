//! `playhead doctor`: looks at what the program stands on and says what to do.

use std::process::ExitCode;

use anyhow::Result;
use playhead_app::{Config, Examination, Finding, Layers, Verdict, examine};
use serde_json::json;

use crate::output::print;
use crate::settings::SettingsArgs;

/// Look at what the program stands on: configuration, library, data, disk, clock, ports, limits
///
/// Each line says how something is, what was found and, where it is not well, what to do. Nothing is changed; it may be run
/// before the first start and beside a running server. Exits with 1 if anything fails, with 0 otherwise.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead doctor
  playhead doctor --config /etc/playhead.toml --json
  playhead doctor --data /var/lib/playhead --full      # reads the whole log, however large")]
pub(crate) struct Args {
    #[command(flatten)]
    settings: SettingsArgs,
    /// Where HTTP is answered, or will be [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    http: Option<String>,
    /// Where gRPC is answered, or will be [default: 127.0.0.1:8081]
    #[arg(long, value_name = "ADDR")]
    grpc: Option<String>,
    /// Read the whole log; without it one larger than 1 GiB is not read
    #[arg(long)]
    full: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Looks and tells.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    let findings = examine(&examination(&args));
    let good = findings.iter().all(|finding| finding.verdict != Verdict::Fail);
    if args.json {
        let text = serde_json::to_string_pretty(&json!({ "good": good, "findings": findings }))?;
        print(format!("{text}\n").as_bytes())?;
    } else {
        print(text_of(&findings).as_bytes())?;
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A configuration that cannot be read is a finding like others, and the flags hold beside it.
fn examination(args: &Args) -> Examination {
    let (config, config_trouble) = match args.settings.layers().and_then(|layers| with_flags(layers, args)) {
        Ok(config) => (config, None),
        Err(error) => {
            let data = args.settings.data.as_ref().map_or(Config::default().data, Into::into);
            (Config { data, ..Config::default() }, Some(format!("{error:#}")))
        }
    };
    Examination { config, config_trouble, full: args.full }
}

fn with_flags(mut layers: Layers, args: &Args) -> Result<Config> {
    for (flag, key, value) in [("--http", "http", &args.http), ("--grpc", "grpc", &args.grpc)] {
        if let Some(text) = value {
            layers = layers.flag(flag, key, text)?;
        }
    }
    layers.config()
}

fn text_of(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let verdict = match finding.verdict {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "FAIL",
        };
        text.push_str(&format!("{verdict:<5} {:<8} {}\n", finding.check, finding.found));
        if let Some(advice) = &finding.advice {
            text.push_str(&format!("{:14} -> {advice}\n", ""));
        }
    }
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (warned, failed) = (count(Verdict::Warn), count(Verdict::Fail));
    text.push_str(&match (warned, failed) {
        (0, 0) => "Everything is well.\n".to_owned(),
        (_, 0) => format!("{warned} to look at, nothing fails.\n"),
        _ => format!("{failed} failed, {warned} to look at.\n"),
    });
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(verdict: Verdict, advice: Option<&str>) -> Finding {
        Finding { check: "disk", verdict, found: "ext4".to_owned(), advice: advice.map(str::to_owned) }
    }

    #[test]
    fn each_line_says_how_what_and_what_to_do() {
        let text = text_of(&[finding(Verdict::Ok, None), finding(Verdict::Warn, Some("use another"))]);
        assert_eq!(
            text,
            "ok    disk     ext4\nwarn  disk     ext4\n               -> use another\n1 to look at, nothing fails.\n"
        );
        assert!(text_of(&[finding(Verdict::Fail, None)]).ends_with("1 failed, 0 to look at.\n"));
        assert!(text_of(&[finding(Verdict::Ok, None)]).ends_with("Everything is well.\n"));
    }
}
