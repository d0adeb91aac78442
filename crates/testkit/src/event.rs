//! Builds watch events: everything has a default, so that what a test sets is what it is about.

use playhead_contracts::watch;
use playhead_domain::Kind;
use serde_json::{Map, Value, json};

/// 2023-11-14T22:13:20Z.
const EVENT_TIME_MS: i64 = 1_700_000_000_000;

/// An event of user `u` at the start of video `v`, without anything that may be left out.
pub fn event() -> EventBuilder {
    EventBuilder {
        user_id: "u".into(),
        video_id: "v".into(),
        event_time_ms: EVENT_TIME_MS,
        position_ms: 0,
        play_id: None,
        seq: None,
        duration_ms: None,
        kind: None,
        device: None,
        session: None,
    }
}

/// An event in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct EventBuilder {
    user_id: String,
    video_id: String,
    event_time_ms: i64,
    position_ms: u64,
    play_id: Option<String>,
    seq: Option<u64>,
    duration_ms: Option<u64>,
    kind: Option<Kind>,
    device: Option<String>,
    session: Option<String>,
}

impl EventBuilder {
    /// Who watches.
    pub fn user(self, user_id: impl Into<String>) -> Self {
        Self { user_id: user_id.into(), ..self }
    }

    /// What is watched.
    pub fn video(self, video_id: impl Into<String>) -> Self {
        Self { video_id: video_id.into(), ..self }
    }

    /// When it happened, ms since 1970.
    pub fn at(self, event_time_ms: i64) -> Self {
        Self { event_time_ms, ..self }
    }

    /// When it happened, ms after the default time.
    pub fn after_ms(self, ms: i64) -> Self {
        self.at(EVENT_TIME_MS + ms)
    }

    /// How far from the start.
    pub fn position(self, position_ms: u64) -> Self {
        Self { position_ms, ..self }
    }

    /// The playback.
    pub fn play(self, play_id: impl Into<String>) -> Self {
        Self { play_id: Some(play_id.into()), ..self }
    }

    /// The number within the playback.
    pub fn seq(self, seq: u64) -> Self {
        Self { seq: Some(seq), ..self }
    }

    /// How long the video is.
    pub fn duration(self, duration_ms: u64) -> Self {
        Self { duration_ms: Some(duration_ms), ..self }
    }

    /// What the player was doing.
    pub fn kind(self, kind: Kind) -> Self {
        Self { kind: Some(kind), ..self }
    }

    /// What it was watched on.
    pub fn device(self, device: impl Into<String>) -> Self {
        Self { device: Some(device.into()), ..self }
    }

    /// The caller's session.
    pub fn session(self, session: impl Into<String>) -> Self {
        Self { session: Some(session.into()), ..self }
    }

    /// As `POST /v1/events` takes it.
    pub fn json(&self) -> Value {
        let mut fields = self.without_ids();
        fields.insert("user_id".into(), json!(self.user_id));
        fields.insert("video_id".into(), json!(self.video_id));
        Value::Object(fields)
    }

    /// As `PUT` to [`Self::path`] takes it.
    pub fn put_json(&self) -> Value {
        Value::Object(self.without_ids())
    }

    /// Where the position of its user and video is.
    pub fn path(&self) -> String {
        format!("/v1/users/{}/positions/{}", self.user_id, self.video_id)
    }

    /// As gRPC takes it.
    pub fn proto(&self) -> watch::Event {
        let kind = match self.kind {
            None => watch::Kind::Unspecified,
            Some(Kind::Progress) => watch::Kind::Progress,
            Some(Kind::Seek) => watch::Kind::Seek,
            Some(Kind::Pause) => watch::Kind::Pause,
            Some(Kind::Ended) => watch::Kind::Ended,
        };
        watch::Event {
            user_id: self.user_id.clone(),
            video_id: self.video_id.clone(),
            event_time: self.event_time_ms,
            position_ms: self.position_ms,
            play_id: self.play_id.clone().unwrap_or_default(),
            seq: self.seq,
            duration_ms: self.duration_ms,
            kind: kind.into(),
            device: self.device.clone().unwrap_or_default(),
            session: self.session.clone().unwrap_or_default(),
        }
    }

    fn without_ids(&self) -> Map<String, Value> {
        let optional = [
            ("play_id", self.play_id.as_ref().map(|v| json!(v))),
            ("seq", self.seq.map(|v| json!(v))),
            ("duration_ms", self.duration_ms.map(|v| json!(v))),
            ("kind", self.kind.map(|v| json!(v.name()))),
            ("device", self.device.as_ref().map(|v| json!(v))),
            ("session", self.session.as_ref().map(|v| json!(v))),
        ];
        let given = [("event_time", Some(json!(self.event_time_ms))), ("position_ms", Some(json!(self.position_ms)))];
        given
            .into_iter()
            .chain(optional)
            .filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_set_is_sent() {
        let built = event().user("ann").at(5).position(7).kind(Kind::Seek);
        assert_eq!(
            built.json(),
            json!({"user_id": "ann", "video_id": "v", "event_time": 5, "position_ms": 7, "kind": "seek"})
        );
        assert_eq!(built.put_json(), json!({"event_time": 5, "position_ms": 7, "kind": "seek"}));
        assert_eq!(built.path(), "/v1/users/ann/positions/v");
        assert_eq!(built.proto().kind(), watch::Kind::Seek);
    }
}
