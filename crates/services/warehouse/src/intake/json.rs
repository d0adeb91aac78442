//! JSON as a list of places in its text: strict (RFC 8259), bounded in depth, and without copies.
//!
//! A reader of its own because a message must say what is wrong with it by line and column, a decimal number must keep the
//! digits that were sent, and an object as text must be the very bytes.

use std::borrow::Cow;

/// How deep arrays and objects may be nested.
pub(super) const DEPTH_MAX: usize = 64;

/// How many digits a number may have: a database's JSON takes no more of them than it can write out.
const DIGITS_MAX: usize = 1_000;

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number,
    /// Whether it has escapes.
    Text(bool),
    Array,
    Object,
}

/// A value, or the name of a field, which stands before its value.
#[derive(Debug, Clone, Copy)]
struct Node {
    kind: Kind,
    start: u32,
    end: u32,
    /// The node after this one and all that is in it.
    next: u32,
}

/// The place of a value in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(u32);

/// A text, read. Used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Document {
    nodes: Vec<Node>,
}

/// A field that stands twice in an object: which of them was meant is not known.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Twice;

impl Document {
    pub(super) const ROOT: Place = Place(0);

    /// Reads a text, or tells what is wrong with it.
    pub(super) fn read(&mut self, text: &str) -> Result<(), String> {
        self.nodes.clear();
        let mut reader = Reader { bytes: text.as_bytes(), at: 0, nodes: &mut self.nodes };
        reader.whole().map_err(|what| {
            let at = reader.at.min(text.len());
            let before = &text.as_bytes()[..at];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            let column = at - before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1) + 1;
            format!("is no JSON: {what} at line {line} column {column}")
        })
    }

    pub(super) fn kind(&self, place: Place) -> Kind {
        self.node(place).kind
    }

    /// The bytes as they stand there; of a text what is between the quotes.
    pub(super) fn raw<'t>(&self, text: &'t str, place: Place) -> &'t str {
        let node = self.node(place);
        &text[node.start as usize..node.end as usize]
    }

    /// The text, without escapes.
    pub(super) fn text<'t>(&self, text: &'t str, place: Place) -> Cow<'t, str> {
        let raw = self.raw(text, place);
        match self.kind(place) {
            Kind::Text(true) => Cow::Owned(unescaped(raw)),
            _ => Cow::Borrowed(raw),
        }
    }

    /// The field of that name of an object.
    pub(super) fn field(&self, text: &str, of: Place, name: &str) -> Result<Option<Place>, Twice> {
        let mut found = None;
        for (key, value) in self.fields(of) {
            let is_it = match self.kind(key) {
                Kind::Text(true) => self.text(text, key) == name,
                _ => self.raw(text, key) == name,
            };
            if is_it && found.replace(value).is_some() {
                return Err(Twice);
            }
        }
        Ok(found)
    }

    /// The names and values of an object; nothing of anything else.
    pub(super) fn fields(&self, of: Place) -> impl Iterator<Item = (Place, Place)> {
        let end = if self.kind(of) == Kind::Object { self.node(of).next } else { 0 };
        let mut at = of.0 + 1;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let value = at + 1;
                let pair = (Place(at), Place(value));
                at = self.node(Place(value)).next;
                pair
            })
        })
    }

    /// The elements of an array; nothing of anything else.
    pub(super) fn elements(&self, of: Place) -> impl Iterator<Item = Place> {
        let end = if self.kind(of) == Kind::Array { self.node(of).next } else { 0 };
        let mut at = of.0 + 1;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let element = Place(at);
                at = self.node(element).next;
                element
            })
        })
    }

    fn node(&self, place: Place) -> &Node {
        &self.nodes[place.0 as usize]
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: &'a mut Vec<Node>,
}

