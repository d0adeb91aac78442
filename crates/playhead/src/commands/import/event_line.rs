//! An event as a line of JSON, as `POST /v1/events` takes it.

use serde::Serialize;

/// The fields; those that were not given are left out.
#[derive(Debug, Default, Serialize)]
pub(super) struct EventLine<'a> {
    pub(super) user_id: &'a str,
    pub(super) video_id: &'a str,
    pub(super) event_time: i64,
    pub(super) position_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) play_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) device: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) session: Option<&'a str>,
}

impl EventLine<'_> {
    /// The line, without its end.
    pub(super) fn to_json(&self) -> Result<String, String> {
        serde_json::to_string(self).map_err(|error| error.to_string())
    }
}
