//! Where in the file the keys of a spec stand.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The lines of a text.
#[derive(Debug)]
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect())
    }

    /// The line of the byte at that place, from 1.
    pub(super) fn at(&self, byte: usize) -> usize {
        self.0.partition_point(|&end| end < byte) + 1
    }
}

/// Keys with their lines, as a tree.
#[derive(Debug, Default)]
pub(super) struct Places {
    line: usize,
    inner: Vec<(String, Places)>,
}

impl Places {
    pub(super) fn of(table: &DeTable<'_>, lines: &Lines) -> Self {
        Self { line: 1, inner: inner(table, lines) }
    }

    /// The line of the last key of the path that is there.
    pub(super) fn line(&self, path: &[&str]) -> usize {
        let Some((first, rest)) = path.split_first() else { return self.line };
        self.inner.iter().find(|(key, _)| key == first).map_or(self.line, |(_, places)| places.line(rest))
    }
}

fn inner(table: &DeTable<'_>, lines: &Lines) -> Vec<(String, Places)> {
    let place = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let name: &std::borrow::Cow<'_, str> = key.get_ref();
        (name.clone().into_owned(), below(value, lines.at(key.span().start), lines))
    };
    table.iter().map(place).collect()
}

/// An element of an array has the key `0`, `1` and so on.
fn below(value: &Spanned<DeValue<'_>>, line: usize, lines: &Lines) -> Places {
    let inner = match value.get_ref() {
        DeValue::Table(table) => inner(table, lines),
        DeValue::Array(array) => {
            let element = |(at, element): (usize, &Spanned<DeValue<'_>>)| {
                (at.to_string(), below(element, lines.at(element.span().start), lines))
            };
            array.iter().enumerate().map(element).collect()
        }
        _ => Vec::new(),
    };
    Places { line, inner }
}
