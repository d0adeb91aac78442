//! Points in time and days. A time is milliseconds since 1970-01-01T00:00:00Z; a day is a day in UTC.

use std::fmt;

use serde::{Deserialize, Serialize};

const MS_PER_DAY: i64 = 86_400_000;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

/// Days since 1970-01-01, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Day(pub i32);

impl Timestamp {
    /// 9999-12-31T23:59:59.999Z, the last time that is accepted.
    pub const MAX: Self = Self(253_402_300_799_999);
    /// 2000-01-01T00:00:00Z, the first time that a caller may tell. A time of today in seconds lies before it.
    pub const TOLD_MIN: Self = Self(946_684_800_000);

    /// The day that this time lies in.
    pub fn day(self) -> Day {
        Day(i32::try_from(self.0.div_euclid(MS_PER_DAY)).unwrap_or(i32::MAX))
    }

    /// Milliseconds from `earlier` to this time; negative if it is the later one.
    pub fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This time moved by `ms`, held within what is accepted.
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms).clamp(0, Self::MAX.0))
    }
}

impl fmt::Display for Day {
    /// As `YYYY-MM-DD`, by the proleptic Gregorian calendar (civil-from-days of H. Hinnant's "chrono-Compatible Low-Level
    /// Date Algorithms").
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shifted = i64::from(self.0) + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_named_by_the_calendar() {
        let named = |ms: i64| Timestamp(ms).day().to_string();
        assert_eq!(named(0), "1970-01-01");
        assert_eq!(named(-1), "1969-12-31");
        assert_eq!(named(951_782_400_000), "2000-02-29");
        assert_eq!(named(1_365_029_107_000), "2013-04-03");
        assert_eq!(Timestamp::MAX.day().to_string(), "9999-12-31");
        assert_eq!(Timestamp::TOLD_MIN.day().to_string(), "2000-01-01");
        assert_eq!(Timestamp(Timestamp::TOLD_MIN.0 - 1).day().to_string(), "1999-12-31");
    }
}
