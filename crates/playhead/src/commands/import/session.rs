//! One import: its files part by part, its progress, its rejects, its summary.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::FileArgs;
use super::progress_file::{Progress, ProgressFile};
use super::rejects::Rejects;
use super::row::{Row, Rows};
use super::sender::Sender;
use super::views::{self, Views};
use crate::client::{Client, ClientArgs};

/// A batch must be answered within this.
const BATCH_DEADLINE: Duration = Duration::from_secs(60);
/// A look at how far the views are.
const LOOK_DEADLINE: Duration = Duration::from_secs(10);

/// An import under way.
pub(super) struct Session {
    client: Client,
    sender: Sender,
    batch: usize,
    progress: ProgressFile,
    rejects: Rejects,
    resumed: bool,
    parts: Vec<Part>,
    /// Lines answered for in this run.
    answered: u64,
    start: Instant,
}

/// What became of one file.
#[derive(Debug, Clone, Serialize)]
struct Part {
    name: &'static str,
    /// Lines, empty ones not counted; those of a run before too.
    lines: u64,
    accepted: u64,
    rejected: u64,
}

/// What became of all.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    parts: Vec<Part>,
    accepted: u64,
    rejected: u64,
    /// Went on from where an earlier run had stopped.
    resumed: bool,
    /// Of this run.
    seconds: f64,
    /// Lines answered for a second, in this run.
    lines_per_s: f64,
    /// Whether positions and warehouse have everything.
    views: Views,
    /// How long they were waited for.
    waited_s: f64,
    rejects_file: Option<PathBuf>,
}

impl Session {
    pub(super) fn open(kind: &str, args: &FileArgs, client: &ClientArgs) -> anyhow::Result<Self> {
        let progress = ProgressFile::open(args.state.as_deref(), kind, &args.path, &client.url);
        let resumed = progress.is_resumed();
        Ok(Self {
            client: Client::new(client, LOOK_DEADLINE)?,
            sender: Sender::new(Client::new(client, BATCH_DEADLINE)?, usize::from(args.batch)),
            batch: usize::from(args.batch),
            rejects: Rejects::new(&args.rejects, resumed),
            progress,
            resumed,
            parts: Vec::new(),
            answered: 0,
            start: Instant::now(),
        })
    }

    /// Sends the lines of a file that were not answered for before.
    pub(super) fn send(&mut self, name: &'static str, path: &str, rows: Rows) -> anyhow::Result<()> {
        let mut progress = self.progress.part(name);
        let bar = bar(name, rows.size_bytes);
        let mut batch = Vec::with_capacity(self.batch);
        for row in rows.rows {
            let row = row.with_context(|| format!("cannot read {}", rows.file))?;
            if row.number <= progress.number {
                continue;
            }
            batch.push(row);
            if batch.len() == self.batch {
                self.send_batch(name, path, &rows.file, &mut batch, &mut progress, &bar)?;
            }
        }
        self.send_batch(name, path, &rows.file, &mut batch, &mut progress, &bar)?;
        bar.finish_and_clear();
        let Progress { accepted, rejected, .. } = progress;
        self.parts.push(Part { name, lines: accepted + rejected, accepted, rejected });
        Ok(())
    }

    fn send_batch(
        &mut self,
        name: &str,
        path: &str,
        file: &str,
        batch: &mut Vec<Row>,
        progress: &mut Progress,
        bar: &ProgressBar,
    ) -> anyhow::Result<()> {
        let Some(last) = batch.last() else { return Ok(()) };
        let (last_number, end_bytes) = (last.number, last.end_bytes);
        let lines: Vec<&str> = batch.iter().filter_map(|row| row.content.as_deref().ok()).collect();
        let mut verdicts = self.sender.send(path, &lines)?.into_iter();
        for row in batch.iter() {
            let verdict = match &row.content {
                Ok(_) => verdicts.next().expect("a verdict for each line that was sent"),
                Err(reason) => Err(reason.clone()),
            };
            match verdict {
                Ok(()) => progress.accepted += 1,
                Err(reason) => {
                    progress.rejected += 1;
                    self.rejects.add(file, row.line, &reason, &row.text)?;
                }
            }
        }
        self.answered += batch.len() as u64;
        progress.number = last_number;
        self.progress.note(name, *progress);
        bar.set_position(end_bytes);
        batch.clear();
        Ok(())
    }

    /// The import is done; the views are waited for if that is wished.
    pub(super) fn finish(self, wait: bool) -> anyhow::Result<Summary> {
        self.progress.remove();
        let (accepted, rejected) =
            self.parts.iter().fold((0, 0), |(ok, not), part| (ok + part.accepted, not + part.rejected));
        let seconds = self.start.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for eyes")]
        let lines_per_s = self.answered as f64 / seconds.max(0.001);
        let views = if wait { views::wait(&self.client) } else { Views::NotWaitedFor };
        Ok(Summary {
            parts: self.parts,
            accepted,
            rejected,
            resumed: self.resumed,
            seconds,
            lines_per_s,
            views,
            waited_s: self.start.elapsed().as_secs_f64() - seconds,
            rejects_file: self.rejects.path().filter(|_| rejected > 0).map(PathBuf::from),
        })
    }
}

impl Summary {
    /// Whether any line was taken, or there was none.
    pub(super) fn took_something(&self) -> bool {
        self.accepted > 0 || self.rejected == 0
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            writeln!(
                f,
                "{:<10}{:>12} lines{:>12} accepted{:>10} rejected",
                part.name, part.lines, part.accepted, part.rejected
            )?;
        }
        let resumed = if self.resumed { ", going on from an earlier run" } else { "" };
        writeln!(f, "{:.1} s, {:.0} lines/s{resumed}", self.seconds, self.lines_per_s)?;
        if let Some(path) = &self.rejects_file {
            writeln!(f, "what was rejected, and why: {}", path.display())?;
        }
        match &self.views {
            Views::Complete => writeln!(f, "positions and warehouse have everything, {:.1} s later", self.waited_s),
            Views::Behind { why } => writeln!(f, "the warehouse does not have everything yet: {why}; it goes on"),
            Views::Unknown { why } => writeln!(f, "whether the warehouse has everything yet is not known: {why}"),
            Views::NotWaitedFor => writeln!(f, "the warehouse may be some seconds behind"),
        }
    }
}

/// Shown on a terminal, silent elsewhere.
fn bar(name: &'static str, size_bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:<10}{bar:40} {percent:>3} %  {bytes_per_sec}  {eta} left");
    ProgressBar::new(size_bytes).with_prefix(name).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

#[cfg(test)]
#[path = "session_tests.rs"]
pub(super) mod tests;
