//! Messages of the .proto file to the use cases and back.

use playhead_contracts::watch as pb;
use playhead_domain::{FieldError, Kind, Limits, Position, Timestamp, VideoId};
use playhead_watch::{NewEvent, RawEvent};

use crate::problem::Problem;

/// An event, checked. Empty text is text that was not given.
pub(super) fn event(event: &pb::Event) -> Result<NewEvent, Problem> {
    Ok(NewEvent::check(RawEvent {
        user_id: &event.user_id,
        video_id: &event.video_id,
        event_time: Some(event.event_time),
        position_ms: Some(event.position_ms),
        play_id: given(&event.play_id),
        seq: event.seq,
        duration_ms: event.duration_ms,
        kind: Some(kind(event.kind)?.name()),
        device: given(&event.device),
        session: given(&event.session),
    })?)
}

pub(super) fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn kind(number: i32) -> Result<Kind, FieldError> {
    match pb::Kind::try_from(number) {
        Ok(pb::Kind::Unspecified | pb::Kind::Progress) => Ok(Kind::Progress),
        Ok(pb::Kind::Seek) => Ok(Kind::Seek),
        Ok(pb::Kind::Pause) => Ok(Kind::Pause),
        Ok(pb::Kind::Ended) => Ok(Kind::Ended),
        Err(_) => Err(FieldError::new("kind", format!("must be a number of the enum, is {number}"))),
    }
}

/// The caller's clock.
pub(super) fn sent_time(ms: Option<i64>) -> Result<Option<Timestamp>, Problem> {
    Ok(ms.map(|ms| Limits::told_time("sent_time", ms)).transpose()?)
}

/// A position.
pub(super) fn position(video: &VideoId, position: &Position) -> pb::Position {
    let kind = match position.kind {
        Kind::Progress => pb::Kind::Progress,
        Kind::Seek => pb::Kind::Seek,
        Kind::Pause => pb::Kind::Pause,
        Kind::Ended => pb::Kind::Ended,
    };
    pb::Position {
        video_id: video.to_string(),
        position_ms: position.position_ms,
        resume_ms: position.resume_ms,
        completed: position.completed,
        duration_ms: position.duration_ms,
        event_time: position.event_time.0,
        play_id: position.play_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        kind: kind.into(),
        hidden: position.hidden,
    }
}

/// Why an event was not taken.
pub(super) fn event_error(problem: Problem) -> pb::EventError {
    pb::EventError {
        r#type: problem.of.name().to_owned(),
        field: problem.field.unwrap_or_default().into_owned(),
        retryable: problem.of.is_retryable(),
        detail: problem.detail.into_owned(),
    }
}
