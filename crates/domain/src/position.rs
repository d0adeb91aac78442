//! What a state says when it is read.

use crate::{Kind, MarkKind, Play, PlayId, State, Timestamp};

/// Where a viewer is in a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The newest position of the newest play, ms from the start.
    pub position_ms: u64,
    /// Where to resume, ms from the start: an accident does not move it; 0 once completed.
    pub resume_ms: u64,
    /// Whether the last settled play, or a mark after it, says that the video was watched to its end.
    pub completed: bool,
    /// The video's length as the newest event told it, ms.
    pub duration_ms: Option<u64>,
    /// The time of the newest event, or of the newest mark if there is no event.
    pub event_time: Timestamp,
    /// The newest play; none if there are only marks.
    pub play_id: Option<PlayId>,
    /// What the player was doing at the newest event.
    pub kind: Kind,
    /// Whether the viewer hid it from continue-watching and has not watched it since.
    pub hidden: bool,
}

/// The resume point and whether the video is completed.
struct Resume {
    resume_ms: u64,
    completed: bool,
    /// The newest event of the play that says so.
    said_at: Timestamp,
}

impl Position {
    /// Reads a state; none if it knows nothing but that the video is hidden.
    pub fn of(state: &State) -> Option<Self> {
        let plays = Play::all_of(state);
        let marks = state.marks();
        let marked = [MarkKind::Watched, MarkKind::Unwatched]
            .into_iter()
            .filter_map(|kind| Some((marks.time(kind)?, kind)))
            .max();
        let Some(newest) = plays.iter().max_by(|a, b| a.newest_key().cmp(&b.newest_key())) else {
            return marked.map(|(time, kind)| Self::of_mark_alone(time, kind, marks.time(MarkKind::Hidden)));
        };
        let mut resume = resume_of(&plays);
        if let Some((time, kind)) = marked
            && time >= resume.said_at
        {
            resume = Resume { resume_ms: 0, completed: kind == MarkKind::Watched, said_at: time };
        }
        let moment = newest.newest();
        Some(Self {
            position_ms: moment.position_ms,
            resume_ms: resume.resume_ms,
            completed: resume.completed,
            duration_ms: moment.duration_ms,
            event_time: moment.event_time,
            play_id: Some(newest.play_id.clone()),
            kind: moment.kind,
            hidden: marks.time(MarkKind::Hidden).is_some_and(|hidden| hidden >= moment.event_time),
        })
    }

    fn of_mark_alone(time: Timestamp, kind: MarkKind, hidden: Option<Timestamp>) -> Self {
        Self {
            position_ms: 0,
            resume_ms: 0,
            completed: kind == MarkKind::Watched,
            duration_ms: None,
            event_time: time,
            play_id: None,
            kind: Kind::default(),
            hidden: hidden.is_some_and(|hidden| hidden >= time),
        }
    }
}

/// Walks the plays in order. Before the first one the resume point is the start; a play that is not settled moves it only
/// as long as none is.
fn resume_of(plays: &[Play]) -> Resume {
    let mut resume = Resume { resume_ms: 0, completed: false, said_at: Timestamp::default() };
    let mut any_settled = false;
    for play in plays {
        let settled = play.is_settled(resume.resume_ms);
        if settled || !any_settled {
            let completed = settled && play.whole.completed;
            let resume_ms = if completed { 0 } else { play.newest().position_ms };
            resume = Resume { resume_ms, completed, said_at: play.newest().event_time };
        }
        any_settled |= settled;
    }
    resume
}

#[cfg(test)]
#[path = "position_tests.rs"]
mod tests;
