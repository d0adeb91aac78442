//! The log's files, looked at and mended while no view is asked: what is broken, and putting it aside.

use std::path::PathBuf;

use anyhow::{Context, Result};
use playhead_segments::{PartitionReport, SegmentLog};
use serde::Serialize;

use crate::config::Config;
use crate::held;

/// What a partition's files hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogCheck {
    /// Which partition, as `topic/number`.
    pub partition: String,
    /// Segment files.
    pub segments: usize,
    /// Whole frames, up to the first damage of each file.
    pub frames: u64,
    /// The records in them.
    pub records: u64,
    /// Bytes after the last whole frame: torn by a crash, or being written now.
    pub tail_bytes: u64,
    /// What is broken.
    pub damage: Vec<LogDamage>,
}

/// Something broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogDamage {
    /// The file.
    pub path: PathBuf,
    /// Its first broken byte.
    pub position: u64,
    /// What is wrong there.
    pub why: String,
    /// Records before this offset are whole.
    pub whole_before: u64,
    /// From this offset on they are whole again, if any in the file are.
    pub whole_from: Option<u64>,
}

/// What a repair took out of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogGap {
    /// Of which partition, as `topic/number`.
    pub partition: String,
    /// The file that holds the broken bytes now; none if no bytes but only offsets are missing.
    pub path: Option<PathBuf>,
    /// The first offset that may be lost.
    pub lost_from: u64,
    /// From this offset on nothing is lost.
    pub lost_until: u64,
    /// The first offset that is whole again; the offsets before it that are not lost were never given, as after a restore.
    pub next: u64,
}

/// Checks every frame of the log. Nothing is changed, and the server may run.
pub fn verify_log(config: &Config) -> Result<Vec<LogCheck>> {
    let folder = config.data.join("log");
    let reports = SegmentLog::verify(&folder).with_context(|| format!("the log in {}", folder.display()))?;
    Ok(reports.into_iter().map(LogCheck::from).collect())
}

/// Puts broken bytes of the log into files beside it, so that it opens again. The server must not run: the log's lock
/// refuses it.
pub fn repair_log(config: &Config) -> Result<Vec<LogGap>> {
    let folder = config.data.join("log");
    held::refuse_if_held(&config.data)?;
    let report = SegmentLog::repair(&folder).with_context(|| format!("the log in {}", folder.display()))?;
    let gap = |found: playhead_segments::Quarantined| LogGap {
        partition: found.at.to_string(),
        path: found.path,
        lost_from: found.lost_from.0,
        lost_until: found.lost_until.0,
        next: found.next.0,
    };
    Ok(report.quarantined.into_iter().map(gap).collect())
}

impl From<PartitionReport> for LogCheck {
    fn from(report: PartitionReport) -> Self {
        let damage = |found: playhead_segments::Damage| LogDamage {
            path: found.path,
            position: found.position,
            why: found.why,
            whole_before: found.whole_before.0,
            whole_from: found.whole_from.map(|offset| offset.0),
        };
        Self {
            partition: report.at.to_string(),
            segments: report.segments,
            frames: report.frames,
            records: report.records,
            tail_bytes: report.tail_bytes,
            damage: report.damage.into_iter().map(damage).collect(),
        }
    }
}
