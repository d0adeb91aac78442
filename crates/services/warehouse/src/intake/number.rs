//! Numbers as texts: decimals digit by digit, and floats as PostgreSQL writes them.

use std::fmt::Write as _;

use smol_str::SmolStr;

/// Why a text is not the number that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotIt {
    /// It is no number.
    No,
    /// It has digits beyond what is kept.
    Range,
}

/// The digits of a decimal number with so many after the point, at most `precision` of them, rounded nowhere.
pub(super) fn decimal(text: &str, precision: u8, scale: u8) -> Result<SmolStr, NotIt> {
    let (is_negative, digits, exponent) = parts(text).ok_or(NotIt::No)?;
    let (precision, scale) = (i64::from(precision), i64::from(scale));
    // The number is 0.DIGITS times ten to this power.
    let first = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
    let last = digits.iter().rposition(|digit| *digit != b'0').map_or(first, |at| at + 1);
    let significant = &digits[first..last];
    let power = exponent + (digits.len() - first) as i64;
    let mut out = String::with_capacity(24);
    if significant.is_empty() {
        out.push('0');
    } else if power > precision - scale || significant.len() as i64 - power > scale {
        return Err(NotIt::Range);
    } else {
        if is_negative {
            out.push('-');
        }
        let digit = |at: i64| {
            usize::try_from(at).ok().and_then(|at| significant.get(at)).map_or('0', |digit| char::from(*digit))
        };
        if power <= 0 {
            out.push('0');
        }
        (0..power).for_each(|at| out.push(digit(at)));
        if scale > 0 {
            out.push('.');
            (power..power + scale).for_each(|at| out.push(digit(at)));
        }
        return Ok(SmolStr::from(out));
    }
    if scale > 0 {
        out.push('.');
        (0..scale).for_each(|_| out.push('0'));
    }
    Ok(SmolStr::from(out))
}

/// A whole number: a fraction of zeros and an exponent are taken.
pub(super) fn int(text: &str) -> Result<i64, NotIt> {
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    decimal(text, 19, 0)?.parse().map_err(|_| NotIt::Range)
}

/// A number with a binary point.
pub(super) fn float(text: &str) -> Result<f64, NotIt> {
    parts(text).ok_or(NotIt::No)?;
    let number: f64 = text.parse().map_err(|_| NotIt::No)?;
    if number.is_finite() { Ok(number) } else { Err(NotIt::Range) }
}

/// Sign, digits and the power of ten that they are multiplied with.
fn parts(text: &str) -> Option<(bool, Vec<u8>, i64)> {
    let (is_negative, rest) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let (mantissa, exponent) = match rest.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => {
            let exponent = std::str::from_utf8(&rest[at + 1..]).ok()?;
            let digits = exponent.trim_start_matches(['+', '-']);
            let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let beyond = if exponent.starts_with('-') { -100_000 } else { 100_000 };
            (&rest[..at], is_number.then(|| exponent.parse::<i64>().unwrap_or(beyond).clamp(-100_000, 100_000))?)
        }
        None => (rest, 0),
    };
    let point = mantissa.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = point.map_or((mantissa, &[][..]), |at| (&mantissa[..at], &mantissa[at + 1..]));
    let digits = [whole, fraction].concat();
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| (is_negative, digits, exponent - fraction.len() as i64))
}

/// Writes the shortest text that is read as the same number, with an exponent where PostgreSQL has one.
pub(super) fn write_float(number: f64, out: &mut String) {
    if number == 0.0 {
        out.push_str(if number.is_sign_negative() { "-0" } else { "0" });
        return;
    }
    let power = number.abs().log10().floor();
    if (-5.0..16.0).contains(&power) {
        let plain = format!("{number:e}");
        let exponent: i32 = plain.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
        if (-4..15).contains(&exponent) {
            let _ = write!(out, "{number}");
            return;
        }
    }
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    let _ = write!(out, "{mantissa}e{sign}{:02}", exponent.abs());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decimals_keep_their_digits() {
        let written = |text| decimal(text, 5, 2).map(|text| text.to_string());
        for (text, expected) in [
            ("1", "1.00"),
            ("-1.5", "-1.50"),
            ("0.05", "0.05"),
            ("0", "0.00"),
            ("-0.0", "0.00"),
            ("1e2", "100.00"),
            ("123.4500", "123.45"),
            ("5e-2", "0.05"),
            ("001", "1.00"),
            ("999.99", "999.99"),
        ] {
            assert_eq!(written(text).as_deref(), Ok(expected), "{text}");
        }
        for text in ["1000", "0.001", "1e3", "1e999999999999", "1e-9"] {
            assert_eq!(written(text), Err(NotIt::Range), "{text}");
        }
        for text in ["", "-", ".", "1e", "1.2.3", "abc", "NaN", "0x1"] {
            assert_eq!(written(text), Err(NotIt::No), "{text}");
        }
        assert_eq!(decimal("12", 2, 0).as_deref(), Ok("12"));
    }

    #[test]
    fn whole_numbers_may_have_a_fraction_of_zeros() {
        assert_eq!(int("5.0"), Ok(5));
        assert_eq!(int("-9223372036854775808"), Ok(i64::MIN));
        assert_eq!(int("9223372036854775808"), Err(NotIt::Range));
        assert_eq!(int("1.5"), Err(NotIt::Range));
        assert_eq!(int("one"), Err(NotIt::No));
    }

    #[test]
    fn floats_are_written_as_postgresql_does() {
        let written = |number| {
            let mut text = String::new();
            write_float(number, &mut text);
            text
        };
        for (number, expected) in [
            (1.5, "1.5"),
            (100_000.0, "100000"),
            (1e14, "100000000000000"),
            (1e15, "1e+15"),
            (1.5e-7, "1.5e-07"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-2.0, "-2"),
            (0.0, "0"),
        ] {
            assert_eq!(written(number), expected);
        }
        assert_eq!(float("1e999"), Err(NotIt::Range));
    }

    proptest! {
        #[test]
        fn a_decimal_is_the_same_however_it_is_written(number in -99_999_999_i64..99_999_999, zeros in 0..3_usize) {
            let plain = format!("{}{}.{:02}{}", if number < 0 { "-" } else { "" }, number.abs() / 100, number.abs() % 100, "0".repeat(zeros));
            let power = format!("{number}e-2");
            prop_assert_eq!(decimal(&plain, 12, 2), decimal(&power, 12, 2));
        }
    }
}
