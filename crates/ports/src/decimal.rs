//! Decimal numbers as text, and as whole numbers of their last place. It rounds nothing.

/// The number in `text` in units of 10^-`scale`: `-1.50` with a scale of 2 is -150. None if it is no decimal number of at most
/// `precision` digits with `scale` of them after the point; zeros at either end count for nothing.
pub fn decimal(text: &str, precision: u8, scale: u8) -> Option<i128> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    let point = digits.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        Some(at) => (&digits[..at], &digits[at + 1..]),
        None => (digits, &[][..]),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let scale = usize::from(scale);
    let (kept, beyond) = fraction.split_at(fraction.len().min(scale));
    if beyond.iter().any(|byte| *byte != b'0') {
        return None;
    }
    let missing = std::iter::repeat_n(&b'0', scale - kept.len());
    let mut units: i128 = 0;
    for byte in whole.iter().chain(kept).chain(missing) {
        let digit = byte.is_ascii_digit().then(|| i128::from(byte - b'0'))?;
        units = units.checked_mul(10)?.checked_add(digit)?;
    }
    let most = 10_i128.checked_pow(precision.into())?;
    (units < most).then_some(if negative { -units } else { units })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_at_their_scale() {
        assert_eq!(decimal("-1.50", 5, 2), Some(-150));
        assert_eq!(decimal("1.5", 5, 2), Some(150));
        assert_eq!(decimal("+007", 3, 2), Some(700));
        assert_eq!(decimal("+007", 2, 2), None);
        assert_eq!(decimal(".5", 2, 1), Some(5));
        assert_eq!(decimal("5.", 2, 1), Some(50));
        assert_eq!(decimal("1.5000", 2, 1), Some(15));
        assert_eq!(decimal(&"9".repeat(38), 38, 0), Some(10_i128.pow(38) - 1));
    }

    #[test]
    fn what_does_not_fit_or_is_no_number_is_refused() {
        for (text, precision, scale) in [
            ("", 9, 2),
            (".", 9, 2),
            ("-", 9, 2),
            ("1.234", 9, 2),
            ("1000", 5, 2),
            ("1e3", 9, 2),
            ("1_0", 9, 2),
            ("NaN", 9, 2),
        ] {
            assert_eq!(decimal(text, precision, scale), None, "{text}");
        }
        assert_eq!(decimal(&"9".repeat(39), 38, 0), None);
        assert_eq!(decimal(&"9".repeat(60), 38, 0), None);
    }
}
