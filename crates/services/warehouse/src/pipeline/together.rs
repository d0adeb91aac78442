//! Files of staged rows into a pipeline: rows of several sources that are one load, all in or none of them.
//!
//! What it knows of files are their rows in order; how they are read is in [`super::file`].

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use playhead_ports::CommitError;

use super::Pipeline;
use super::batch::{Loaded, Made, Pinned};
use super::file::{FileError, rows_of};
use super::staging::merge;
use crate::intake::{Mark, Message};

/// How many rows that are wrong are told.
const WRONG_SHOWN: usize = 20;

impl Pipeline {
    /// Loads files of staged rows, each of its source, as one load; where sources have loads by a period, as one for each
    /// period. A row that is wrong is told, and nothing of its load goes in. `progress` hears how many rows are in.
    pub async fn load_together(
        &self,
        files: &[(&str, &Path)],
        mut progress: impl FnMut(u64),
    ) -> Result<Loaded, FileError> {
        let mark = Mark { load_time: self.load_time(), record_source: self.record_source().map(Into::into) };
        let mut loads: BTreeMap<String, BTreeMap<&str, Vec<Message>>> = BTreeMap::new();
        for (source, path) in files {
            let rows = rows_of(path, mark.load_time)?;
            for (period, rows) in self.intake().loads(source, rows, &mark) {
                loads.entry(period).or_default().entry(source).or_default().extend(rows);
            }
        }
        let mut all = Loaded::default();
        for load in loads.into_values() {
            all += self.take_in_whole(&load).await?;
            progress(all.loaded + all.waiting);
        }
        Ok(all)
    }

    /// Takes rows in as one load, or none of them.
    async fn take_in_whole(&self, load: &BTreeMap<&str, Vec<Message>>) -> Result<Loaded, CommitError> {
        let (mut tables, mut counts, mut wrong) = (Vec::new(), Loaded::default(), Vec::new());
        for (source, rows) in load {
            let gathered = self
                .gather(source, rows, &Pinned::default())
                .await
                .map_err(|error| CommitError::Transient(error.to_string()))?;
            let made = self.make(source, &gathered, rows, |_| None);
            wrong.extend(made.rejects.iter().map(|(place, why)| {
                let row = &rows[*place];
                format!("{}:{}: {why}", row.at.topic, row.offset.0)
            }));
            counts += made.counts;
            merge(&mut tables, Arc::unwrap_or_clone(made.staged));
        }
        if !wrong.is_empty() {
            return Err(CommitError::Permanent(told(&wrong)));
        }
        self.load(&Made { staged: Arc::new(tables), counts, ..Made::default() }, &[]).await?;
        Ok(counts)
    }
}

/// What is wrong with rows, each with its file and line.
fn told(wrong: &[String]) -> String {
    let shown = &wrong[..wrong.len().min(WRONG_SHOWN)];
    let rest = wrong.len() - shown.len();
    let more = if rest > 0 { format!("\nand {rest} more rows") } else { String::new() };
    format!("nothing is loaded\n{}{more}", shown.join("\n"))
}
