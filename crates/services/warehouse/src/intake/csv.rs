//! Rows of a CSV file as messages: an object a row, with a text for each field that is not empty, or a number, true or false where
//! that is what the field's column wants.
//!
//! A reader of its own because an empty field and a quoted empty one mean different things here, which the crate `csv` does not
//! tell apart.

use std::collections::BTreeSet;

use bytes::Bytes;
use playhead_domain::{Offset, Timestamp};
use playhead_ports::{Topic, TopicPartition};

use super::json::write_text;
use super::model::Message;

/// The rows of a CSV file with a header, as messages. An empty field is nothing, unless it is quoted. Or where the file is not
/// right, by line. Of `plain` fields a number, true or false is taken as such: CSV itself has texts alone.
pub fn csv_messages(
    name: &str,
    text: &str,
    received_time: Timestamp,
    plain: &BTreeSet<&str>,
) -> Result<Vec<Message>, String> {
    let mut records = Records { text: text.strip_prefix('\u{feff}').unwrap_or(text), at: 0, line: 1 };
    let Some((_, header)) = records.next_record()? else { return Ok(Vec::new()) };
    let names: Vec<String> = header.into_iter().map(|(name, _)| name).collect();
    let at = TopicPartition::new(&Topic::new(name), 0);
    let mut messages = Vec::new();
    while let Some((line, fields)) = records.next_record()? {
        if fields.len() != names.len() {
            return Err(format!("{name}:{line}: {} fields, but the header has {}", fields.len(), names.len()));
        }
        let mut object = String::from("{");
        for (name, (field, is_quoted)) in names.iter().zip(&fields) {
            if field.is_empty() && !is_quoted {
                continue;
            }
            if object.len() > 1 {
                object.push(',');
            }
            write_text(name, &mut object);
            object.push(':');
            if plain.contains(name.as_str()) && is_plain(field) {
                object.push_str(field);
            } else {
                write_text(field, &mut object);
            }
        }
        object.push('}');
        let offset = Offset(line as u64);
        let (key, headers, bytes) = (Bytes::new(), Vec::new(), Bytes::from(object));
        messages.push(Message { at: at.clone(), offset, key, bytes, headers, received_time });
    }
    Ok(messages)
}

/// Whether it is a number, true or false as JSON writes them.
fn is_plain(field: &str) -> bool {
    matches!(field, "true" | "false") || serde_json::from_str::<serde_json::Number>(field).is_ok()
}

/// The line of a record, and its fields with whether they were quoted.
type Record = (usize, Vec<(String, bool)>);

/// Records of a CSV text (RFC 4180).
struct Records<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl Records<'_> {
    /// The next record that is not blank.
    fn next_record(&mut self) -> Result<Option<Record>, String> {
        while self.at < self.text.len() {
            let line = self.line;
            let mut fields = Vec::new();
            loop {
                fields.push(self.field()?);
                let rest = &self.text.as_bytes()[self.at..];
                match rest {
                    [b',', ..] => self.at += 1,
                    [b'\r', b'\n', ..] => {
                        self.at += 2;
                        break;
                    }
                    [b'\n', ..] => {
                        self.at += 1;
                        break;
                    }
                    [] => break,
                    _ => return Err(format!("line {}: text after a closing quote", self.line)),
                }
            }
            self.line += 1;
            if fields.len() > 1 || !fields[0].0.is_empty() || fields[0].1 {
                return Ok(Some((line, fields)));
            }
        }
        Ok(None)
    }

    fn field(&mut self) -> Result<(String, bool), String> {
        let rest = &self.text[self.at..];
        let Some(quoted) = rest.strip_prefix('"') else {
            let end = rest.find([',', '\n']).unwrap_or(rest.len());
            let is_line_end = rest.as_bytes().get(end) != Some(&b',') && rest[..end].ends_with('\r');
            let end = if is_line_end { end - 1 } else { end };
            self.at += end;
            // A lone carriage return at the end of the text is no part of the field, either.
            if is_line_end && self.text.as_bytes().get(self.at + 1).is_none() {
                self.text = &self.text[..self.at];
            }
            return Ok((rest[..end].to_owned(), false));
        };
        let mut field = String::new();
        let mut rest = quoted;
        loop {
            let Some(end) = rest.find('"') else { return Err(format!("line {}: a quote without an end", self.line)) };
            field.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.strip_prefix('"') {
                Some(more) => {
                    field.push('"');
                    rest = more;
                }
                None => break,
            }
        }
        self.line += field.matches('\n').count();
        self.at = self.text.len() - rest.len();
        Ok((field, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<(u64, String)>, String> {
        let messages = csv_messages("f.csv", text, Timestamp(0), &BTreeSet::from(["n"]))?;
        Ok(messages.into_iter().map(|m| (m.offset.0, String::from_utf8(m.bytes.to_vec()).unwrap())).collect())
    }

    #[test]
    fn a_row_is_an_object_without_its_empty_fields() {
        let text = "\u{feff}a,b,c\r\n1,,\"\"\n\n\"x \"\"y\"\"\n,z\",2,3\r\n";
        let expected =
            vec![(2, r#"{"a":"1","c":""}"#.to_owned()), (4, r#"{"a":"x \"y\"\n,z","b":"2","c":"3"}"#.to_owned())];
        assert_eq!(rows(text), Ok(expected));
        assert_eq!(rows("a,b\n1,2\r"), Ok(vec![(2, r#"{"a":"1","b":"2"}"#.to_owned())]));
        assert_eq!(rows(""), Ok(Vec::new()));
    }

    #[test]
    fn what_wants_numbers_gets_them_with_all_their_digits() {
        let expected = |row: &str| Ok(vec![(2, row.to_owned())]);
        assert_eq!(rows("n,m\n123456789012345678901.50,1\n"), expected(r#"{"n":123456789012345678901.50,"m":"1"}"#));
        assert_eq!(rows("n\ntrue\n"), expected(r#"{"n":true}"#));
        for text in ["007", "x", "null", "[1]"] {
            assert_eq!(rows(&format!("n\n{text}\n")), expected(&format!(r#"{{"n":"{text}"}}"#)));
        }
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line() {
        assert_eq!(rows("a,b\n1\n").unwrap_err(), "f.csv:2: 1 fields, but the header has 2");
        assert_eq!(rows("a\n\"1\n").unwrap_err(), "line 2: a quote without an end");
        assert_eq!(rows("a\n\"1\"x\n").unwrap_err(), "line 2: text after a closing quote");
    }
}
