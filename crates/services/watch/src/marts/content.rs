//! What is kept of an event beside its identity.

use playhead_domain::{Kind, Moment, Timestamp, WatchEvent};
use serde::{Deserialize, Serialize};

/// The content of an event. Of two events of one identity the greater content holds, whatever its time, which depends on when
/// the edge took the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    event_time: Timestamp,
    position_ms: u64,
    kind: Kind,
    duration_ms: Option<u64>,
    /// FNV-1a of device and session: only to tell two contents apart, and to order them.
    labels: u32,
}

impl Content {
    pub(crate) fn of(event: &WatchEvent) -> Self {
        let texts = [&event.device, &event.session].map(|label| label.as_ref().map_or("", |label| label.as_str()));
        let bytes = texts[0].bytes().chain([0]).chain(texts[1].bytes());
        let labels = bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        Self {
            event_time: event.event_time,
            position_ms: event.position_ms,
            kind: event.kind,
            duration_ms: event.duration_ms,
            labels,
        }
    }

    pub(crate) fn moment(&self, seq: u64) -> Moment {
        Moment {
            seq,
            event_time: self.event_time,
            position_ms: self.position_ms,
            kind: self.kind,
            duration_ms: self.duration_ms,
        }
    }

    /// Whether this content takes the place of `held`, of the same identity.
    pub(crate) fn beats(&self, held: &Self) -> bool {
        let order = |content: &Self| (content.moment(0).weight(), content.labels);
        order(self) > order(held)
    }
}
