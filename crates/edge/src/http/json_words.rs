//! What the reader of JSON says, in the words of who wrote it: what was wanted and what came, and which name was meant. The
//! reader's own words ("invalid type: map, expected a string at line 1 column 5") are taken apart here and nowhere else.

use serde_json::error::Category;

/// Text of a caller is cut after so many characters.
const CHARS_SHOWN: usize = 200;

/// A name that is less like it was not meant.
const LIKENESS_MIN: f64 = 0.8;

/// What the reader said of one value or object.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A field must be given.
    Missing(String),
    /// A field stands twice.
    Twice(String),
    /// A field that nobody knows; what it may be.
    Unknown(String, Vec<String>),
    /// A value that must be another, in words.
    Value(String),
}

/// Takes the reader's words apart.
pub(super) fn fault(error: &serde_json::Error) -> Fault {
    let text = without_place(error);
    let named = |start: &str| text.strip_prefix(start)?.split_once('`').map(|(name, _)| shown(name));
    if let Some(name) = named("missing field `") {
        return Fault::Missing(name);
    }
    if let Some(name) = named("duplicate field `") {
        return Fault::Twice(name);
    }
    if let Some(name) = named("unknown field `") {
        return Fault::Unknown(name, expected_names(&text));
    }
    Fault::Value(value_words(&text))
}

/// That it is no JSON, and where.
pub(super) fn not_json(error: &serde_json::Error) -> String {
    let text = without_place(error);
    let why = match (error.classify(), text.as_str()) {
        (Category::Eof, _) => "it ends too early",
        (_, "trailing characters") => "there is more after its end",
        (_, "expected ident") => {
            "a value must be text in quotes, a number, `true`, `false`, `null`, a list or an object"
        }
        (_, "expected value") => "a value is missing, or is none",
        (_, "key must be a string") => "a field's name must stand in double quotes",
        (_, "trailing comma") => "there is a comma too many",
        (_, "recursion limit exceeded") => "it is nested too deeply",
        (_, other) => other,
    };
    format!("not JSON: {why} (line {}, column {})", error.line(), error.column())
}

/// That a field is not known, with the name that was meant, or all there are.
pub(super) fn unknown_field(name: &str, known: &[String]) -> String {
    // Alike from the beginning on counts for more, because it is units at the end that are forgotten: `position`.
    let near = known.iter().map(|known| (strsim::jaro_winkler(known, name), known));
    match near.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((likeness, near)) if likeness >= LIKENESS_MIN => format!("is not known here; did you mean `{near}`?"),
        Some(_) => format!("is not known here; known are {}", listed(known)),
        None => "is not known here".to_owned(),
    }
}

/// That a value is none of those that may stand there.
pub(super) fn one_of(names: &[String], came: &serde_json::Value) -> String {
    format!("must be one of {}, is {}", listed(names), name_of(came))
}

/// The names that a text of the reader's lists after `expected`.
pub(super) fn expected_names(text: &str) -> Vec<String> {
    let after = text.rsplit_once(", expected ").map_or("", |(_, names)| names);
    after.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The reader's words on a value.
fn value_words(text: &str) -> String {
    if let Some(rest) = text.strip_prefix("unknown variant `") {
        let came = rest.split_once('`').map_or(rest, |(name, _)| name);
        return format!("must be one of {}, is `{}`", listed(&expected_names(text)), shown(came));
    }
    let of_type = text.strip_prefix("invalid type: ").or_else(|| text.strip_prefix("invalid value: "));
    match of_type.and_then(|rest| rest.rsplit_once(", expected ")) {
        Some((came, wanted)) => format!("must be {}, is {}", wanted_words(wanted), came_words(came)),
        None => shown(text),
    }
}

fn wanted_words(wanted: &str) -> &str {
    match wanted {
        "a string" | "string" => "text",
        "a sequence" | "an array" => "a list",
        "a map" | "map" => "an object",
        _ if wanted.starts_with("struct ") => "an object",
        _ => wanted,
    }
}

fn came_words(came: &str) -> String {
    let (kind, value) = came.split_once(' ').map_or((came, ""), |(kind, value)| (kind, value));
    let inner = |value: &str| shown(value.trim_matches('`'));
    match kind {
        "map" => "an object".to_owned(),
        "sequence" => "a list".to_owned(),
        "null" | "unit" => "null".to_owned(),
        "boolean" => inner(value),
        "integer" => format!("the number {}", inner(value)),
        "floating" => format!("the number {}", inner(value.trim_start_matches("point "))),
        "string" => format!("the text {}", shown(value)),
        _ => shown(came),
    }
}

/// What a value is.
pub(super) fn name_of(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "true or false",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "text",
        serde_json::Value::Array(_) => "a list",
        serde_json::Value::Object(_) => "an object",
    }
}

/// That a body is no array.
pub(super) fn not_array(error: &serde_json::Error, bytes: &[u8]) -> String {
    if error.classify() != Category::Data {
        return not_json(error);
    }
    let came = match bytes.trim_ascii_start().first() {
        Some(b'{') => "an object",
        Some(b'"') => "text",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    };
    format!("must be a JSON array, is {came}")
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or_else(|| text.clone(), |(before, _)| before.to_owned())
}

/// Text of a caller, short enough for an error.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(CHARS_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_reader_become_words_of_the_caller() {
        let check = |text: &str, expected: &str| assert_eq!(value_words(text), expected);
        check("invalid type: map, expected a string", "must be text, is an object");
        check(
            "invalid type: string \"a, expected b\", expected a sequence",
            "must be a list, is the text \"a, expected b\"",
        );
        check(
            "invalid type: floating point `1.5`, expected a whole number",
            "must be a whole number, is the number 1.5",
        );
        check("invalid type: null, expected struct PutMark", "must be an object, is null");
        check("invalid type: boolean `true`, expected text", "must be text, is true");
        check("unknown variant `x`, expected one of `a`, `b`", "must be one of `a`, `b`, is `x`");
        check("5 is out of range", "5 is out of range");
        assert_eq!(value_words(&"x".repeat(300)).chars().count(), CHARS_SHOWN + 1);
    }

    #[test]
    fn the_nearest_name_is_meant_or_all_are_named() {
        let known = ["event_time", "position_ms", "seq"].map(str::to_owned);
        assert_eq!(unknown_field("posision", &known), "is not known here; did you mean `position_ms`?");
        assert_eq!(unknown_field("eventTime", &known), "is not known here; did you mean `event_time`?");
        assert_eq!(unknown_field("pos", &known), "is not known here; did you mean `position_ms`?");
        assert_eq!(unknown_field("zz", &known), "is not known here; known are `event_time`, `position_ms`, `seq`");
        assert_eq!(unknown_field("zz", &[]), "is not known here");
    }
}
