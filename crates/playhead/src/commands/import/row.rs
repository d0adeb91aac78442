//! A line of a file on its way to the server.

/// A line, understood or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Which one it is, from 1; rising.
    pub(super) number: u64,
    /// The line that it stands on in the file, from 1, for people.
    pub(super) line: u64,
    /// Where it ends in the file, for the progress bar.
    pub(super) end_bytes: u64,
    /// As it stands in the file.
    pub(super) text: String,
    /// As it is sent, one line of JSON; or why it cannot be.
    pub(super) content: Result<String, String>,
}

/// The lines of a file.
pub(super) struct Rows {
    /// The file's name, for rejects.
    pub(super) file: String,
    /// How large it is.
    pub(super) size_bytes: u64,
    /// The lines in order. An error is one of reading.
    pub(super) rows: Box<dyn Iterator<Item = std::io::Result<Row>>>,
}
