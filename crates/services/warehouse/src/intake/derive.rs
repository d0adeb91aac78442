//! Values that are made of other columns.

use std::borrow::Cow;

use playhead_ports::FieldType;

use super::program::{DeriveProgram, HashProgram};
use super::time;
use super::value::Value;
use crate::hash::Hasher;
use crate::spec::{Algorithm, Mode, VaultRules};

/// The value and its type, or why there is none.
pub(super) fn derived<'a>(
    how: &DeriveProgram,
    values: &[Value<'a>],
    types: &[FieldType],
) -> Result<(Value<'a>, FieldType), String> {
    let text = |at: &usize| values[*at].to_text(types[*at]);
    let with = |at: &usize, change: fn(&str) -> String| match text(at) {
        Some(text) => (Value::Text(Cow::Owned(change(&text))), FieldType::Text),
        None => (Value::Null, FieldType::Text),
    };
    Ok(match how {
        DeriveProgram::Column(at) => (values[*at].clone(), types[*at]),
        DeriveProgram::Literal(text) => (Value::Text(Cow::Owned(text.clone())), FieldType::Text),
        DeriveProgram::Coalesce(of) => match of.iter().find(|at| !values[**at].is_null()) {
            Some(at) => (values[*at].clone(), types[*at]),
            None => (Value::Null, FieldType::Text),
        },
        DeriveProgram::Concat(of, separator) => match of.iter().map(text).collect::<Option<Vec<_>>>() {
            Some(texts) => (Value::Text(Cow::Owned(texts.join(separator))), FieldType::Text),
            None => (Value::Null, FieldType::Text),
        },
        DeriveProgram::Lower(at) => with(at, str::to_lowercase),
        DeriveProgram::Upper(at) => with(at, str::to_uppercase),
        DeriveProgram::Trim(at) => with(at, |text| text.trim().to_owned()),
        DeriveProgram::Day(at) => match (&values[*at], types[*at]) {
            (Value::Int(micros), FieldType::Time) => (Value::Int(time::day_of_time(*micros)), FieldType::Date),
            (value, of) => (value.clone(), of),
        },
        DeriveProgram::Sum(of) => calculated(of.iter(), values, Number::plus)?,
        DeriveProgram::Less(first, second) => {
            calculated([first, second].into_iter(), values, |one, other| one.plus(other.negative()?))?
        }
        DeriveProgram::Product(of) => calculated(of.iter(), values, Number::times)?,
        DeriveProgram::Uuid(of) => (uuid(of.iter().map(text)), FieldType::Text),
        DeriveProgram::Hash(hash) => hashed(hash, hash.of.iter().map(text)),
    })
}

/// A hash as the vault's tables have it.
fn hashed<'a>(hash: &HashProgram, texts: impl Iterator<Item = Option<String>>) -> (Value<'a>, FieldType) {
    let mut hasher = Hasher::new(hash.rules);
    texts.for_each(|text| hasher.add(text.as_deref()));
    hasher.end_group();
    let digest = if hash.is_diff { Some(hasher.diff()) } else { hasher.key() };
    match (digest, hash.is_text) {
        (None, _) => (Value::Null, FieldType::Text),
        (Some(digest), true) => (Value::Text(Cow::Owned(digest.to_text().into())), FieldType::Text),
        (Some(digest), false) => (Value::Bytes(digest.as_bytes().to_vec()), FieldType::Bytes),
    }
}

/// A UUID of version 8: the first bytes of a hash.
fn uuid<'a>(texts: impl Iterator<Item = Option<String>>) -> Value<'a> {
    let rules = VaultRules { mode: Mode::Safe, algorithm: Algorithm::Sha256, ..VaultRules::default() };
    let mut hasher = Hasher::new(rules);
    texts.for_each(|text| hasher.add(text.as_deref()));
    let Some(digest) = hasher.key() else { return Value::Null };
    let mut hex = digest.to_text().to_ascii_lowercase();
    hex.truncate(32);
    let variant = match hex.as_bytes()[16] {
        b'0' | b'4' | b'8' | b'c' => '8',
        b'1' | b'5' | b'9' | b'd' => '9',
        b'2' | b'6' | b'a' | b'e' => 'a',
        _ => 'b',
    };
    let parts = [&hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..]];
    let [a, b, c, d, e] = parts;
    Value::Text(Cow::Owned(format!("{a}-{b}-8{c}-{variant}{d}-{e}")))
}

