//! Rows that a load brings along: typed fields, and their values field by field.

use bytes::Bytes;
use smol_str::SmolStr;

use crate::decimal;

/// 0001-01-01 and 9999-12-31 in days since 1970.
const DAYS: std::ops::RangeInclusive<i64> = -719_162..=2_932_896;
const MICROS_OF_DAY: i64 = 86_400_000_000;

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// UTF-8 text without NUL.
    Text,
    /// A signed number of 64 bits.
    Int,
    /// A number of 64 bits with a binary point.
    Float,
    /// A decimal number.
    Decimal {
        /// All digits, at most 38.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// Yes or no.
    Bool,
    /// A day of the years 1 to 9999.
    Date,
    /// A point in time of the years 1 to 9999 with microseconds, UTC, without a zone.
    Time,
    /// Bytes.
    Bytes,
    /// A JSON value as text, valid and without NUL. What is read back means the same, though the text may differ.
    Json,
}

/// A field of staged rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type.
    pub of: FieldType,
}

/// The values of a field, one a row.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValues {
    /// Of [`FieldType::Text`] and [`FieldType::Json`]; of [`FieldType::Decimal`] as digits with a point.
    Text(Vec<Option<SmolStr>>),
    /// Of [`FieldType::Int`]; of [`FieldType::Date`] as days and of [`FieldType::Time`] as microseconds since 1970.
    Int(Vec<Option<i64>>),
    /// Of [`FieldType::Float`].
    Float(Vec<Option<f64>>),
    /// Of [`FieldType::Bool`].
    Bool(Vec<Option<bool>>),
    /// Of [`FieldType::Bytes`].
    Bytes(Vec<Option<Bytes>>),
}

