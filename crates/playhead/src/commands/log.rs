//! `playhead log`: checks the log's files, and makes a damaged log open again.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use playhead_app::{LogCheck, LogGap, repair_log, verify_log};

use crate::output::print_line;
use crate::settings::SettingsArgs;

/// Check the log's files, or make a damaged log open again
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  playhead log verify --data data
  playhead log repair --data data")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Read every frame and say what is broken; the server may run. Exits with 1 if anything is
    Verify {
        #[command(flatten)]
        settings: SettingsArgs,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Put broken bytes into files beside the log, so that the whole records around them can be read (stop the server first)
    ///
    /// What was lost leaves a gap in the offsets; every offset that is lost is named. A backup may still have the records.
    Repair {
        #[command(flatten)]
        settings: SettingsArgs,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// Does it.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    match args.what {
        What::Verify { settings, json } => verify(&verify_log(&settings.config()?)?, json),
        What::Repair { settings, json } => repair(&repair_log(&settings.config()?)?, json),
    }
}

fn verify(checks: &[LogCheck], json: bool) -> Result<ExitCode> {
    if json {
        print_line(serde_json::to_string_pretty(checks)?)?;
    } else {
        checks.iter().try_for_each(show)?;
    }
    let is_whole = checks.iter().all(|check| check.damage.is_empty());
    if !is_whole && !json {
        print_line("`playhead log repair`, with the server stopped, puts the broken bytes aside")?;
    }
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(check: &LogCheck) -> Result<()> {
    let LogCheck { partition, segments, frames, records, tail_bytes, damage } = check;
    let torn =
        if *tail_bytes > 0 { format!(", {tail_bytes} bytes at the end are no whole frame yet") } else { String::new() };
    print_line(format_args!("{partition:<16} {records} records in {frames} frames of {segments} files{torn}"))?;
    for found in damage {
        let after = found
            .whole_from
            .map_or("nothing after it is whole".to_owned(), |offset| format!("whole again from {offset} on"));
        print_line(format_args!(
            "  BROKEN {} at byte {}: {}; whole before offset {}, {after}",
            found.path.display(),
            found.position,
            found.why,
            found.whole_before
        ))?;
    }
    Ok(())
}

fn gap_line(gap: &LogGap) -> String {
    let LogGap { partition, path, lost_from, lost_until, next } = gap;
    let bytes = path.as_ref().map_or(String::new(), |path| format!("; the broken bytes are in {}", path.display()));
    let (last, are) = (lost_until.saturating_sub(1), if lost_until < next { "may be" } else { "are" });
    let jump = if lost_until < next {
        format!("; it goes on at {next}, as after a restore, and the offsets before that were never given")
    } else {
        String::new()
    };
    format!("{partition:<16} offsets {lost_from} to {last} {are} lost{bytes}{jump}")
}

fn repair(gaps: &[LogGap], json: bool) -> Result<ExitCode> {
    if json {
        print_line(serde_json::to_string_pretty(gaps)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    gaps.iter().try_for_each(|gap| print_line(gap_line(gap)))?;
    if gaps.is_empty() {
        print_line("Nothing was broken.")?;
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_that_were_never_given_are_not_called_lost() {
        let gap = LogGap { partition: "watch/0".to_owned(), path: None, lost_from: 7, lost_until: 9, next: 9 };
        assert_eq!(gap_line(&gap), "watch/0          offsets 7 to 8 are lost");
        let line = gap_line(&LogGap { next: 4_294_967_303, ..gap });
        assert!(line.contains("offsets 7 to 8 may be lost; it goes on at 4294967303, as after a restore"), "{line}");
    }
}
