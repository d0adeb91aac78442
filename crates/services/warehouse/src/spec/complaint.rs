//! What is wrong with a spec, and where.

use std::fmt;

/// Something that is wrong with a spec.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    /// The file.
    pub file: String,
    /// The line, from 1; 0 if nothing of the file could be read.
    pub line: usize,
    /// The key, joined by dots; empty if it is the file.
    pub key: String,
    /// What is wrong.
    pub text: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, key, text } = self;
        if *line == 0 {
            return write!(f, "{file}: {text}");
        }
        if key.is_empty() { write!(f, "{file}:{line}: {text}") } else { write!(f, "{file}:{line}: {key}: {text}") }
    }
}

/// `; did you mean NAME?`, if one of the names is near what was written.
pub(super) fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    const NEAR: f64 = 0.75;
    let scored = names.into_iter().map(|name| (strsim::jaro_winkler(written, name), name));
    match scored.max_by(|one, other| one.0.total_cmp(&other.0)) {
        Some((score, name)) if score >= NEAR => format!("; did you mean {name:?}?"),
        _ => String::new(),
    }
}
