//! Reads a spec: its shape, its values, and then what it says, with all complaints at once.

use std::path::Path;

use serde::Deserialize;
use toml::de::DeTable;

use super::Spec;
use super::check;
use super::complaint::Complaint;
use super::places::{Lines, Places};
use super::shape::Shape;

/// The longest file, bytes.
const BYTES_MAX: u64 = 4 << 20;

/// The spec in that file, or all that is wrong with it.
pub fn read(path: &Path) -> Result<Spec, Vec<Complaint>> {
    let file = path.display().to_string();
    let whole = |text: String| vec![Complaint { file: file.clone(), line: 0, key: String::new(), text }];
    let size = std::fs::metadata(path).map_err(|error| whole(format!("cannot be read: {error}")))?.len();
    if size > BYTES_MAX {
        return Err(whole(format!("is longer than {BYTES_MAX} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| whole(format!("cannot be read: {error}")))?;
    parse(&file, &text)
}

/// The spec that a text of that file says, or all that is wrong with it.
pub fn parse(file: &str, text: &str) -> Result<Spec, Vec<Complaint>> {
    let lines = Lines::of(text);
    let complaint = |error: &toml::de::Error| {
        let line = error.span().map_or(1, |span| lines.at(span.start));
        Complaint { file: file.to_owned(), line, key: String::new(), text: error.message().to_owned() }
    };
    let (mut root, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors.iter().map(complaint).collect());
    }
    let places = Places::of(root.get_ref(), &lines);
    let mut shape = Shape { file, lines: &lines, complaints: Vec::new(), is_broken: false };
    shape.check(&mut root);
    let Shape { mut complaints, is_broken, .. } = shape;
    if !is_broken {
        match Spec::deserialize(toml::de::Deserializer::from(root)) {
            Ok(spec) => {
                complaints.extend(check::check(&spec, file, &places));
                if complaints.is_empty() {
                    return Ok(spec);
                }
            }
            Err(error) => complaints.push(complaint(&error)),
        }
    }
    complaints.sort();
    complaints.dedup();
    Err(complaints)
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
