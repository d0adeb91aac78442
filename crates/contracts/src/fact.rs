//! Facts to record bytes and back.

use playhead_domain::{
    Fact, FieldError, Forget, Id, IdKind, Kind, Label, Limits, Mark, MarkKind, Offset, PlayId, Timestamp, Video,
    WatchEvent,
};
use prost::Message;

use crate::log;

/// The schema version that is written; a reader takes every version up to this one.
pub const RECORD_SCHEMA: u8 = 1;

/// Why bytes are no fact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactError {
    /// They are not a record.
    #[error("not a record: {0}")]
    Bytes(String),
    /// The record says nothing that this program knows.
    #[error("the record holds no fact that this program knows")]
    Unknown,
    /// A field is not as it must be.
    #[error("{0}")]
    Field(#[from] FieldError),
}

/// The bytes of a fact.
pub fn encode_fact(fact: &Fact) -> Vec<u8> {
    use log::record::Fact as Wire;
    let wire = match fact {
        Fact::Watched(event) => Wire::Watched(watched(event)),
        Fact::Marked(mark) => Wire::Marked(log::Marked {
            user_id: mark.user_id.to_string(),
            video_id: mark.video_id.to_string(),
            kind: mark_kind(mark.kind).into(),
            time: mark.time.0,
        }),
        Fact::Forgotten(forget) => Wire::Forgotten(log::Forgotten {
            user_id: forget.user_id.to_string(),
            video_id: forget.video_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            time: forget.time.0,
            below: forget.below.map(|below| below.0),
        }),
        Fact::Described(video) => Wire::Described(log::Described {
            video_id: video.video_id.to_string(),
            title: video.title.as_str().into(),
            duration_ms: video.duration_ms,
            genres: video.genres.iter().map(|genre| genre.as_str().into()).collect(),
            time: video.time.0,
        }),
    };
    log::Record { fact: Some(wire) }.encode_to_vec()
}

/// The fact of a record's bytes.
pub fn decode_fact(bytes: &[u8]) -> Result<Fact, FactError> {
    use log::record::Fact as Wire;
    let record = log::Record::decode(bytes).map_err(|error| FactError::Bytes(error.to_string()))?;
    Ok(match record.fact.ok_or(FactError::Unknown)? {
        Wire::Watched(wire) => Fact::Watched(watch_event(&wire)?),
        Wire::Marked(wire) => Fact::Marked(Mark {
            user_id: id(&wire.user_id)?,
            video_id: id(&wire.video_id)?,
            kind: known_mark(wire.kind)?,
            time: Limits::time("time", wire.time)?,
        }),
        Wire::Forgotten(wire) => Fact::Forgotten(Forget {
            user_id: id(&wire.user_id)?,
            video_id: if wire.video_id.is_empty() { None } else { Some(id(&wire.video_id)?) },
            time: Limits::time("time", wire.time)?,
            below: wire.below.map(Offset),
        }),
        Wire::Described(wire) => Fact::Described(Video {
            video_id: id(&wire.video_id)?,
            title: Label::new("title", &wire.title)?,
            duration_ms: wire.duration_ms.map(Limits::duration_ms).transpose()?,
            genres: wire.genres.iter().map(|genre| Label::new("genres", genre)).collect::<Result<_, _>>()?,
            time: Limits::time("time", wire.time)?,
        }),
    })
}

fn watched(event: &WatchEvent) -> log::Watched {
    let text = |label: &Option<Label>| label.as_ref().map(|label| label.as_str().to_owned()).unwrap_or_default();
    log::Watched {
        user_id: event.user_id.to_string(),
        video_id: event.video_id.to_string(),
        play_id: event.play_id.to_string(),
        seq: event.seq,
        event_time_sent: event.event_time_sent.0,
        correction_ms: event.event_time.since_ms(event.event_time_sent),
        received_time: event.received_time.0,
        position_ms: event.position_ms,
        duration_ms: event.duration_ms,
        kind: wire_kind(event.kind).into(),
        device: text(&event.device),
        session: text(&event.session),
    }
}

fn watch_event(wire: &log::Watched) -> Result<WatchEvent, FactError> {
    let label = |field, text: &str| (!text.is_empty()).then(|| Label::new(field, text)).transpose();
    let event_time_sent = Limits::time("event_time_sent", wire.event_time_sent)?;
    let event_time = Limits::time("event_time", wire.event_time_sent.saturating_add(wire.correction_ms))?;
    let event = WatchEvent {
        user_id: id(&wire.user_id)?,
        video_id: id(&wire.video_id)?,
        play_id: play_id(&wire.play_id, event_time_sent)?,
        seq: wire.seq,
        event_time,
        event_time_sent,
        received_time: Limits::time("received_time", wire.received_time)?,
        position_ms: wire.position_ms,
        duration_ms: wire.duration_ms,
        kind: known_kind(wire.kind)?,
        device: label("device", &wire.device)?,
        session: label("session", &wire.session)?,
    };
    Limits::check(&event)?;
    Ok(event)
}

/// A play's id as stored: a caller's, or the derived one of the day as sent.
fn play_id(text: &str, sent: Timestamp) -> Result<PlayId, FieldError> {
    let derived = PlayId::derived(sent.day());
    if derived.as_str() == text { Ok(derived) } else { id(text) }
}

fn id<K: IdKind>(text: &str) -> Result<Id<K>, FieldError> {
    text.parse().map_err(|error: playhead_domain::IdError| FieldError::new(K::FIELD, error.to_string()))
}

fn wire_kind(kind: Kind) -> log::Kind {
    match kind {
        Kind::Progress => log::Kind::Progress,
        Kind::Seek => log::Kind::Seek,
        Kind::Pause => log::Kind::Pause,
        Kind::Ended => log::Kind::Ended,
    }
}

fn known_kind(number: i32) -> Result<Kind, FieldError> {
    match log::Kind::try_from(number) {
        Ok(log::Kind::Progress) => Ok(Kind::Progress),
        Ok(log::Kind::Seek) => Ok(Kind::Seek),
        Ok(log::Kind::Pause) => Ok(Kind::Pause),
        Ok(log::Kind::Ended) => Ok(Kind::Ended),
        Err(_) => Err(FieldError::new("kind", format!("{number} is no kind that this program knows"))),
    }
}

fn mark_kind(kind: MarkKind) -> log::MarkKind {
    match kind {
        MarkKind::Watched => log::MarkKind::Watched,
        MarkKind::Unwatched => log::MarkKind::Unwatched,
        MarkKind::Hidden => log::MarkKind::Hidden,
    }
}

fn known_mark(number: i32) -> Result<MarkKind, FieldError> {
    match log::MarkKind::try_from(number) {
        Ok(log::MarkKind::Watched) => Ok(MarkKind::Watched),
        Ok(log::MarkKind::Unwatched) => Ok(MarkKind::Unwatched),
        Ok(log::MarkKind::Hidden) => Ok(MarkKind::Hidden),
        Ok(log::MarkKind::Unspecified) | Err(_) => {
            Err(FieldError::new("kind", format!("{number} is no mark that this program knows")))
        }
    }
}
