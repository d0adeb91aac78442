//! Events as JSON.

use playhead_domain::{Kind, Timestamp, UserId, VideoId};
use playhead_watch::{NewEvent, RawEvent};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::json::{Parsed, Text, Whole};
use super::position_body::KindName;
use crate::problem::Problem;

/// How far a viewer has got.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutPosition<'a> {
    /// When, by the player's clock, ms since 1970; from 2000 on.
    #[schema(value_type = i64, required = true, minimum = 946_684_800_000_i64, maximum = 253_402_300_799_999_i64)]
    event_time: Option<Whole<i64>>,
    /// How far from the start, ms.
    #[schema(value_type = i64, required = true, minimum = 0, maximum = 31_622_400_000_i64)]
    position_ms: Option<Whole<u64>>,
    /// One playback. Without it all events of a user, video and UTC day are one play.
    #[serde(borrow)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._:@-]+$")]
    play_id: Option<Text<'a>>,
    /// Counts up within the play. Without it the `event_time`.
    #[schema(value_type = Option<u64>, minimum = 0)]
    seq: Option<Whole<u64>>,
    /// How long the video is, ms.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 31_622_400_000_i64)]
    duration_ms: Option<Whole<u64>>,
    /// What the player was doing; `progress` if it is left out.
    #[schema(inline = false)]
    kind: Option<KindName>,
    /// What it was watched on.
    #[serde(borrow)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256, pattern = "^[^\\x00-\\x1F\\x7F-\\x9F]+$")]
    device: Option<Text<'a>>,
    /// The caller's session.
    #[serde(borrow)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256, pattern = "^[^\\x00-\\x1F\\x7F-\\x9F]+$")]
    session: Option<Text<'a>>,
    /// The player's clock at sending, ms since 1970, from 2000 on: corrects the event's time if that clock is off.
    #[schema(value_type = Option<i64>, minimum = 946_684_800_000_i64, maximum = 253_402_300_799_999_i64)]
    pub(crate) sent_time: Option<Whole<i64>>,
}

/// "User U was at position P of video V at time T."
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Event)]
pub(crate) struct EventBody<'a> {
    /// Who watches.
    #[serde(borrow)]
    #[schema(value_type = String, required = true, min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._:@-]+$")]
    user_id: Option<Text<'a>>,
    /// What is watched.
    #[serde(borrow)]
    #[schema(value_type = String, required = true, min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._:@-]+$")]
    video_id: Option<Text<'a>>,
    /// When, by the player's clock, ms since 1970; from 2000 on.
    #[schema(value_type = i64, required = true, minimum = 946_684_800_000_i64, maximum = 253_402_300_799_999_i64)]
    event_time: Option<Whole<i64>>,
    /// How far from the start, ms.
    #[schema(value_type = i64, required = true, minimum = 0, maximum = 31_622_400_000_i64)]
    position_ms: Option<Whole<u64>>,
    /// One playback. Without it all events of a user, video and UTC day are one play.
    #[serde(borrow)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._:@-]+$")]
    play_id: Option<Text<'a>>,
    /// Counts up within the play. Without it the `event_time`.
    #[schema(value_type = Option<u64>, minimum = 0)]
    seq: Option<Whole<u64>>,
    /// How long the video is, ms.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 31_622_400_000_i64)]
    duration_ms: Option<Whole<u64>>,
    /// What the player was doing; `progress` if it is left out.
    #[schema(inline = false)]
    kind: Option<KindName>,
    /// What it was watched on.
    #[serde(borrow)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256, pattern = "^[^\\x00-\\x1F\\x7F-\\x9F]+$")]
    device: Option<Text<'a>>,
    /// The caller's session.
    #[serde(borrow)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256, pattern = "^[^\\x00-\\x1F\\x7F-\\x9F]+$")]
    session: Option<Text<'a>>,
}

impl Parsed for PutPosition<'static> {
    type Of<'a> = PutPosition<'a>;
}

impl Parsed for EventBody<'static> {
    type Of<'a> = EventBody<'a>;
}

impl PutPosition<'_> {
    /// The event of that user and video.
    pub(crate) fn check(&self, user: &UserId, video: &VideoId) -> Result<NewEvent, Problem> {
        Ok(NewEvent::check(RawEvent {
            user_id: user.as_str(),
            video_id: video.as_str(),
            event_time: self.event_time.map(|ms| ms.0),
            position_ms: self.position_ms.map(|ms| ms.0),
            play_id: self.play_id.as_ref().map(Text::as_str),
            seq: self.seq.map(|seq| seq.0),
            duration_ms: self.duration_ms.map(|ms| ms.0),
            kind: self.kind.map(name_of),
            device: self.device.as_ref().map(Text::as_str),
            session: self.session.as_ref().map(Text::as_str),
        })?)
    }
}

impl EventBody<'_> {
    pub(crate) fn check(&self) -> Result<NewEvent, Problem> {
        Ok(NewEvent::check(RawEvent {
            user_id: self.user_id.as_ref().map_or("", Text::as_str),
            video_id: self.video_id.as_ref().map_or("", Text::as_str),
            event_time: self.event_time.map(|ms| ms.0),
            position_ms: self.position_ms.map(|ms| ms.0),
            play_id: self.play_id.as_ref().map(Text::as_str),
            seq: self.seq.map(|seq| seq.0),
            duration_ms: self.duration_ms.map(|ms| ms.0),
            kind: self.kind.map(name_of),
            device: self.device.as_ref().map(Text::as_str),
            session: self.session.as_ref().map(Text::as_str),
        })?)
    }
}

fn name_of(kind: KindName) -> &'static str {
    Kind::from(kind).name()
}

/// The event is durable.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recorded)]
pub(crate) struct RecordedBody {
    /// When it happened, as corrected by the clock rule, ms since 1970.
    pub(crate) event_time: i64,
    /// When it was received, ms since 1970.
    pub(crate) received_time: i64,
}

/// The answer for one entry of a batch.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "lowercase")]
#[schema(as = EventResult)]
pub(crate) enum EventResult<'a> {
    /// The event is durable.
    Ok {
        /// When it happened, as corrected by the clock rule, ms since 1970.
        event_time: i64,
    },
    /// It is not.
    Error(EntryError<'a>),
}

/// Why an entry of a batch was not taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntryError<'a> {
    /// The name of the problem.
    #[serde(rename = "type")]
    of: &'static str,
    /// The field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    field: Option<&'a str>,
    /// The limit that was met.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    limit: Option<&'static str>,
    /// What is wrong.
    detail: &'a str,
    /// Whether the same entry may be taken later.
    retryable: bool,
}

impl<'a> EntryError<'a> {
    pub(crate) fn of(problem: &'a Problem) -> Self {
        Self {
            of: problem.of.name(),
            field: problem.field.as_deref(),
            limit: problem.limit,
            detail: &problem.detail,
            retryable: problem.of.is_retryable(),
        }
    }
}

/// The time of a field that may be left out.
pub(crate) fn time_of(ms: Option<Whole<i64>>) -> Result<Option<Timestamp>, Problem> {
    Ok(ms.map(|ms| playhead_domain::Limits::told_time("sent_time", ms.0)).transpose()?)
}
