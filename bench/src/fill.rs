//! Viewers who each watch a video and tell every ten seconds where they are, in turn.

use playhead_domain::{Kind, PlayId, Timestamp, UserId, VideoId, WatchEvent};

/// Ten seconds between two events of a viewer; after so many another viewer takes the place.
const EVENTS_PER_PLAY: u64 = 30;
const STEP_MS: u64 = 10_000;
const DURATION_MS: u64 = 5_400_000;

/// The viewers.
#[derive(Debug, Clone)]
pub(crate) struct Viewers {
    at_once: u64,
    videos: u64,
    next: u64,
    began_ms: i64,
}

/// What one of them tells.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) user: String,
    pub(crate) video: String,
    pub(crate) play: String,
    pub(crate) seq: u64,
    pub(crate) event_time_ms: i64,
    pub(crate) position_ms: u64,
}

impl Viewers {
    /// So many watch at once. Their clocks are ten minutes late, so that a fast benchmark does not tell of the future.
    pub(crate) fn new(at_once: u64, videos: u64, now: Timestamp) -> Self {
        Self { at_once, videos, next: 0, began_ms: now.0 - 600_000 }
    }

    pub(crate) fn tell(&mut self) -> Told {
        let (round, place) = (self.next / self.at_once, self.next % self.at_once);
        let user = place + self.at_once * (round / EVENTS_PER_PLAY);
        let seq = round % EVENTS_PER_PLAY;
        let event_time_ms = self.began_ms + i64::try_from(self.next / 40).unwrap_or(0);
        self.next += 1;
        Told {
            user: format!("viewer-{user:08}"),
            video: format!("video-{:06}", user.wrapping_mul(2_654_435_761) % self.videos),
            play: format!("play-{user:08}-0001"),
            seq,
            event_time_ms,
            position_ms: (user * 7_919 % 1_000_000 + seq * STEP_MS) % DURATION_MS,
        }
    }
}

impl Told {
    /// As a line of JSON, with a user and a video or without.
    pub(crate) fn json(&self, with_ids: bool) -> String {
        let ids =
            if with_ids { format!(r#""user_id":"{}","video_id":"{}","#, self.user, self.video) } else { String::new() };
        format!(
            r#"{{{ids}"event_time":{},"position_ms":{},"play_id":"{}","seq":{},"duration_ms":{DURATION_MS}}}"#,
            self.event_time_ms, self.position_ms, self.play, self.seq
        )
    }

    /// As a whole request of HTTP/1.1.
    pub(crate) fn put(&self, into: &mut Vec<u8>) {
        use std::io::Write as _;
        let body = self.json(false);
        let written = write!(
            into,
            "PUT /v1/users/{}/positions/{} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.user,
            self.video,
            body.len()
        );
        written.expect("memory takes all");
    }

    /// As gRPC has it.
    pub(crate) fn message(self) -> playhead_contracts::watch::Event {
        playhead_contracts::watch::Event {
            user_id: self.user,
            video_id: self.video,
            event_time: self.event_time_ms,
            position_ms: self.position_ms,
            play_id: self.play,
            seq: Some(self.seq),
            duration_ms: Some(DURATION_MS),
            ..Default::default()
        }
    }

    /// As it stands on the log.
    pub(crate) fn event(&self) -> WatchEvent {
        WatchEvent {
            user_id: UserId::from_stored(&self.user),
            video_id: VideoId::from_stored(&self.video),
            play_id: PlayId::from_stored(&self.play),
            seq: self.seq,
            event_time: Timestamp(self.event_time_ms),
            event_time_sent: Timestamp(self.event_time_ms),
            received_time: Timestamp(self.event_time_ms + 40),
            position_ms: self.position_ms,
            duration_ms: Some(DURATION_MS),
            kind: Kind::Progress,
            device: None,
            session: None,
        }
    }
}
