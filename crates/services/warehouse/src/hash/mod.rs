//! Hash keys and hashdiffs: the same bytes for every target, because they are computed here.
//!
//! In mode `safe` a value is a byte that says whether there is one, its length (4 bytes, least first) and its bytes as they
//! are: two different lists of values of one length are never hashed as the same bytes. In mode `automate_dv` a value is
//! trimmed of spaces, in upper case unless the spec keeps it, nothing or nothing left is `^^`, and values are joined by `||`, as AutomateDV does.
//!
//! It knows nothing of columns and types: values come as the texts of [`crate::intake`], which are PostgreSQL's.

mod digest;

pub use digest::Digest;

use crate::spec::{Mode, VaultRules};

/// What stands for nothing in mode `automate_dv`.
const NOTHING: &str = "^^";
/// What joins values in mode `automate_dv`.
const JOINT: &str = "||";

/// The hash key of these values; none if all of them are nothing, so that it is not to be loaded.
pub fn key<S: AsRef<str>>(rules: &VaultRules, values: &[Option<S>]) -> Option<Digest> {
    let mut hasher = Hasher::new(*rules);
    values.iter().for_each(|value| hasher.add(value.as_ref().map(S::as_ref)));
    hasher.key()
}

/// The hashdiff of these values, which the caller has put in the order of the columns' names.
pub fn diff<S: AsRef<str>>(rules: &VaultRules, values: &[Option<S>]) -> Digest {
    let mut hasher = Hasher::new(*rules);
    values.iter().for_each(|value| hasher.add(value.as_ref().map(S::as_ref)));
    hasher.diff()
}

/// The columns of a hashdiff in the order of their names. AutomateDV's order does not look at case.
pub fn in_order(mode: Mode, columns: &[String]) -> Vec<&String> {
    let mut sorted: Vec<&String> = columns.iter().collect();
    match mode {
        Mode::Safe => sorted.sort(),
        Mode::AutomateDv => sorted.sort_by_key(|name| name.to_lowercase()),
    }
    sorted
}

/// Values that are being hashed, one after the other. It is used again for the next ones.
#[derive(Debug, Clone)]
pub struct Hasher {
    rules: VaultRules,
    written: Vec<u8>,
    values: usize,
    is_something: bool,
    /// Whether in mode `safe` a whole group of values was nothing.
    lacks_group: bool,
    group_is_something: bool,
}

impl Hasher {
    /// Of no values yet.
    pub fn new(rules: VaultRules) -> Self {
        let written = Vec::with_capacity(256);
        Self { rules, written, values: 0, is_something: false, lacks_group: false, group_is_something: false }
    }

    /// One more value.
    pub fn add(&mut self, value: Option<&str>) {
        match self.rules.mode {
            Mode::Safe => self.add_safely(value),
            Mode::AutomateDv => self.add_as_automate_dv(value),
        }
        self.values += 1;
    }

    /// The values since the last call are the business key of one hub.
    pub fn end_group(&mut self) {
        self.lacks_group |= !self.group_is_something;
        self.group_is_something = false;
    }

    /// The hash key; none if all values are nothing, or in mode `safe` all of one group.
    pub fn key(&mut self) -> Option<Digest> {
        let is_loaded = self.is_something && !(self.lacks_group && self.rules.mode == Mode::Safe);
        let digest = is_loaded.then(|| Digest::of(self.rules.algorithm, &self.written));
        self.clear();
        digest
    }

    /// The hashdiff.
    pub fn diff(&mut self) -> Digest {
        let digest = Digest::of(self.rules.algorithm, &self.written);
        self.clear();
        digest
    }

    fn add_safely(&mut self, value: Option<&str>) {
        let Some(text) = value else {
            self.written.push(0);
            return;
        };
        let length = u32::try_from(text.len()).expect("a message is shorter than 4 GiB");
        self.written.push(1);
        self.written.extend_from_slice(&length.to_le_bytes());
        self.written.extend_from_slice(text.as_bytes());
        self.something();
    }

    fn add_as_automate_dv(&mut self, value: Option<&str>) {
        if self.values > 0 {
            self.written.extend_from_slice(JOINT.as_bytes());
        }
        let text = value.unwrap_or_default().trim_matches(' ');
        if text.is_empty() {
            self.written.extend_from_slice(NOTHING.as_bytes());
            return;
        }
        self.something();
        if self.rules.keep_case {
            self.written.extend_from_slice(text.as_bytes());
            return;
        }
        if text.is_ascii() {
            self.written.extend(text.bytes().map(|byte| byte.to_ascii_uppercase()));
            return;
        }
        for letter in text.chars() {
            self.written.extend_from_slice(upper(letter).encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    fn something(&mut self) {
        self.is_something = true;
        self.group_is_something = true;
    }

    fn clear(&mut self) {
        self.written.clear();
        self.values = 0;
        self.is_something = false;
        self.lacks_group = false;
        self.group_is_something = false;
    }
}

/// The letter in upper case; one that has none of one letter stays, as in databases: `ß` is not `SS`.
fn upper(letter: char) -> char {
    let mut upper = letter.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) => one,
        _ => letter,
    }
}

#[cfg(test)]
mod tests;