impl Reader<'_> {
    fn whole(&mut self) -> Result<(), String> {
        if u32::try_from(self.bytes.len()).is_err() {
            return Err("more than 4 GiB".into());
        }
        self.value(0)?;
        self.blank();
        if self.at < self.bytes.len() { Err(format!("{} after the value", self.found())) } else { Ok(()) }
    }

    fn value(&mut self, depth: usize) -> Result<(), String> {
        self.blank();
        let (node, start) = (self.nodes.len(), self.at);
        match self.bytes.get(self.at) {
            Some(b'{' | b'[') if depth == DEPTH_MAX => return Err(format!("nested deeper than {DEPTH_MAX}")),
            Some(b'{') => {
                self.push(Kind::Object, start);
                self.several(b'}', depth, true)?;
            }
            Some(b'[') => {
                self.push(Kind::Array, start);
                self.several(b']', depth, false)?;
            }
            Some(b'"') => return self.text(),
            Some(b't') => self.word("true", Kind::Bool(true))?,
            Some(b'f') => self.word("false", Kind::Bool(false))?,
            Some(b'n') => self.word("null", Kind::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => return Err(format!("expected a value, found {}", self.found())),
        }
        self.close(node);
        Ok(())
    }

    /// The inside of an array or object, up to its end.
    fn several(&mut self, end: u8, depth: usize, is_object: bool) -> Result<(), String> {
        self.at += 1;
        self.blank();
        if self.bytes.get(self.at) == Some(&end) {
            self.at += 1;
            return Ok(());
        }
        loop {
            if is_object {
                self.blank();
                if self.bytes.get(self.at) != Some(&b'"') {
                    return Err(format!("expected a field's name, found {}", self.found()));
                }
                self.text()?;
                self.blank();
                if self.bytes.get(self.at) != Some(&b':') {
                    return Err(format!("expected ':', found {}", self.found()));
                }
                self.at += 1;
            }
            self.value(depth + 1)?;
            self.blank();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(byte) if *byte == end => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(format!("expected ',' or {:?}, found {}", char::from(end), self.found())),
            }
        }
    }

    fn text(&mut self) -> Result<(), String> {
        self.at += 1;
        let (node, start) = (self.nodes.len(), self.at);
        let mut has_escapes = false;
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    has_escapes = true;
                    self.escape()?;
                }
                Some(0..=31) => return Err(format!("{} in a text", self.found())),
                Some(_) => self.at += 1,
                None => return Err("a text without an end".into()),
            }
        }
        self.push(Kind::Text(has_escapes), start);
        self.close(node);
        self.at += 1;
        Ok(())
    }

    fn escape(&mut self) -> Result<(), String> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let first = self.unit(self.at)?;
                if (0xdc00..0xe000).contains(&first) {
                    return Err("a lone surrogate in a text".into());
                }
                if (0xd800..0xdc00).contains(&first) {
                    let has_second = self.bytes.get(self.at + 6..self.at + 8) == Some(br"\u");
                    if !has_second || !(0xdc00..0xe000).contains(&self.unit(self.at + 6)?) {
                        return Err("a lone surrogate in a text".into());
                    }
                    self.at += 6;
                }
                self.at += 6;
            }
            _ => return Err("an unknown escape in a text".into()),
        }
        Ok(())
    }

    /// The number of an escape that begins there.
    fn unit(&self, at: usize) -> Result<u32, String> {
        let digits = self.bytes.get(at + 2..at + 6).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        digits
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| "an unknown escape in a text".into())
    }

    fn number(&mut self) -> Result<(), String> {
        let start = self.at;
        self.at += usize::from(self.bytes[self.at] == b'-');
        let whole = self.digits();
        let has_zero_in_front = whole > 1 && self.bytes[self.at - whole] == b'0';
        let mut is_huge = false;
        let mut is_number = whole > 0 && !has_zero_in_front;
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            is_number &= self.digits() > 0;
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.bytes.get(self.at), Some(b'+' | b'-')));
            let zeros = self.bytes[self.at..].iter().take_while(|byte| **byte == b'0').count();
            let digits = self.digits();
            is_number &= digits > 0;
            is_huge = digits.saturating_sub(zeros) > 3;
        }
        if !is_number {
            return Err("a number that is none".into());
        }
        if is_huge || self.at - start > DIGITS_MAX {
            return Err(format!("a number of more than {DIGITS_MAX} digits"));
        }
        self.push(Kind::Number, start);
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let rest = &self.bytes[self.at..];
        let count = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        self.at += count;
        count
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<(), String> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(format!("expected a value, found {}", self.found()));
        }
        self.push(kind, self.at);
        self.at += word.len();
        Ok(())
    }

    fn push(&mut self, kind: Kind, start: usize) {
        // A text is shorter than 4 GiB, and has fewer values than bytes.
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        self.nodes.push(Node { kind, start, end: start, next: 0 });
    }

    fn close(&mut self, node: usize) {
        let next = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let node = &mut self.nodes[node];
        node.end = u32::try_from(self.at).unwrap_or(u32::MAX);
        node.next = next;
    }

    fn blank(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn found(&self) -> String {
        match self.bytes.get(self.at) {
            None => "the end".into(),
            Some(byte @ (33..=126)) => format!("{:?}", char::from(*byte)),
            Some(byte) => format!("byte {byte:#04x}"),
        }
    }
}

