//! Numbers as people read them.

const KIB: f64 = 1024.0;

/// Bytes in the unit that suits them.
pub fn bytes(number: u64) -> String {
    let mut value = number as f64;
    let mut units = ["B", "KiB", "MiB", "GiB", "TiB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    for next in units {
        if value < KIB {
            break;
        }
        value /= KIB;
        unit = next;
    }
    if unit == "B" || value >= 100.0 { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") }
}

/// A duration in ms, short ones in µs.
pub(crate) fn time(duration: std::time::Duration) -> String {
    let us = duration.as_micros();
    if us < 1_000 { format!("{us} µs") } else { format!("{:.1} ms", us as f64 / 1_000.0) }
}

/// A count with commas between thousands.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn numbers_have_the_unit_that_suits_them() {
        assert_eq!([bytes(0), bytes(1_023), bytes(1_536)], ["0 B", "1023 B", "1.5 KiB"]);
        assert_eq!([bytes(256 << 20), bytes(3 << 40)], ["256 MiB", "3.0 TiB"]);
        assert_eq!([time(Duration::from_micros(90)), time(Duration::from_micros(1_250))], ["90 µs", "1.2 ms"]);
        assert_eq!([count(0), count(999), count(1_024), count(20_512_000)], ["0", "999", "1,024", "20,512,000"]);
    }
}
