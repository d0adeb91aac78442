//! Days and times as texts: those that are taken, and the one that is written (PostgreSQL's).

use std::fmt::Write as _;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Days since 1970 of `YYYY-MM-DD`, of the years 0001 to 9999.
pub(super) fn day_of(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (year, month, day) = (number(&bytes[..4])?, number(&bytes[5..7])?, number(&bytes[8..])?);
    let last = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (year >= 1 && (1..=last).contains(&day)).then(|| days(year, month, day))
}

/// Microseconds since 1970 of RFC 3339, or of a day and time of day in UTC, or of a day alone.
pub(super) fn time_of(text: &str) -> Option<i64> {
    let date = day_of(text.get(..10)?)?;
    let rest = &text.as_bytes()[10..];
    let Some((separator, rest)) = rest.split_first() else { return Some(date * DAY) };
    if !matches!(separator, b'T' | b't' | b' ') || rest.len() < 5 || rest[2] != b':' {
        return None;
    }
    let (hour, minute) = (number(&rest[..2])?, number(&rest[3..5])?);
    let mut rest = &rest[5..];
    let mut second = 0;
    if rest.first() == Some(&b':') {
        second = number(rest.get(1..3)?)?;
        rest = &rest[3..];
    }
    // A leap second is taken as the first moment of the next minute.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction, rest) = fraction(rest)?;
    let offset = offset(rest)?;
    let time = date * DAY + ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction - offset;
    (FIRST..=LAST).contains(&time).then_some(time)
}

/// The first and last time that is taken.
pub(super) const FIRST: i64 = -719_162 * DAY;
pub(super) const LAST: i64 = 2_932_897 * DAY - 1;

/// Microseconds; digits beyond them are dropped.
fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    if !matches!(rest.first(), Some(b'.' | b',')) {
        return Some((0, rest));
    }
    let digits = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let micros = rest[1..=digits.min(6)].iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    let scale = 10_i64.pow(6 - u32::try_from(digits.min(6)).unwrap_or(6));
    (digits > 0).then(|| (micros * scale, &rest[1 + digits..]))
}

fn offset(rest: &[u8]) -> Option<i64> {
    let (sign, rest) = match rest {
        [] | [b'Z' | b'z'] => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest {
        [h1, h2] => (number(&[*h1, *h2])?, 0),
        [h1, h2, b':', m1, m2] | [h1, h2, m1, m2] => (number(&[*h1, *h2])?, number(&[*m1, *m2])?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000_000)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
}

/// Days since 1970 of a date of the Gregorian calendar (the algorithm `days_from_civil` of Howard Hinnant).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Writes a day as `YYYY-MM-DD`.
pub(super) fn write_day(days: i64, out: &mut String) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let _ = write!(out, "{year:04}-{month:02}-{day:02}");
}

/// Writes a time as `YYYY-MM-DD HH:MM:SS`, with as many digits of a fraction as it needs.
pub(super) fn write_time(micros: i64, out: &mut String) {
    write_day(micros.div_euclid(DAY), out);
    let of_day = micros.rem_euclid(DAY);
    let (seconds, fraction) = (of_day / 1_000_000, of_day % 1_000_000);
    let _ = write!(out, " {:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if fraction > 0 {
        let _ = write!(out, ".{fraction:06}");
        out.truncate(out.trim_end_matches('0').len());
    }
}

/// The day of a time.
pub(super) fn day_of_time(micros: i64) -> i64 {
    micros.div_euclid(DAY)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(micros: i64) -> String {
        let mut text = String::new();
        write_time(micros, &mut text);
        text
    }

    #[test]
    fn times_are_taken_in_their_usual_forms() {
        let noon = Some(1_700_000_000_123_456);
        for text in [
            "2023-11-14T22:13:20.123456Z",
            "2023-11-14 22:13:20.123456",
            "2023-11-15T01:13:20.1234569+03:00",
            "2023-11-14 19:13:20,123456-0300",
            "2023-11-15 01:13:20.123456+03",
        ] {
            assert_eq!(time_of(text), noon, "{text}");
        }
        assert_eq!(time_of("1970-01-01"), Some(0));
        assert_eq!(time_of("1970-01-01 00:01"), Some(60_000_000));
    }

    #[test]
    fn what_is_no_time_is_not_taken() {
        for text in [
            "",
            "yesterday",
            "2023-02-29",
            "2023-13-01",
            "0000-01-01",
            "2023-01-01T25:00:00",
            "2023-01-01x",
            "2023-01-01T1:00:00",
            "2023-01-01 00:00:00.",
            "2023-01-01 00:00:00+99:00",
            "ＡＢ23-01-01 00:00",
        ] {
            assert_eq!(time_of(text), None, "{text}");
        }
    }

    #[test]
    fn the_first_and_last_times_are_those_of_the_years_1_and_9999() {
        assert_eq!(written(FIRST), "0001-01-01 00:00:00");
        assert_eq!(written(LAST), "9999-12-31 23:59:59.999999");
        assert_eq!((time_of("0001-01-01"), time_of("9999-12-31 23:59:59.999999")), (Some(FIRST), Some(LAST)));
        assert_eq!(time_of("9999-12-31T23:59:59-01:00"), None);
    }

    #[test]
    fn a_time_is_written_with_the_digits_that_it_needs() {
        assert_eq!(written(1_500_000), "1970-01-01 00:00:01.5");
        assert_eq!(written(-1), "1969-12-31 23:59:59.999999");
    }

    proptest! {
        #[test]
        fn a_time_comes_back_from_being_written(micros in FIRST..=LAST) {
            prop_assert_eq!(time_of(&written(micros)), Some(micros));
        }
    }
}
