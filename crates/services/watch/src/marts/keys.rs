//! Keys of the working state. Ids have no zero byte, so one ends each of them and prefixes are exact.
//!
//! - `p user 0 video 0`: a [`playhead_domain::PairWork`]
//! - `l user 0 video 0 play 0`: a [`playhead_domain::PlayWork`]
//! - `e user 0 video 0 play 0 seq sent`: the content of an event; numbers big-endian, so that keys are in the order of a play

use bytes::Bytes;
use playhead_domain::{Id, PlayId, UserId, VideoId, WatchEvent};

/// What identifies a pair in a batch.
pub(crate) type Pair = (UserId, VideoId);

pub(crate) const PAIR: u8 = b'p';
const PLAY: u8 = b'l';
const EVENT: u8 = b'e';

/// Every kind of key, for deleting all of a user.
pub(crate) const KINDS: [u8; 3] = [PAIR, PLAY, EVENT];

fn part<K>(key: &mut Vec<u8>, id: &Id<K>) {
    key.extend_from_slice(id.as_str().as_bytes());
    key.push(0);
}

/// All keys of a kind of a user, or of a user and video.
pub(crate) fn prefix(kind: u8, user: &UserId, video: Option<&VideoId>) -> Vec<u8> {
    let mut key = Vec::with_capacity(3 + user.as_str().len() + video.map_or(0, |video| video.as_str().len()));
    key.push(kind);
    part(&mut key, user);
    if let Some(video) = video {
        part(&mut key, video);
    }
    key
}

pub(crate) fn pair(user: &UserId, video: &VideoId) -> Bytes {
    prefix(PAIR, user, Some(video)).into()
}

fn put(into: &mut Vec<u8>, kind: u8, user: &UserId, video: &VideoId) {
    into.push(kind);
    part(into, user);
    part(into, video);
}

/// Appends the key of a pair.
pub(crate) fn put_pair(into: &mut Vec<u8>, user: &UserId, video: &VideoId) {
    put(into, PAIR, user, video);
}

/// Appends the key of a play.
pub(crate) fn put_play(into: &mut Vec<u8>, user: &UserId, video: &VideoId, play_id: &PlayId) {
    put(into, PLAY, user, video);
    part(into, play_id);
}

fn put_event(into: &mut Vec<u8>, event: &WatchEvent) {
    put(into, EVENT, &event.user_id, &event.video_id);
    part(into, &event.play_id);
    into.extend_from_slice(&event.seq.to_be_bytes());
    into.extend_from_slice(&event.event_time_sent.0.to_be_bytes());
}

/// The keys of an event and of its play.
#[derive(Debug, Clone)]
pub(crate) struct EventKeys {
    pub(crate) play: Bytes,
    pub(crate) event: Bytes,
}

/// The keys of each event. They share one piece of memory: a batch has many.
pub(crate) fn of_events<'a>(events: impl Iterator<Item = &'a WatchEvent>) -> Vec<EventKeys> {
    let mut all = Vec::new();
    let mut ends = Vec::with_capacity(events.size_hint().0);
    for event in events {
        let begin = all.len();
        put_play(&mut all, &event.user_id, &event.video_id, &event.play_id);
        let middle = all.len();
        put_event(&mut all, event);
        ends.push((begin, middle, all.len()));
    }
    let all = Bytes::from(all);
    let keys = |(begin, middle, end)| EventKeys { play: all.slice(begin..middle), event: all.slice(middle..end) };
    ends.into_iter().map(keys).collect()
}

/// All events of a pair.
pub(crate) fn events_of(user: &UserId, video: &VideoId) -> Vec<u8> {
    prefix(EVENT, user, Some(video))
}

/// The video of a pair's key.
pub(crate) fn video_of_pair(key: &[u8]) -> Option<VideoId> {
    let mut parts = key.get(1..)?.split(|&byte| byte == 0);
    parts.next()?;
    std::str::from_utf8(parts.next()?).ok().map(VideoId::from_stored)
}

/// The play and the number of an event's key.
pub(crate) fn play_of_event(key: &[u8]) -> Option<(PlayId, u64)> {
    let mut rest = key.get(1..)?;
    for _ in 0..2 {
        rest = &rest[rest.iter().position(|&byte| byte == 0)? + 1..];
    }
    let end = rest.iter().position(|&byte| byte == 0)?;
    let play_id = PlayId::from_stored(std::str::from_utf8(&rest[..end]).ok()?);
    let seq = rest.get(end + 1..)?.get(..8)?;
    Some((play_id, u64::from_be_bytes(seq.try_into().ok()?)))
}