/// A number that is calculated with: exact while all numbers are.
#[derive(Debug, Clone, Copy)]
enum Number {
    /// Digits, and how many of them stand after the point.
    Exact(i128, u32),
    Float(f64),
}

const BEYOND: &str = "is beyond what is calculated with";

impl Number {
    fn of(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Int(number) => Some(Self::Exact(i128::from(*number), 0)),
            Value::Float(number) => Some(Self::Float(*number)),
            Value::Text(text) => {
                let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
                let digits = format!("{whole}{fraction}").parse().ok()?;
                Some(Self::Exact(digits, u32::try_from(fraction.len()).ok()?))
            }
            _ => None,
        }
    }

    fn float(self) -> f64 {
        match self {
            Self::Exact(digits, scale) => digits as f64 / 10_f64.powi(i32::try_from(scale).unwrap_or(i32::MAX)),
            Self::Float(number) => number,
        }
    }

    fn at_scale(digits: i128, from: u32, to: u32) -> Result<i128, String> {
        10_i128.checked_pow(to - from).and_then(|power| digits.checked_mul(power)).ok_or_else(|| BEYOND.into())
    }

    fn plus(self, other: Self) -> Result<Self, String> {
        let (Self::Exact(one, a), Self::Exact(two, b)) = (self, other) else {
            return Ok(Self::Float(self.float() + other.float()));
        };
        let scale = a.max(b);
        let sum = Self::at_scale(one, a, scale)?.checked_add(Self::at_scale(two, b, scale)?);
        sum.map(|sum| Self::Exact(sum, scale)).ok_or_else(|| BEYOND.into())
    }

    fn times(self, other: Self) -> Result<Self, String> {
        let (Self::Exact(one, a), Self::Exact(two, b)) = (self, other) else {
            return Ok(Self::Float(self.float() * other.float()));
        };
        one.checked_mul(two).map(|product| Self::Exact(product, a + b)).ok_or_else(|| BEYOND.into())
    }

    fn negative(self) -> Result<Self, String> {
        Ok(match self {
            Self::Exact(digits, scale) => Self::Exact(digits.checked_neg().ok_or(BEYOND)?, scale),
            Self::Float(number) => Self::Float(-number),
        })
    }

    fn value<'a>(self) -> (Value<'a>, FieldType) {
        match self {
            Self::Float(number) => (Value::Float(number), FieldType::Float),
            Self::Exact(digits, 0) => (Value::Text(Cow::Owned(digits.to_string())), FieldType::Text),
            Self::Exact(digits, scale) => {
                let width = scale as usize + 1;
                let text = format!("{:0width$}", digits.unsigned_abs());
                let (whole, fraction) = text.split_at(text.len() - scale as usize);
                let sign = if digits < 0 { "-" } else { "" };
                (Value::Text(Cow::Owned(format!("{sign}{whole}.{fraction}"))), FieldType::Text)
            }
        }
    }
}

