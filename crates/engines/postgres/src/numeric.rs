//! The binary form of `numeric`: a sign, digits to the base 10,000, and how many decimal digits stand after the point.

use std::fmt::Write;

const BASE: u128 = 10_000;
const DIGITS_OF_ONE: usize = 4;
const NEGATIVE: u16 = 0x4000;
const NOT_A_NUMBER: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const MINUS_INFINITY: u16 = 0xF000;

/// Appends the number of `units` of 10^-`scale`, with its length in front.
pub(crate) fn put(units: i128, scale: u8, to: &mut Vec<u8>) {
    let fraction = usize::from(scale).div_ceil(DIGITS_OF_ONE);
    // The point stands between two digits of the base, so the number is made longer until it does.
    let padding = fraction * DIGITS_OF_ONE - usize::from(scale);
    let mut digits: Vec<u16> = Vec::with_capacity(12);
    let mut rest = units.unsigned_abs();
    if padding > 0 {
        let kept = 10_u128.pow((DIGITS_OF_ONE - padding) as u32);
        digits.push(((rest % kept) * (BASE / kept)) as u16);
        rest /= kept;
    }
    while rest > 0 {
        digits.push((rest % BASE) as u16);
        rest /= BASE;
    }
    let weight = digits.len() as i16 - 1 - fraction as i16;
    digits.reverse();
    let sign = if units < 0 { NEGATIVE } else { 0 };
    to.extend_from_slice(&(8 + 2 * digits.len() as i32).to_be_bytes());
    to.extend_from_slice(&(digits.len() as i16).to_be_bytes());
    to.extend_from_slice(&weight.to_be_bytes());
    to.extend_from_slice(&sign.to_be_bytes());
    to.extend_from_slice(&u16::from(scale).to_be_bytes());
    digits.iter().for_each(|digit| to.extend_from_slice(&digit.to_be_bytes()));
}

/// The number as text, with all digits after the point; none if the bytes are no number.
pub(crate) fn text(bytes: &[u8]) -> Option<String> {
    let field = |at: usize| Some(u16::from_be_bytes(bytes.get(2 * at..2 * at + 2)?.try_into().ok()?));
    let (count, weight, sign, scale) = (field(0)?, field(1)? as i16, field(2)?, usize::from(field(3)?));
    let text = match sign {
        NOT_A_NUMBER => "NaN",
        INFINITY => "Infinity",
        MINUS_INFINITY => "-Infinity",
        NEGATIVE => "-",
        _ => "",
    };
    let mut text = text.to_owned();
    if sign & NOT_A_NUMBER == NOT_A_NUMBER {
        return Some(text);
    }
    let digit = |place: i32| {
        let at = usize::try_from(i32::from(weight) - place).ok().filter(|at| *at < usize::from(count));
        at.map_or(Some(0), |at| field(4 + at))
    };
    if weight < 0 {
        text.push('0');
    }
    for place in (0..=i32::from(weight)).rev() {
        let width = if place == i32::from(weight) { 0 } else { DIGITS_OF_ONE };
        // Writing to a String cannot fail.
        let _ = write!(text, "{:0width$}", digit(place)?);
    }
    if scale > 0 {
        text.push('.');
        let whole = text.len();
        for place in 1..=scale.div_ceil(DIGITS_OF_ONE) as i32 {
            let _ = write!(text, "{:04}", digit(-place)?);
        }
        text.truncate(whole + scale);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(units: i128, scale: u8) -> String {
        let mut bytes = Vec::new();
        put(units, scale, &mut bytes);
        assert_eq!(bytes[..4], (bytes.len() as i32 - 4).to_be_bytes());
        text(&bytes[4..]).unwrap()
    }

    #[test]
    fn numbers_are_written_and_read_with_all_their_digits() {
        let most = 10_i128.pow(38) - 1;
        for (units, scale, written) in [
            (0, 0, "0"),
            (0, 2, "0.00"),
            (1, 2, "0.01"),
            (-150, 2, "-1.50"),
            (10_000, 0, "10000"),
            (123_456_789, 5, "1234.56789"),
            (120_000_000, 4, "12000.0000"),
            (5, 8, "0.00000005"),
            (most, 38, "0.99999999999999999999999999999999999999"),
            (-most, 0, "-99999999999999999999999999999999999999"),
        ] {
            assert_eq!(there_and_back(units, scale), written);
        }
    }

    #[test]
    fn what_is_no_number_has_a_name() {
        assert_eq!(text(&[0, 0, 0, 0, 0xC0, 0, 0, 0]).unwrap(), "NaN");
        assert_eq!(text(&[0, 0, 0, 0, 0xF0, 0, 0, 0]).unwrap(), "-Infinity");
        assert_eq!(text(&[0, 0]), None);
    }
}