impl FieldValues {
    /// No values of that type.
    pub fn none_of(of: FieldType) -> Self {
        match of {
            FieldType::Text | FieldType::Json | FieldType::Decimal { .. } => Self::Text(Vec::new()),
            FieldType::Int | FieldType::Date | FieldType::Time => Self::Int(Vec::new()),
            FieldType::Float => Self::Float(Vec::new()),
            FieldType::Bool => Self::Bool(Vec::new()),
            FieldType::Bytes => Self::Bytes(Vec::new()),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Int(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Bool(values) => values.len(),
            Self::Bytes(values) => values.len(),
        }
    }

    /// Adds others of the same kind.
    fn append(&mut self, others: Self) {
        match (self, others) {
            (Self::Text(values), Self::Text(mut others)) => values.append(&mut others),
            (Self::Int(values), Self::Int(mut others)) => values.append(&mut others),
            (Self::Float(values), Self::Float(mut others)) => values.append(&mut others),
            (Self::Bool(values), Self::Bool(mut others)) => values.append(&mut others),
            (Self::Bytes(values), Self::Bytes(mut others)) => values.append(&mut others),
            _ => unreachable!("tables of one name have the same fields"),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What keeps them from being of that type, if anything does.
    fn problem(&self, of: FieldType) -> Option<String> {
        match (of, self) {
            (FieldType::Text | FieldType::Json, Self::Text(values)) => {
                let mut texts = values.iter().flatten();
                texts.any(|text| text.as_bytes().contains(&0)).then(|| "text with a NUL".to_owned())
            }
            (FieldType::Decimal { precision, scale }, Self::Text(values)) => {
                let wrong = values.iter().flatten().find(|text| decimal(text, precision, scale).is_none())?;
                Some(format!("{wrong} is no decimal of {precision} digits, {scale} of them after the point"))
            }
            (FieldType::Date, Self::Int(values)) => {
                let wrong = values.iter().flatten().find(|days| !DAYS.contains(days))?;
                Some(format!("{wrong} days since 1970 are beyond the years 1 to 9999"))
            }
            (FieldType::Time, Self::Int(values)) => {
                let mut times = values.iter().flatten();
                let wrong = times.find(|micros| !DAYS.contains(&micros.div_euclid(MICROS_OF_DAY)))?;
                Some(format!("{wrong} microseconds since 1970 are beyond the years 1 to 9999"))
            }
            (FieldType::Int, Self::Int(_))
            | (FieldType::Float, Self::Float(_))
            | (FieldType::Bool, Self::Bool(_))
            | (FieldType::Bytes, Self::Bytes(_)) => None,
            _ => Some(format!("values of another type than {of:?}")),
        }
    }
}

/// Rows that a load brings along as a temporary table, field by field, all of one length.
#[derive(Debug, Clone, PartialEq)]
pub struct Staged {
    /// The name of the temporary table.
    pub name: String,
    /// Its fields.
    pub fields: Vec<Field>,
    /// Their values.
    pub values: Vec<FieldValues>,
}

impl Staged {
    /// A table of that name without rows.
    pub fn none_of(name: &str, fields: Vec<Field>) -> Self {
        let values = fields.iter().map(|field| FieldValues::none_of(field.of)).collect();
        Self { name: name.to_owned(), fields, values }
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.values.first().map_or(0, FieldValues::len)
    }

    /// Adds the rows of a table of the same fields.
    pub fn append(&mut self, other: Self) {
        for (values, others) in self.values.iter_mut().zip(other.values) {
            values.append(others);
        }
    }

    /// What keeps it from being staged, if anything does: a field whose values are of another kind or number, text with a
    /// NUL, a decimal that does not fit, a day or time beyond the years 1 to 9999.
    pub fn problem(&self) -> Option<String> {
        if self.fields.is_empty() || self.fields.len() != self.values.len() {
            return Some(format!("{}: {} fields have values, of {}", self.name, self.values.len(), self.fields.len()));
        }
        let of_field = |(field, values): (&Field, &FieldValues)| {
            let why = if values.len() == self.rows() {
                values.problem(field.of)?
            } else {
                format!("{} of {} values", values.len(), self.rows())
            };
            Some(format!("{}.{}: {why}", self.name, field.name))
        };
        self.fields.iter().zip(&self.values).find_map(of_field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(of: FieldType, values: FieldValues) -> Option<String> {
        let fields = vec![Field { name: "f".to_owned(), of }];
        Staged { name: "t".to_owned(), fields, values: vec![values] }.problem()
    }

    #[test]
    fn values_of_the_fields_types_are_no_problem() {
        assert_eq!(problem(FieldType::Text, FieldValues::Text(vec![Some("a".into()), None])), None);
        assert_eq!(
            problem(FieldType::Date, FieldValues::Int(vec![Some(*DAYS.start()), Some(*DAYS.end()), None])),
            None
        );
        let last = (DAYS.end() + 1) * MICROS_OF_DAY - 1;
        assert_eq!(problem(FieldType::Time, FieldValues::Int(vec![Some(last), Some(0), Some(-1)])), None);
        let decimal = FieldType::Decimal { precision: 4, scale: 2 };
        assert_eq!(problem(decimal, FieldValues::Text(vec![Some("-12.5".into())])), None);
    }

    #[test]
    fn a_problem_names_the_field_and_the_value() {
        let why = |of, values| problem(of, values).unwrap();
        assert_eq!(why(FieldType::Text, FieldValues::Text(vec![Some("a\0".into())])), "t.f: text with a NUL");
        assert_eq!(why(FieldType::Int, FieldValues::Bool(vec![])), "t.f: values of another type than Int");
        let of_date = why(FieldType::Date, FieldValues::Int(vec![Some(2_932_897)]));
        assert_eq!(of_date, "t.f: 2932897 days since 1970 are beyond the years 1 to 9999");
        let last = (DAYS.end() + 1) * MICROS_OF_DAY;
        assert!(why(FieldType::Time, FieldValues::Int(vec![Some(last)])).contains("beyond the years"));
        let decimal = FieldType::Decimal { precision: 4, scale: 2 };
        let of_decimal = why(decimal, FieldValues::Text(vec![Some("123".into())]));
        assert_eq!(of_decimal, "t.f: 123 is no decimal of 4 digits, 2 of them after the point");
    }

    #[test]
    fn fields_must_have_as_many_values_each() {
        let field = |name: &str| Field { name: name.to_owned(), of: FieldType::Int };
        let mut staged = Staged::none_of("t", vec![field("a"), field("b")]);
        assert_eq!(staged.problem(), None);
        staged.values[0] = FieldValues::Int(vec![None]);
        assert_eq!(staged.problem().unwrap(), "t.b: 0 of 1 values");
        staged.values.pop();
        assert_eq!(staged.problem().unwrap(), "t: 1 fields have values, of 2");
    }
}
