//! Where the benchmarks run: which program, on which disk, how long.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use tempfile::TempDir;

/// What every benchmark needs.
pub(crate) struct Ground {
    pub(crate) quick: bool,
    /// The program that is measured, built in release.
    pub(crate) playhead: PathBuf,
    /// This program.
    pub(crate) own: PathBuf,
    folder: PathBuf,
}

impl Ground {
    /// The program beside this one, and its folder: the disk that is built on, never a folder in memory.
    pub(crate) fn find(quick: bool) -> anyhow::Result<Self> {
        let own = std::env::current_exe().context("cannot tell where this program is")?;
        let playhead = own.with_file_name("playhead");
        anyhow::ensure!(playhead.exists(), "{} is missing: build it in release first", playhead.display());
        let folder = own.parent().context("a program lies in a folder")?.to_owned();
        Ok(Self { quick, playhead, own, folder })
    }

    /// A new folder for data, which goes when it is dropped.
    pub(crate) fn new_folder(&self) -> anyhow::Result<TempDir> {
        tempfile::Builder::new().prefix("bench-").tempdir_in(&self.folder).context("cannot make a folder for data")
    }

    /// One of two scales.
    pub(crate) fn pick<T>(&self, quick: T, full: T) -> T {
        if self.quick { quick } else { full }
    }

    /// How often, and how long each time, what is measured and its ceiling take turns.
    pub(crate) fn rounds(&self) -> (usize, Duration) {
        self.pick((1, Duration::from_millis(500)), (3, Duration::from_secs(3)))
    }
}

/// The middle one of some numbers.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
