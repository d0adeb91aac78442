//! The topics of the watch service, and how its facts become records.

use bytes::Bytes;
use playhead_contracts::{RECORD_SCHEMA, encode_fact};
use playhead_domain::{Fact, Timestamp};
use playhead_ports::{Header, Record, Topic};

/// Events, marks and forgettings, by user.
pub const WATCH: &str = "watch";
/// Descriptions of videos, by video.
pub const VIDEOS: &str = "videos";

/// The topic of that name.
pub fn topic(name: &'static str) -> Topic {
    Topic::new(name)
}

/// The record of a fact: its key is the user or the video, its header `schema` the version of its bytes.
pub(crate) fn record_of(fact: &Fact, time: Timestamp) -> Record {
    const SCHEMA: &[u8] = &[b'0' + RECORD_SCHEMA];
    let key = match fact {
        Fact::Watched(event) => event.user_id.as_str(),
        Fact::Marked(mark) => mark.user_id.as_str(),
        Fact::Forgotten(forget) => forget.user_id.as_str(),
        Fact::Described(video) => video.video_id.as_str(),
    };
    Record {
        key: Bytes::copy_from_slice(key.as_bytes()),
        value: encode_fact(fact).into(),
        time,
        headers: vec![Header { name: "schema".into(), value: Bytes::from_static(SCHEMA) }],
    }
}
