//! A column of a row set: where its value comes from, and its type.

use std::collections::BTreeMap;

use playhead_ports::FieldType;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A column. Exactly one of `path`, `lookup` and `derive` is given; for a staged source none: the column's own name.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Where the value is in the message: names of fields joined by dots; the column's own name by default.
    #[serde(default)]
    pub path: Option<String>,
    /// What a dictionary says.
    #[serde(default)]
    pub lookup: Option<Lookup>,
    /// What is made of other columns.
    #[serde(default)]
    pub derive: Option<Derive>,
    /// Its type.
    #[serde(rename = "type", default)]
    pub of: Type,
    /// A message without it is rejected.
    #[serde(default)]
    pub required: bool,
    /// The longest text, bytes.
    #[serde(default)]
    pub bytes_max: Option<usize>,
    /// Whether a whole number is taken as the text of its digits; of texts alone.
    #[serde(default)]
    pub numbers: bool,
    /// The least value: of numbers, days and times.
    #[serde(default)]
    pub min: Option<Bound>,
    /// The greatest value: of numbers, days and times.
    #[serde(default)]
    pub max: Option<Bound>,
    /// The values that it may have, as text; others are rejected.
    #[serde(default)]
    pub one_of: Option<Vec<String>>,
    /// What it means, for analysts.
    #[serde(default)]
    pub comment: String,
}

/// A limit of values.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Bound {
    /// A number.
    Number(f64),
    /// A day or a time, as it is written in messages.
    Text(String),
}

/// The type of a column: `text`, `int`, `float`, `decimal(P,S)`, `bool`, `date`, `time`, `bytes` or `json`. A `time` is an
/// RFC 3339 text, `YYYY-MM-DD HH:MM:SS[.ffffff]` in UTC, or a whole number of ms since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Type(pub FieldType);

impl Default for Type {
    fn default() -> Self {
        Self(FieldType::Text)
    }
}

impl TryFrom<String> for Type {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let of = match text.as_str() {
            "text" => FieldType::Text,
            "int" => FieldType::Int,
            "float" => FieldType::Float,
            "bool" => FieldType::Bool,
            "date" => FieldType::Date,
            "time" => FieldType::Time,
            "bytes" => FieldType::Bytes,
            "json" => FieldType::Json,
            other => decimal(other).ok_or_else(|| {
                format!("{other:?} is no type: text, int, float, decimal(P,S), bool, date, time, bytes or json")
            })?,
        };
        Ok(Self(of))
    }
}

fn decimal(text: &str) -> Option<FieldType> {
    let (precision, scale) = text.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
    let (precision, scale) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
    ((1..=38).contains(&precision) && scale <= precision).then_some(FieldType::Decimal { precision, scale })
}

impl From<Type> for String {
    fn from(of: Type) -> Self {
        match of.0 {
            FieldType::Text => "text".into(),
            FieldType::Int => "int".into(),
            FieldType::Float => "float".into(),
            FieldType::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
            FieldType::Bool => "bool".into(),
            FieldType::Date => "date".into(),
            FieldType::Time => "time".into(),
            FieldType::Bytes => "bytes".into(),
            FieldType::Json => "json".into(),
        }
    }
}

impl JsonSchema for Type {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Type".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": r"^(text|int|float|bool|date|time|bytes|json|decimal\([0-9]+, *[0-9]+\))$",
            "description": "The type of a column: text, int, float, decimal(P,S), bool, date, time, bytes or json"
        })
    }
}

/// What a dictionary says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// The dictionary.
    pub dictionary: String,
    /// The column that has the id.
    pub by: String,
    /// Where the value is in the entry: names of fields joined by dots. With `within`, in the element that was found there.
    pub path: String,
    /// An array in the entry, in which the element is found that has these values: a field of the element to a column.
    #[serde(default)]
    pub within: Option<String>,
    /// See `within`.
    #[serde(default)]
    pub matching: BTreeMap<String, String>,
}

/// What is made of other columns: a small closed set of expressions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Derive {
    /// The same value.
    Column(String),
    /// Always this text.
    Literal(String),
    /// The first of these that is not null.
    Coalesce(Vec<String>),
    /// Their texts, joined; null if one is.
    Concat {
        /// Which columns.
        columns: Vec<String>,
        /// What stands between.
        #[serde(default)]
        separator: String,
    },
    /// In lower case.
    Lower(String),
    /// In upper case.
    Upper(String),
    /// Without white space at both ends.
    Trim(String),
    /// The day of a time, UTC.
    Day(String),
    /// The sum of numbers.
    Sum(Vec<String>),
    /// The first number less the second.
    Less(String, String),
    /// The product of numbers.
    Product(Vec<String>),
    /// A UUID made of their values (RFC 9562, version 8, of their SHA-256): the same values give the same one, always. Null
    /// if all of them are.
    Uuid(Vec<String>),
    /// The hash key of their values in this order, as tables of the vault have it: `bytes`, or `text` with the hexadecimal
    /// digits. Null if all of them are.
    HashKey(Vec<String>),
    /// The hashdiff of their values, which are ordered by the names of the columns: `bytes` or `text`.
    Hashdiff(Vec<String>),
}
