//! Values of columns: what a message has made into what a column's type wants, and as text.

use std::borrow::Cow;
use std::fmt::Write as _;

use playhead_ports::FieldType;

use super::number::{self, NotIt};
use super::time;

/// A value of a column. Days and times are numbers, decimals digits.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Text(Cow<'a, str>),
    Int(i64),
    Float(f64),
    Bool(bool),
    Bytes(Vec<u8>),
}

impl Value<'_> {
    pub(super) fn is_null(&self) -> bool {
        *self == Self::Null
    }

    /// Writes it as text. Nothing is written of nothing; whether there was something is told.
    pub(super) fn write(&self, of: FieldType, out: &mut String) -> bool {
        match self {
            Self::Null => return false,
            Self::Text(text) => out.push_str(text),
            Self::Int(days) if of == FieldType::Date => time::write_day(*days, out),
            Self::Int(micros) if of == FieldType::Time => time::write_time(*micros, out),
            Self::Int(number) => {
                let _ = write!(out, "{number}");
            }
            Self::Float(number) => number::write_float(*number, out),
            Self::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
            Self::Bytes(bytes) => {
                out.push_str("\\x");
                bytes.iter().for_each(|byte| {
                    let _ = write!(out, "{byte:02x}");
                });
            }
        }
        true
    }

    /// It as text; none of nothing.
    pub(super) fn to_text(&self, of: FieldType) -> Option<String> {
        let mut text = String::new();
        self.write(of, &mut text).then_some(text)
    }
}

/// What a message has.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Raw<'a> {
    Nothing,
    Text(Cow<'a, str>),
    Number(&'a str),
    Bool(bool),
    /// An array or object, as it stands there.
    Whole(&'a str),
}

impl Raw<'_> {
    /// What came, short enough for a reason.
    fn shown(&self) -> String {
        const SHOWN: usize = 60;
        let (mark, text) = match self {
            Self::Nothing => ("", "nothing"),
            Self::Text(text) => ("\"", &**text),
            Self::Number(text) | Self::Whole(text) => ("", *text),
            Self::Bool(yes) => ("", if *yes { "true" } else { "false" }),
        };
        let short: String = text.chars().take(SHOWN).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        let dots = if text.chars().nth(SHOWN).is_some() { "..." } else { "" };
        format!("{mark}{short}{dots}{mark}")
    }
}

/// What a value must be.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) of: FieldType,
    pub(super) is_required: bool,
    pub(super) bytes_max: usize,
    /// Whether a number is taken as a text.
    pub(super) numbers: bool,
    /// Whether texts are read as what is wanted: of staged rows.
    pub(super) reads_texts: bool,
    pub(super) one_of: Option<Vec<String>>,
    pub(super) min: Option<Limit>,
    pub(super) max: Option<Limit>,
}

/// A limit, with the text that it is told by.
#[derive(Debug, Clone)]
pub(super) struct Limit {
    pub(super) at: f64,
    pub(super) shown: String,
}

