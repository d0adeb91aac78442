//! Entries of a dictionary: JSON objects, one a line or in an array, with their id in a field.

use bytes::Bytes;
use playhead_ports::{DictionaryChange, DictionaryKey};
use serde_json::Value;
use smol_str::SmolStr;

/// What is wrong with a file of entries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct EntriesError {
    /// Which line, or which entry of an array, from 1.
    pub line: usize,
    /// What is wrong.
    pub why: String,
}

/// The entries of a file: a JSON array, or an object a line.
pub fn entries(dictionary: &str, id: &str, bytes: &[u8]) -> Result<Vec<DictionaryChange>, EntriesError> {
    let at = |line: usize| move |why: String| EntriesError { line, why };
    let text = std::str::from_utf8(bytes).map_err(|error| at(1)(format!("it is not UTF-8: {error}")))?;
    if text.trim_start().starts_with('[') {
        let all: Vec<Value> = serde_json::from_str(text).map_err(|error| at(error.line())(error.to_string()))?;
        let numbered = all.iter().enumerate();
        return numbered
            .map(|(place, value)| change(dictionary, id, value, value.to_string()).map_err(at(place + 1)))
            .collect();
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(place, line)| entry(dictionary, id, line.trim().as_bytes()).map_err(at(place + 1))).collect()
}

/// The change that an entry makes.
pub(super) fn entry(dictionary: &str, id: &str, bytes: &[u8]) -> Result<DictionaryChange, String> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| format!("it is no JSON: {error}"))?;
    change(dictionary, id, &value, Bytes::copy_from_slice(bytes))
}

fn change(dictionary: &str, id: &str, value: &Value, bytes: impl Into<Bytes>) -> Result<DictionaryChange, String> {
    let found = value.get(id).ok_or_else(|| format!("it has no field {id}"))?;
    let key =
        DictionaryKey { dictionary: dictionary.into(), id: id_text(found).ok_or_else(|| format!("{id} is no id"))? };
    Ok((key, Some(bytes.into())))
}

/// An id as text: numbers by their digits.
fn id_text(value: &Value) -> Option<SmolStr> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.as_str().into()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string().into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Result<Vec<String>, String> {
        let found = entries("users", "_id", text.as_bytes()).map_err(|error| error.to_string())?;
        Ok(found.into_iter().map(|(key, _)| key.id.to_string()).collect())
    }

    #[test]
    fn entries_stand_in_lines_or_in_an_array() {
        assert_eq!(ids("{\"_id\":\"a\"}\n\n {\"_id\":7,\"name\":\"x\"}\n"), Ok(vec!["a".into(), "7".into()]));
        assert_eq!(ids(" [{\"_id\":\"a\"},\n{\"_id\":\"b\"}]"), Ok(vec!["a".into(), "b".into()]));
        assert_eq!(ids(""), Ok(vec![]));
    }

    #[test]
    fn an_entry_without_an_id_is_told_with_its_line() {
        assert_eq!(ids("{\"_id\":\"a\"}\n{\"id\":\"b\"}"), Err("line 2: it has no field _id".into()));
        assert_eq!(ids("{\"_id\":null}"), Err("line 1: _id is no id".into()));
        assert!(ids("{\"_id\":\"a\"}\nnonsense").is_err_and(|why| why.starts_with("line 2: it is no JSON")));
    }
}
