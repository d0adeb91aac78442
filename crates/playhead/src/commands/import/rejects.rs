//! Lines that were not taken, in a file with tabs: where each stood, why, and the line itself.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The file; made with the first line.
pub(super) struct Rejects {
    path: PathBuf,
    /// Whether what is there is of the same import and stays.
    keep: bool,
    file: Option<File>,
}

impl Rejects {
    /// What was rejected before an interruption is kept.
    pub(super) fn new(path: &Path, keep: bool) -> Self {
        Self { path: path.to_owned(), keep, file: None }
    }

    /// Adds a line.
    pub(super) fn add(&mut self, file: &str, line: u64, reason: &str, text: &str) -> anyhow::Result<()> {
        let wrong = || format!("cannot write {}", self.path.display());
        if self.file.is_none() {
            let keep = self.keep && self.path.exists();
            let mut opened = OpenOptions::new()
                .create(true)
                .write(true)
                .append(keep)
                .truncate(!keep)
                .open(&self.path)
                .with_context(wrong)?;
            if !keep {
                opened.write_all(b"file\tline\treason\ttext\n").with_context(wrong)?;
            }
            self.file = Some(opened);
        }
        let row = format!("{}\t{line}\t{}\t{}\n", flat(file), flat(reason), flat(text));
        self.file.as_mut().expect("it was just opened").write_all(row.as_bytes()).with_context(wrong)
    }

    /// Where they are; none if there are none.
    pub(super) fn path(&self) -> Option<&Path> {
        (self.file.is_some() || (self.keep && self.path.exists())).then_some(&*self.path)
    }
}

/// Text that keeps to its cell.
fn flat(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_are_kept_over_an_interruption_and_replaced_otherwise() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("rejects.tsv");
        let add = |keep: bool, line: u64| Rejects::new(&path, keep).add("r.dat", line, "why", "a\tb").expect("written");
        add(false, 1);
        add(true, 2);
        let text = std::fs::read_to_string(&path).expect("the file");
        assert_eq!(text, "file\tline\treason\ttext\nr.dat\t1\twhy\ta\\tb\nr.dat\t2\twhy\ta\\tb\n");
        add(false, 3);
        assert_eq!(std::fs::read_to_string(&path).expect("the file").lines().count(), 2);
        assert_eq!(Rejects::new(&dir.path().join("none.tsv"), true).path(), None);
    }
}
