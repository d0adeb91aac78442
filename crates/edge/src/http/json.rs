//! Reading JSON so that nothing is copied which stands in the body already, and so that an error names its field.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde_json::{Map, Value};

use super::json_words::{self as words, Fault};
use crate::problem::{Problem, ProblemType};

/// What a body is read as; borrows from it.
pub(crate) trait Parsed {
    type Of<'a>: Deserialize<'a>;
}

/// Reads one JSON value.
pub(crate) fn parse<B: Parsed>(bytes: &[u8]) -> Result<B::Of<'_>, Problem> {
    serde_json::from_slice(bytes).map_err(|error| problem_of::<B>(&error, bytes))
}

/// Text, borrowed where the JSON has it without escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// A whole number. `2.0` is one, as JSON Schema has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whole<T>(pub(crate) T);

impl<'de, T: TryFrom<i128>> Deserialize<'de> for Whole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WholeVisitor).and_then(|number| {
            let narrowed = T::try_from(number).map_err(|_| de::Error::custom(format!("{number} is out of range")));
            narrowed.map(Whole)
        })
    }
}

struct WholeVisitor;

impl Visitor<'_> for WholeVisitor {
    type Value = i128;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<i128, E> {
        Ok(number.into())
    }
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<i128, E> {
        Ok(number.into())
    }
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<i128, E> {
        if number.fract() == 0.0 {
            // Out of range is the greatest or least, which no field takes.
            #[expect(clippy::cast_possible_truncation, reason = "it has no fraction, and the cast saturates")]
            return Ok(number as i128);
        }
        Err(E::invalid_type(de::Unexpected::Float(number), &self))
    }
}

/// In a body of more fields the wrong one is not looked for behind these: each is read by itself, and a body may have a million.
const FIELDS_TRIED_MAX: usize = 32;

/// What is wrong, with the field if it is one. Only on the way of errors, so it may parse again.
fn problem_of<B: Parsed>(error: &serde_json::Error, bytes: &[u8]) -> Problem {
    let object = match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Object(object)) => object,
        Ok(other) => {
            let detail = format!("must be a JSON object, is {}", words::name_of(&other));
            return Problem::new(ProblemType::MalformedBody, detail);
        }
        Err(broken) => return Problem::new(ProblemType::MalformedBody, words::not_json(&broken)),
    };
    let wrong = |fault| match fault {
        Fault::Missing(field) => Ok(Problem::invalid_field(field, "must be given")),
        Fault::Twice(field) => Ok(Problem::invalid_field(field, "stands twice")),
        Fault::Unknown(field, known) => {
            let detail = words::unknown_field(&field, &known);
            Ok(Problem::invalid_field(field, detail))
        }
        Fault::Value(detail) => Err(detail),
    };
    wrong(words::fault(error)).unwrap_or_else(|detail| {
        let found = object.into_iter().take(FIELDS_TRIED_MAX).find_map(|(name, value)| wrong_field::<B>(name, value));
        found.unwrap_or_else(|| Problem::new(ProblemType::MalformedBody, detail))
    })
}

/// Whether the field alone is read as it should be; that others are missing then is no matter.
fn wrong_field<B: Parsed>(name: String, value: Value) -> Option<Problem> {
    let alone = |value: &Value| {
        let object = Map::from_iter([(name.clone(), value.clone())]);
        let error = serde_json::from_slice::<B::Of<'_>>(&serde_json::to_vec(&object).ok()?).err()?;
        Some((words::fault(&error), words::expected_names(&error.to_string())))
    };
    let (Fault::Value(detail), _) = alone(&value)? else { return None };
    // Of a choice the reader names what there is to choose only if a text came, so it is given one.
    let choice = alone(&Value::String(String::new())).filter(|_| !value.is_string()).map(|(_, names)| names);
    let detail = match choice {
        Some(names) if !names.is_empty() => words::one_of(&names, &value),
        _ => detail,
    };
    Some(Problem::invalid_field(words::shown(&name), detail))
}
