//! A file into a pipeline: messages, one a line, or rows that are staged already.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use bytes::Bytes;
use playhead_domain::{Offset, Timestamp};
use playhead_ports::{CommitError, FieldType, Topic, TopicPartition};

use super::Pipeline;
use super::batch::Loaded;
use super::once::Once;
use crate::intake::{Message, csv_messages};

const MESSAGES_AT_ONCE: usize = 20_000;
const BYTES_AT_ONCE: usize = 32 << 20;

/// Why a file was not loaded; what of it went in before stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// The target did not take it.
    #[error(transparent)]
    Load(#[from] CommitError),
}

/// What has become of a file that is loaded once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadedFile {
    /// What was taken in now.
    pub loaded: Loaded,
    /// The line that it began at: 0, or where an earlier load of the same bytes has ended.
    pub began_at: u64,
}

impl Pipeline {
    /// Loads a file of that source: CSV with a header, else a JSON object a line. `progress` hears how many bytes and
    /// messages are in. The rows of a source that is staged already are one load, whatever their number, or as many as the
    /// source says.
    pub async fn load_file(
        &self,
        source: &str,
        path: &Path,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<Loaded, FileError> {
        if self.is_staged(source) {
            let bytes = std::fs::metadata(path).map_or(0, |found| found.len());
            return self.load_together(&[(source, path)], |rows| progress(bytes, rows)).await;
        }
        self.load_rest(source, path, None, progress).await
    }

    /// The same for a file that is loaded once, whatever it is called: what of its bytes is in already is passed by, as that
    /// source and with the given load time and record source. Rows that are staged already have loads of their own, which
    /// are taken as they are.
    pub async fn load_file_once(
        &self,
        source: &str,
        path: &Path,
        progress: impl FnMut(u64, u64),
    ) -> Result<LoadedFile, FileError> {
        if self.is_staged(source) {
            return Ok(LoadedFile { loaded: self.load_file(source, path, progress).await?, began_at: 0 });
        }
        let once = self.once(source, path).await?;
        let began_at = once.next();
        Ok(LoadedFile { loaded: self.load_rest(source, path, Some(once), progress).await?, began_at })
    }

    /// Whether the rows of a source are staged already.
    pub fn is_staged(&self, source: &str) -> bool {
        self.spec().source.get(source).is_some_and(|source| source.staged)
    }

    async fn load_rest(
        &self,
        source: &str,
        path: &Path,
        mut once: Option<Once>,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<Loaded, FileError> {
        let mut all = Loaded::default();
        if is_csv(path) {
            let (mut messages, bytes) = csv_of(path, self.load_time(), &self.plain_fields(source))?;
            while !messages.is_empty() {
                let rest = messages.split_off(MESSAGES_AT_ONCE.min(messages.len()));
                all += self.load_messages(source, messages, once.as_mut()).await?;
                messages = rest;
                progress(bytes, all.loaded + all.waiting + all.rejected);
            }
            return Ok(all);
        }
        let mut lines = Lines::open(path, self.load_time()).map_err(|error| unreadable(path, &error))?;
        loop {
            let messages = lines.next(MESSAGES_AT_ONCE).map_err(|error| unreadable(path, &error))?;
            if messages.is_empty() {
                return Ok(all);
            }
            all += self.load_messages(source, messages, once.as_mut()).await?;
            progress(lines.read_bytes, all.loaded + all.waiting + all.rejected);
        }
    }

    /// The fields that columns of a source want as numbers, true or false.
    fn plain_fields(&self, source: &str) -> BTreeSet<&str> {
        let columns = self.spec().source.get(source).map(|source| &source.columns);
        let is_plain = |of: FieldType| {
            matches!(of, FieldType::Int | FieldType::Float | FieldType::Decimal { .. } | FieldType::Bool)
        };
        let plain = columns.into_iter().flatten().filter(|(_, column)| is_plain(column.of.0));
        plain.map(|(name, column)| column.path.as_ref().unwrap_or(name).as_str()).collect()
    }

    async fn load_messages(
        &self,
        source: &str,
        messages: Vec<Message>,
        once: Option<&mut Once>,
    ) -> Result<Loaded, CommitError> {
        match once {
            Some(once) => self.take_in_once(source, messages, once).await,
            None => self.take_in(source, messages, &|_| None).await,
        }
    }
}

/// All rows of a file that are staged already.
pub(super) fn rows_of(path: &Path, received_time: Timestamp) -> Result<Vec<Message>, FileError> {
    if is_csv(path) {
        return Ok(csv_of(path, received_time, &BTreeSet::new())?.0);
    }
    let lines = Lines::open(path, received_time).and_then(|mut lines| lines.next(usize::MAX));
    lines.map_err(|error| unreadable(path, &error))
}

fn is_csv(path: &Path) -> bool {
    path.extension().is_some_and(|of| of.eq_ignore_ascii_case("csv"))
}

/// The rows of a CSV file, and its size in bytes.
fn csv_of(
    path: &Path,
    received_time: Timestamp,
    plain_fields: &BTreeSet<&str>,
) -> Result<(Vec<Message>, u64), FileError> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    let messages = csv_messages(&name_of(path), &text, received_time, plain_fields).map_err(FileError::Unreadable)?;
    Ok((messages, text.len() as u64))
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn unreadable(path: &Path, error: &std::io::Error) -> FileError {
    FileError::Unreadable(format!("{}: {error}", path.display()))
}

/// The lines of a file as messages.
struct Lines {
    reader: BufReader<std::fs::File>,
    at: TopicPartition,
    line: u64,
    read_bytes: u64,
    received_time: Timestamp,
}

impl Lines {
    fn open(path: &Path, received_time: Timestamp) -> std::io::Result<Self> {
        let reader = BufReader::new(std::fs::File::open(path)?);
        let at = TopicPartition::new(&Topic::new(&name_of(path)), 0);
        Ok(Self { reader, at, line: 0, read_bytes: 0, received_time })
    }

    /// The next lines that are not blank: at most so many, and about so many bytes; none at the end.
    fn next(&mut self, most: usize) -> std::io::Result<Vec<Message>> {
        let (mut messages, mut bytes) = (Vec::new(), 0);
        while messages.len() < most && (bytes < BYTES_AT_ONCE || most == usize::MAX) {
            let mut line = Vec::new();
            let read = self.reader.read_until(b'\n', &mut line)?;
            if read == 0 {
                break;
            }
            (self.line, self.read_bytes) = (self.line + 1, self.read_bytes + read as u64);
            let content = line.strip_suffix(b"\n").unwrap_or(&line);
            let content = content.strip_suffix(b"\r").unwrap_or(content);
            if content.trim_ascii().is_empty() {
                continue;
            }
            bytes += content.len();
            messages.push(Message {
                at: self.at.clone(),
                offset: Offset(self.line),
                key: Bytes::new(),
                bytes: Bytes::copy_from_slice(content),
                headers: Vec::new(),
                received_time: self.received_time,
            });
        }
        Ok(messages)
    }
}
