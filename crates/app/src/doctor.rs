//! `playhead doctor`: looks at what the program stands on, and says of each thing whether it is well and what to do if not.
//!
//! Every check measures in one place and judges in another, so that the judgement is tested without a broken machine. It
//! changes nothing: the one file that it writes, to time the disk, is removed again.

mod clock;
mod data;
mod disk;
mod fsync;
mod library;
mod limits;
mod ports;
mod settings;
mod units;

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::config::Config;

pub use units::bytes as size_text;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Well.
    Ok,
    /// It works, but not as it could or not for long.
    Warn,
    /// It does not work.
    Fail,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do about it; none where nothing is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Finding {
    pub(crate) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, found: found.into(), advice: None }
    }

    pub(crate) fn warn(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Warn, found: found.into(), advice: Some(advice.into()) }
    }

    pub(crate) fn fail(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Fail, found: found.into(), advice: Some(advice.into()) }
    }
}

/// What is to be looked at.
#[derive(Debug, Clone)]
pub struct Examination {
    /// The configuration that holds; the defaults where it cannot be read.
    pub config: Config,
    /// Why the configuration cannot be read, if so.
    pub config_trouble: Option<String>,
    /// Reads the whole log, however large it is.
    pub full: bool,
}

/// Looks at everything, in the order in which a problem of one explains those after it.
pub fn examine(examination: &Examination) -> Vec<Finding> {
    let config = &examination.config;
    let mut findings = settings::check(config, examination.config_trouble.as_deref());
    findings.push(library::check());
    let served = ports::http(config);
    let is_served = served.is_playhead;
    findings.extend(data::check(config, is_served, examination.full));
    let folder = nearest(&config.data);
    findings.push(disk::check(&folder, config));
    findings.push(fsync::check(&folder));
    findings.extend(clock::check(&config.data));
    findings.extend([served.finding, ports::grpc(config)]);
    findings.extend(limits::check(config));
    findings
}

/// The folder itself, or the nearest one above it that is there.
fn nearest(folder: &Path) -> PathBuf {
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    whole.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("/")).to_owned()
}

#[cfg(test)]
#[path = "doctor/tests.rs"]
mod tests;