/// A text whose escapes were checked while it was read.
fn unescaped(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let (letter, length) = match rest.as_bytes().get(at + 1) {
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(b'n') => ('\n', 2),
            Some(b'r') => ('\r', 2),
            Some(b't') => ('\t', 2),
            Some(b'u') => by_number(&rest[at..]),
            Some(other) => (char::from(*other), 2),
            None => break,
        };
        text.push(letter);
        rest = &rest[at + length..];
    }
    text.push_str(rest);
    text
}

fn by_number(escape: &str) -> (char, usize) {
    let unit = |at: usize| escape.get(at..at + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0);
    let first = unit(2);
    if !(0xd800..0xdc00).contains(&first) {
        return (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6);
    }
    let both = 0x1_0000 + ((first - 0xd800) << 10) + (unit(8).saturating_sub(0xdc00));
    (char::from_u32(both).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
}

/// Writes a text as JSON.
pub(super) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if letter < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => out.push(letter),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str) -> Result<(), String> {
        Document::default().read(text)
    }

    #[test]
    fn a_field_is_found_by_its_name_whatever_way_it_is_written() {
        let text = r#"{"a":{"b":[1,{"c":2}]},"\u0064":"x\n\ud83d\ude00"}"#;
        let mut document = Document::default();
        document.read(text).unwrap();
        let d = document.field(text, Document::ROOT, "d").unwrap().unwrap();
        assert_eq!(document.text(text, d), "x\n😀");
        let a = document.field(text, Document::ROOT, "a").unwrap().unwrap();
        assert_eq!(document.raw(text, a), r#"{"b":[1,{"c":2}]}"#);
        let b = document.field(text, a, "b").unwrap().unwrap();
        assert_eq!(
            document.elements(b).map(|place| document.raw(text, place)).collect::<Vec<_>>(),
            ["1", r#"{"c":2}"#]
        );
    }

    #[test]
    fn a_field_that_stands_twice_is_told() {
        let text = r#"{"a":1,"a":2}"#;
        let mut document = Document::default();
        document.read(text).unwrap();
        assert_eq!(document.field(text, Document::ROOT, "a"), Err(Twice));
    }

    #[test]
    fn what_is_wrong_is_told_by_line_and_column() {
        assert_eq!(
            check("{\n  \"a\": nan}").unwrap_err(),
            "is no JSON: expected a value, found 'n' at line 2 column 8"
        );
        assert_eq!(check("").unwrap_err(), "is no JSON: expected a value, found the end at line 1 column 1");
        assert!(check(&"[".repeat(65)).unwrap_err().contains("nested deeper than 64"));
        assert!(check(r#""\ud800""#).unwrap_err().contains("lone surrogate"));
        assert!(check("[1,]").is_err() && check("{\"a\" 1}").is_err() && check("1 2").is_err());
    }

    proptest! {
        #[test]
        fn what_is_json_and_what_is_not_is_as_another_reader_says(text in "[\\[\\]{}:,\"\\\\au0-9.eE+\\- tfn]{0,24}") {
            let other = serde_json::from_str::<serde_json::Value>(&text);
            // The other one refuses numbers that are too great for it; those are told by the column here.
            let is_huge = check(&text).is_err_and(|why| why.contains("digits"));
            if !is_huge && !other.as_ref().is_err_and(|error| error.to_string().contains("out of range")) {
                prop_assert_eq!(check(&text).is_ok(), other.is_ok(), "{}", text);
            }
        }

        #[test]
        fn texts_come_back_from_being_written(text in "\\PC*|[\\x00-\\x7f]*") {
            let mut written = String::new();
            write_text(&text, &mut written);
            let mut document = Document::default();
            document.read(&written).unwrap();
            prop_assert_eq!(document.text(&written, Document::ROOT), text);
        }
    }
}
