//! Continue watching: a user's positions, newest first, page by page.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

use playhead_domain::{Position, Timestamp, VideoId};

/// Where a page ended: the next one begins after it. Its text form is opaque to callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    event_time: Timestamp,
    video_id: VideoId,
}

/// A text that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the `next_cursor` of the page before")]
pub struct CursorError;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.event_time.0, self.video_id)
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (time, video) = text.split_once('.').ok_or(CursorError)?;
        Ok(Self {
            event_time: Timestamp(time.parse().map_err(|_| CursorError)?),
            video_id: video.parse().map_err(|_| CursorError)?,
        })
    }
}

/// Which page of a user's positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// At most so many.
    pub limit: usize,
    /// What comes after this one; the first page if none is given.
    pub after: Option<Cursor>,
    /// Only what was begun and not watched to its end.
    pub unfinished: bool,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The positions, newest first; of one time by video.
    pub positions: Vec<(VideoId, Position)>,
    /// Where the next page begins; none on the last one.
    pub next: Option<Cursor>,
}

impl Page {
    /// The page that the query asks for.
    pub(crate) fn of(mut all: Vec<(VideoId, Position)>, query: &ListQuery) -> Self {
        let after = query.after.as_ref().map(|cursor| (Reverse(cursor.event_time), cursor.video_id.clone()));
        all.retain(|(video, position)| {
            let wanted = !position.hidden && (!query.unfinished || (!position.completed && position.play_id.is_some()));
            wanted && after.as_ref().is_none_or(|after| (Reverse(position.event_time), video.clone()) > *after)
        });
        all.sort_by(|(a, left), (b, right)| (Reverse(left.event_time), a).cmp(&(Reverse(right.event_time), b)));
        let more = all.len() > query.limit;
        all.truncate(query.limit);
        let next = all
            .last()
            .filter(|_| more)
            .map(|(video_id, position)| Cursor { event_time: position.event_time, video_id: video_id.clone() });
        Self { positions: all, next }
    }
}