impl Wanted {
    /// The value, or why it is not taken.
    pub(super) fn value<'a>(&self, raw: &Raw<'a>) -> Result<Value<'a>, String> {
        self.read(raw, self.reads_texts)
    }

    /// A value that was made of others, of that type.
    pub(super) fn fitted<'a>(&self, value: Value<'a>, of: FieldType) -> Result<Value<'a>, String> {
        if value.is_null() {
            return self.read(&Raw::Nothing, true);
        }
        if of == self.of {
            self.in_limits(&value, || value.to_text(of).unwrap_or_default())?;
            return Ok(value);
        }
        self.read(&Raw::Text(Cow::Owned(value.to_text(of).unwrap_or_default())), true)
    }

    fn read<'a>(&self, raw: &Raw<'a>, reads_texts: bool) -> Result<Value<'a>, String> {
        let value = match raw {
            Raw::Nothing => Value::Null,
            Raw::Text(text) if reads_texts && text.is_empty() && self.of != FieldType::Text => Value::Null,
            _ => self.typed(raw, reads_texts)?,
        };
        if value.is_null() {
            return if self.is_required { Err("is required, and missing".into()) } else { Ok(value) };
        }
        self.in_limits(&value, || raw.shown())?;
        Ok(value)
    }

    fn typed<'a>(&self, raw: &Raw<'a>, reads_texts: bool) -> Result<Value<'a>, String> {
        let wrong = |wanted: &str| format!("must be {wanted}, came {}", raw.shown());
        let number = match raw {
            Raw::Number(text) => Some(*text),
            Raw::Text(text) if reads_texts => Some(text.trim()),
            _ => None,
        };
        let as_number = |wanted: &str, why: NotIt| match why {
            NotIt::No => wrong(wanted),
            NotIt::Range => format!("must be {wanted}, beyond that is {}", raw.shown()),
        };
        match self.of {
            FieldType::Text => self.text(raw, reads_texts).ok_or_else(|| wrong("a text")),
            FieldType::Int => number
                .ok_or(NotIt::No)
                .and_then(number::int)
                .map(Value::Int)
                .map_err(|why| as_number("a whole number of 64 bits", why)),
            FieldType::Float => number
                .ok_or(NotIt::No)
                .and_then(number::float)
                .map(Value::Float)
                .map_err(|why| as_number("a number of 64 bits", why)),
            FieldType::Decimal { precision, scale } => number
                .ok_or(NotIt::No)
                .and_then(|text| number::decimal(text, precision, scale))
                .map(|digits| Value::Text(Cow::Owned(digits.into())))
                .map_err(|why| {
                    as_number(&format!("a number of at most {precision} digits, {scale} after the point"), why)
                }),
            FieldType::Bool => bool_of(raw, reads_texts).map(Value::Bool).ok_or_else(|| wrong("true or false")),
            FieldType::Date => match raw {
                Raw::Text(text) => time::day_of(text).map(Value::Int),
                _ => None,
            }
            .ok_or_else(|| wrong("a day (YYYY-MM-DD) of the years 0001 to 9999")),
            FieldType::Time => moment(raw).map(Value::Int).ok_or_else(|| {
                wrong("a time (RFC 3339, YYYY-MM-DD HH:MM:SS, or ms since 1970) of the years 0001 to 9999")
            }),
            FieldType::Bytes => match raw {
                Raw::Text(text) => hexadecimal(text).map(Value::Bytes),
                _ => None,
            }
            .ok_or_else(|| wrong("bytes in hexadecimal")),
            FieldType::Json => json(raw, reads_texts),
        }
    }

    fn text<'a>(&self, raw: &Raw<'a>, reads_texts: bool) -> Option<Value<'a>> {
        match raw {
            Raw::Text(text) => Some(Value::Text(text.clone())),
            Raw::Number(digits) if reads_texts || (self.numbers && number::int(digits).is_ok()) => {
                Some(Value::Text(Cow::Borrowed(digits)))
            }
            Raw::Bool(yes) if reads_texts => Some(Value::Text(Cow::Borrowed(if *yes { "true" } else { "false" }))),
            _ => None,
        }
    }

    fn in_limits(&self, value: &Value<'_>, shown: impl Fn() -> String) -> Result<(), String> {
        if let Value::Text(text) = value {
            if text.contains('\0') {
                return Err("has a NUL, which no text may have".into());
            }
            if text.len() > self.bytes_max {
                return Err(format!("is longer than {} bytes: {}", self.bytes_max, text.len()));
            }
        }
        if let Some(names) = &self.one_of {
            let text = value.to_text(self.of).unwrap_or_default();
            if !names.contains(&text) {
                return Err(format!("must be one of {}, came {}", names.join(", "), shown()));
            }
        }
        if self.min.is_none() && self.max.is_none() {
            return Ok(());
        }
        let Some(number) = as_float(value) else { return Ok(()) };
        match (&self.min, &self.max) {
            (Some(min), _) if number < min.at => Err(format!("must be at least {}, came {}", min.shown, shown())),
            (_, Some(max)) if number > max.at => Err(format!("must be at most {}, came {}", max.shown, shown())),
            _ => Ok(()),
        }
    }
}

fn bool_of(raw: &Raw<'_>, reads_texts: bool) -> Option<bool> {
    match raw {
        Raw::Bool(yes) => Some(*yes),
        Raw::Text(text) if reads_texts => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "1" | "yes" => Some(true),
            "false" | "f" | "0" | "no" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A number to compare with a limit; days as such, times in microseconds.
pub(super) fn as_float(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}

/// Microseconds since 1970.
fn moment(raw: &Raw<'_>) -> Option<i64> {
    match raw {
        Raw::Text(text) => time::time_of(text.trim()),
        Raw::Number(text) => {
            let micros = number::int(text).ok()?.checked_mul(1_000)?;
            (time::FIRST..=time::LAST).contains(&micros).then_some(micros)
        }
        _ => None,
    }
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x").or_else(|| text.strip_prefix("0x")).unwrap_or(text).as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?);
    digits.chunks(2).map(pair).collect()
}

/// JSON as it stands there. A NUL, which no database's JSON can hold, is refused.
fn json<'a>(raw: &Raw<'a>, is_read: bool) -> Result<Value<'a>, String> {
    let text = match raw {
        Raw::Whole(text) | Raw::Number(text) => Cow::Borrowed(*text),
        Raw::Bool(yes) => Cow::Borrowed(if *yes { "true" } else { "false" }),
        Raw::Text(text) if is_read => {
            super::json::Document::default().read(text)?;
            text.clone()
        }
        Raw::Text(text) => {
            let mut quoted = String::new();
            super::json::write_text(text, &mut quoted);
            Cow::Owned(quoted)
        }
        Raw::Nothing => return Ok(Value::Null),
    };
    if has_nul(&text) {
        return Err("has a NUL, which no text may have".into());
    }
    Ok(Value::Text(text))
}

/// Whether a text of JSON has an escaped NUL: one whose backslash is not itself escaped.
fn has_nul(text: &str) -> bool {
    let escapes = text.match_indices("\\u0000");
    let is_escape = |at: usize| text[..at].bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 0;
    escapes.into_iter().any(|(at, _)| is_escape(at))
}