/// Nothing, if one of them is nothing.
fn calculated<'a, 'i>(
    of: impl Iterator<Item = &'i usize>,
    values: &[Value<'a>],
    step: impl Fn(Number, Number) -> Result<Number, String>,
) -> Result<(Value<'a>, FieldType), String> {
    let mut result: Option<Number> = None;
    for at in of {
        let Some(number) = Number::of(&values[*at]) else { return Ok((Value::Null, FieldType::Text)) };
        result = Some(match result {
            Some(before) => step(before, number)?,
            None => number,
        });
    }
    Ok(result.map_or((Value::Null, FieldType::Text), Number::value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(how: &DeriveProgram, values: &[Value<'_>], types: &[FieldType], expected: Option<&str>) {
        let (value, of) = derived(how, values, types).unwrap();
        assert_eq!(value.to_text(of).as_deref(), expected, "{how:?}");
    }

    #[test]
    fn numbers_are_calculated_with_exactly() {
        let money = FieldType::Decimal { precision: 9, scale: 2 };
        let values = [Value::Text("10.05".into()), Value::Int(3), Value::Null, Value::Text("-0.10".into())];
        let types = [money, FieldType::Int, FieldType::Int, money];
        check(&DeriveProgram::Product(vec![0, 1]), &values, &types, Some("30.15"));
        check(&DeriveProgram::Sum(vec![0, 1, 3]), &values, &types, Some("12.95"));
        check(&DeriveProgram::Less(3, 0), &values, &types, Some("-10.15"));
        check(&DeriveProgram::Sum(vec![0, 2]), &values, &types, None);
    }

    #[test]
    fn a_uuid_is_the_same_for_the_same_values() {
        let values = [Value::Text("Drinks".into()), Value::Null];
        let types = [FieldType::Text; 2];
        let uuid = |of: Vec<usize>| derived(&DeriveProgram::Uuid(of), &values, &types).unwrap().0;
        assert_eq!(uuid(vec![0]), uuid(vec![0]));
        assert_ne!(uuid(vec![0]), uuid(vec![0, 1]));
        assert_eq!(uuid(vec![1]), Value::Null);
        let text = uuid(vec![0]).to_text(FieldType::Text).unwrap();
        assert_eq!((text.len(), &text[14..15]), (36, "8"));
        assert!("89ab".contains(&text[19..20]), "{text}");
    }

    #[test]
    fn a_hash_is_that_of_the_vault() {
        let values = [Value::Text(" Ab ".into()), Value::Int(1), Value::Null];
        let types = [FieldType::Text, FieldType::Int, FieldType::Text];
        let rules = VaultRules { mode: Mode::AutomateDv, algorithm: Algorithm::Md5, ..VaultRules::default() };
        let hash = |of: &[usize], is_diff, is_text| {
            DeriveProgram::Hash(HashProgram { rules, of: of.to_vec(), is_diff, is_text })
        };
        let digest = crate::hash::key(&rules, &[Some("AB"), Some("1")]).unwrap().to_text();
        check(&hash(&[0, 1], false, true), &values, &types, Some(&digest));
        check(&hash(&[0, 1], true, false), &values, &types, Some(&format!("\\x{}", digest.to_lowercase())));
        check(&hash(&[2, 2], false, true), &values, &types, None);
        let nothing = crate::hash::diff(&rules, &[None::<&str>]).to_text();
        check(&hash(&[2], true, true), &values, &types, Some(&nothing));
    }

    #[test]
    fn texts_are_put_together_and_changed() {
        let values = [Value::Text(" Ab ".into()), Value::Int(86_400_000_000), Value::Null];
        let types = [FieldType::Text, FieldType::Time, FieldType::Text];
        check(&DeriveProgram::Trim(0), &values, &types, Some("Ab"));
        check(&DeriveProgram::Lower(0), &values, &types, Some(" ab "));
        check(&DeriveProgram::Upper(0), &values, &types, Some(" AB "));
        check(&DeriveProgram::Day(1), &values, &types, Some("1970-01-02"));
        check(&DeriveProgram::Concat(vec![0, 1], "/".into()), &values, &types, Some(" Ab /1970-01-02 00:00:00"));
        check(&DeriveProgram::Concat(vec![0, 2], "/".into()), &values, &types, None);
        check(&DeriveProgram::Coalesce(vec![2, 0]), &values, &types, Some(" Ab "));
        check(&DeriveProgram::Literal("x".into()), &values, &types, Some("x"));
    }
}
