//! What callers send, checked field by field before anything else happens.

use playhead_domain::{
    FieldError, Id, IdError, IdKind, Kind, Label, Limits, PlayId, Timestamp, UserId, Video, VideoId, WatchEvent,
};

/// An event as a transport reads it. Empty text is text that was not given, but for the ids that must be there.
#[derive(Debug, Clone, Copy, Default)]
pub struct RawEvent<'a> {
    /// See [`WatchEvent`] for the meaning of each field.
    pub user_id: &'a str,
    /// Must be there.
    pub video_id: &'a str,
    /// Must be there, ms.
    pub event_time: Option<i64>,
    /// Must be there, ms.
    pub position_ms: Option<u64>,
    /// May be left out.
    pub play_id: Option<&'a str>,
    /// May be left out.
    pub seq: Option<u64>,
    /// May be left out, ms.
    pub duration_ms: Option<u64>,
    /// `progress` if it is left out.
    pub kind: Option<&'a str>,
    /// May be left out.
    pub device: Option<&'a str>,
    /// May be left out.
    pub session: Option<&'a str>,
}

/// An event that a caller may record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    user_id: UserId,
    video_id: VideoId,
    event_time: Timestamp,
    position_ms: u64,
    play_id: Option<PlayId>,
    seq: Option<u64>,
    duration_ms: Option<u64>,
    kind: Kind,
    device: Option<Label>,
    session: Option<Label>,
}

impl NewEvent {
    /// Checks every field; the first that is not as it must be is named.
    pub fn check(raw: RawEvent<'_>) -> Result<Self, FieldError> {
        let event_time = raw.event_time.ok_or_else(|| FieldError::new("event_time", "must be given"))?;
        let position_ms = raw.position_ms.ok_or_else(|| FieldError::new("position_ms", "must be given"))?;
        Ok(Self {
            user_id: id(raw.user_id)?,
            video_id: id(raw.video_id)?,
            event_time: Limits::told_time("event_time", event_time)?,
            position_ms: Limits::position_ms("position_ms", position_ms)?,
            play_id: raw.play_id.map(id).transpose()?,
            seq: raw.seq,
            duration_ms: raw.duration_ms.map(Limits::duration_ms).transpose()?,
            kind: raw.kind.map_or(Ok(Kind::default()), kind)?,
            device: raw.device.map(|text| Label::new("device", text)).transpose()?,
            session: raw.session.map(|text| Label::new("session", text)).transpose()?,
        })
    }

    /// Who watches.
    pub fn user_id(&self) -> &UserId {
        &self.user_id
    }

    /// The event that stands on the log: received at `received_time`, its time corrected to `event_time`.
    ///
    /// The derived play and number follow the time as sent, so that a repeated event is the same event, whatever the clock
    /// rule made of its time.
    pub(crate) fn into_event(self, event_time: Timestamp, received_time: Timestamp) -> WatchEvent {
        WatchEvent {
            play_id: self.play_id.unwrap_or_else(|| PlayId::derived(self.event_time.day())),
            seq: self.seq.unwrap_or_else(|| self.event_time.0.unsigned_abs()),
            user_id: self.user_id,
            video_id: self.video_id,
            event_time,
            event_time_sent: self.event_time,
            received_time,
            position_ms: self.position_ms,
            duration_ms: self.duration_ms,
            kind: self.kind,
            device: self.device,
            session: self.session,
        }
    }

    pub(crate) fn event_time(&self) -> Timestamp {
        self.event_time
    }
}

fn id<K: IdKind>(text: &str) -> Result<Id<K>, FieldError> {
    text.parse().map_err(|error: IdError| FieldError::new(K::FIELD, error.to_string()))
}

fn kind(name: &str) -> Result<Kind, FieldError> {
    Kind::from_name(name)
        .ok_or_else(|| FieldError::new("kind", format!("must be progress, seek, pause or ended, is `{}`", shown(name))))
}

/// Text of a caller, short enough for an error.
fn shown(text: &str) -> String {
    const CHARS_SHOWN: usize = 40;
    text.chars().take(CHARS_SHOWN).collect()
}

/// A description of a video as a transport reads it.
#[derive(Debug, Clone, Copy, Default)]
pub struct RawVideo<'a> {
    /// Must be there.
    pub video_id: &'a str,
    /// Must be there.
    pub title: &'a str,
    /// May be left out, ms.
    pub duration_ms: Option<u64>,
    /// At most [`Limits::GENRES_MAX`].
    pub genres: &'a [String],
}

impl RawVideo<'_> {
    /// Checks every field; `now` is when it was said.
    pub fn check(self, now: Timestamp) -> Result<Video, FieldError> {
        if self.genres.len() > Limits::GENRES_MAX {
            return Err(FieldError::new(
                "genres",
                format!("must be at most {}, are {}", Limits::GENRES_MAX, self.genres.len()),
            ));
        }
        Ok(Video {
            video_id: id(self.video_id)?,
            title: Label::new("title", self.title)?,
            duration_ms: self.duration_ms.map(Limits::duration_ms).transpose()?,
            genres: self.genres.iter().map(|genre| Label::new("genres", genre)).collect::<Result<_, _>>()?,
            time: now,
        })
    }
}
