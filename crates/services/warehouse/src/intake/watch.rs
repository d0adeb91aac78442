//! Playhead's own facts as the objects that columns are read from.

use std::fmt::Write as _;

use playhead_contracts::{FactError, decode_fact};
use playhead_domain::{Fact, Timestamp};

use super::json::write_text;

/// The names of the fields that a fact may have, by which columns are read.
pub(crate) const FIELDS: [&str; 16] = [
    "fact",
    "user_id",
    "video_id",
    "play_id",
    "seq",
    "event_time",
    "event_time_sent",
    "received_time",
    "position_ms",
    "duration_ms",
    "kind",
    "device",
    "session",
    "mark",
    "title",
    "genres",
];

/// An object that is being written.
struct Object(String);

impl Object {
    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        write_text(text, &mut self.0);
    }

    fn number(&mut self, name: &str, number: impl std::fmt::Display) {
        self.name(name);
        let _ = write!(self.0, "{number}");
    }

    fn time(&mut self, name: &str, time: Timestamp) {
        self.number(name, time.0);
    }

    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        write_text(name, &mut self.0);
        self.0.push(':');
    }

    fn done(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A fact as an object. Times are ms since 1970; `event_time` is the time of every kind of fact.
pub(super) fn object_of(bytes: &[u8]) -> Result<String, FactError> {
    let mut object = Object(String::with_capacity(320));
    match decode_fact(bytes)? {
        Fact::Watched(event) => {
            object.text("fact", "watched");
            object.text("user_id", event.user_id.as_str());
            object.text("video_id", event.video_id.as_str());
            object.text("play_id", event.play_id.as_str());
            object.number("seq", event.seq);
            object.time("event_time", event.event_time);
            object.time("event_time_sent", event.event_time_sent);
            object.time("received_time", event.received_time);
            object.number("position_ms", event.position_ms);
            if let Some(duration_ms) = event.duration_ms {
                object.number("duration_ms", duration_ms);
            }
            object.text("kind", event.kind.name());
            for (name, label) in [("device", &event.device), ("session", &event.session)] {
                if let Some(label) = label {
                    object.text(name, label.as_str());
                }
            }
        }
        Fact::Marked(mark) => {
            object.text("fact", "marked");
            object.text("user_id", mark.user_id.as_str());
            object.text("video_id", mark.video_id.as_str());
            object.text("mark", mark.kind.name());
            object.time("event_time", mark.time);
        }
        Fact::Forgotten(forget) => {
            object.text("fact", "forgotten");
            object.text("user_id", forget.user_id.as_str());
            if let Some(video_id) = &forget.video_id {
                object.text("video_id", video_id.as_str());
            }
            object.time("event_time", forget.time);
        }
        Fact::Described(video) => {
            object.text("fact", "described");
            object.text("video_id", video.video_id.as_str());
            object.text("title", video.title.as_str());
            if let Some(duration_ms) = video.duration_ms {
                object.number("duration_ms", duration_ms);
            }
            object.name("genres");
            object.0.push('[');
            for (at, genre) in video.genres.iter().enumerate() {
                object.0.push_str(if at > 0 { "," } else { "" });
                write_text(genre.as_str(), &mut object.0);
            }
            object.0.push(']');
            object.time("event_time", video.time);
        }
    }
    Ok(object.done())
}
