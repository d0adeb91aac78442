//! What a field may hold. Every limit is stated here once; the edge, the docs and the errors speak of these.

use smol_str::SmolStr;

use crate::{Timestamp, WatchEvent};

/// A field that is not as it must be: its name, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct FieldError {
    /// The field's name as the caller wrote it.
    pub field: &'static str,
    /// What it must be and what it is.
    pub reason: String,
}

impl FieldError {
    /// An error of `field`.
    pub fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self { field, reason: reason.into() }
    }
}

/// The limits on the fields of an event.
#[derive(Debug, Clone, Copy)]
pub struct Limits;

impl Limits {
    /// The furthest position and the longest duration: 366 days.
    pub const POSITION_MS_MAX: u64 = 366 * 86_400_000;
    /// The longest `device`, `session`, title or genre, in characters: what a JSON Schema can say too.
    pub const LABEL_CHARS_MAX: usize = 256;
    /// The most genres of a video.
    pub const GENRES_MAX: usize = 32;

    /// A position or a duration within its limit.
    pub fn position_ms(field: &'static str, ms: u64) -> Result<u64, FieldError> {
        if ms > Self::POSITION_MS_MAX {
            return Err(FieldError::new(
                field,
                format!("must be at most {} ms (366 days), is {ms}", Self::POSITION_MS_MAX),
            ));
        }
        Ok(ms)
    }

    /// A time from 1970 to 9999, as it may stand on the log.
    pub fn time(field: &'static str, ms: i64) -> Result<Timestamp, FieldError> {
        if !(0..=Timestamp::MAX.0).contains(&ms) {
            return Err(FieldError::new(
                field,
                format!("must be 0 to {} ms since 1970-01-01T00:00:00Z, is {ms}", Timestamp::MAX.0),
            ));
        }
        Ok(Timestamp(ms))
    }

    /// A time as a caller may tell it, from 2000 to 9999: seconds or microseconds instead of milliseconds are not taken. What
    /// stands on the log already is not asked again.
    pub fn told_time(field: &'static str, ms: i64) -> Result<Timestamp, FieldError> {
        let told = Timestamp::TOLD_MIN.0..=Timestamp::MAX.0;
        if told.contains(&ms) {
            return Ok(Timestamp(ms));
        }
        let seems = match ms {
            ms if told.contains(&ms.saturating_mul(1_000)) => ", which seems to be seconds",
            ms if told.contains(&(ms / 1_000)) => ", which seems to be microseconds",
            _ => "",
        };
        let (least, most) = (told.start(), told.end());
        Err(FieldError::new(
            field,
            format!("must be {least} (2000-01-01) to {most} in ms since 1970-01-01T00:00:00Z, is {ms}{seems}"),
        ))
    }

    /// Checks what the types of an event's fields do not.
    pub fn check(event: &WatchEvent) -> Result<(), FieldError> {
        Self::time("event_time", event.event_time.0)?;
        Self::position_ms("position_ms", event.position_ms)?;
        if let Some(duration_ms) = event.duration_ms {
            Self::duration_ms(duration_ms)?;
        }
        Ok(())
    }

    /// A duration of at least 1 ms, within its limit.
    pub fn duration_ms(ms: u64) -> Result<u64, FieldError> {
        if ms == 0 {
            return Err(FieldError::new("duration_ms", "must be at least 1 ms where it is given, is 0"));
        }
        Self::position_ms("duration_ms", ms)
    }
}

/// Short free text: 1 to [`Limits::LABEL_CHARS_MAX`] characters without control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(SmolStr);

impl Label {
    /// A label for `field`.
    pub fn new(field: &'static str, text: &str) -> Result<Self, FieldError> {
        let chars = text.chars().count();
        if !(1..=Limits::LABEL_CHARS_MAX).contains(&chars) {
            return Err(FieldError::new(
                field,
                format!("must have 1 to {} characters, has {chars}", Limits::LABEL_CHARS_MAX),
            ));
        }
        if text.chars().any(char::is_control) {
            return Err(FieldError::new(field, "may not have control characters"));
        }
        Ok(Self(SmolStr::new(text)))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_in_another_unit_is_named_as_one() {
        let told = |ms: i64| Limits::told_time("event_time", ms).map_err(|error| error.to_string());
        assert_eq!(told(1_365_029_107_000), Ok(Timestamp(1_365_029_107_000)));
        assert_eq!((told(946_684_800_000).is_ok(), told(946_684_799_999).is_ok()), (true, false));
        assert_eq!((told(Timestamp::MAX.0).is_ok(), told(Timestamp::MAX.0 + 1).is_ok()), (true, false));
        let said = |ms: i64| told(ms).expect_err("refused");
        assert_eq!(
            said(1_795_252_288),
            "event_time: must be 946684800000 (2000-01-01) to 253402300799999 in ms since 1970-01-01T00:00:00Z, \
             is 1795252288, which seems to be seconds"
        );
        assert!(said(1_795_252_288_000_000).ends_with("which seems to be microseconds"));
        assert!(said(5).ends_with("is 5") && said(i64::MIN).ends_with(&i64::MIN.to_string()));
    }

    #[test]
    fn what_stands_on_the_log_may_be_older() {
        assert_eq!(Limits::time("event_time", 1_795_252_288), Ok(Timestamp(1_795_252_288)));
    }
}
