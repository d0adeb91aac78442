//! The tables that analysts see, and how rows stand in them.

use playhead_domain::{Kind, Label, Mark, MarkKind, Offset, PlayId, Timestamp, UserId, VideoId, WatchEvent};
use playhead_ports::{Column, ColumnType, Columns, Shape, Table, Values};

pub(crate) const WATCH_EVENTS: &str = "watch_events";
pub(crate) const WATCH_MARKS: &str = "watch_marks";
pub(crate) const USER_VIDEO: &str = "user_video";
pub(crate) const VIDEO_DAILY: &str = "video_daily";
pub(crate) const VIDEO_RETENTION: &str = "video_retention";
pub(crate) const VIDEOS_TABLE: &str = "videos";
pub(crate) const FORGOTTEN: &str = "forgotten";

/// The tables that follow from `watch_events` and `watch_marks`.
pub(crate) const MARTS: [&str; 3] = [USER_VIDEO, VIDEO_DAILY, VIDEO_RETENTION];

const fn column(name: &'static str, of: ColumnType, comment: &'static str) -> Column {
    Column { name, of, comment }
}

use ColumnType::{Bool, Date, Int, Text, Texts, Time, UInt};

/// All tables of the watch service.
pub const TABLES: &[Table] = &[
    Table {
        name: WATCH_EVENTS,
        shape: Shape::Facts,
        comment: "One row an event, as the player told it; duplicates never.",
        columns: &[
            column("user_id", Text, "Who watched."),
            column("video_id", Text, "What was watched."),
            column(
                "play_id",
                Text,
                "The playback; begins with ~ where the caller gave none: all of a user, video and UTC day.",
            ),
            column("seq", UInt, "The event's number within its play."),
            column("event_time", Time, "When it happened, by the player's clock as corrected; UTC."),
            column("event_time_sent", Time, "When it happened, as the player said; UTC."),
            column("received_time", Time, "When Playhead took it; UTC."),
            column("position_ms", UInt, "How far from the start, ms."),
            column("duration_ms", UInt, "How long the video is as the player knows it, ms."),
            column("kind", Text, "progress, seek, pause or ended."),
            column("device", Text, "What it was watched on."),
            column("session", Text, "The caller's session."),
            column("partition", UInt, "The partition of the log that the record is from."),
            column("log_offset", UInt, "The record's offset there."),
        ],
    },
    Table {
        name: WATCH_MARKS,
        shape: Shape::Facts,
        comment: "One row a mark that a viewer made by hand.",
        columns: &[
            column("user_id", Text, "Who marked."),
            column("video_id", Text, "What was marked."),
            column("mark", Text, "watched, unwatched or hidden."),
            column("marked_time", Time, "When; UTC."),
            column("partition", UInt, "The partition of the log that the record is from."),
            column("log_offset", UInt, "The record's offset there."),
        ],
    },
    Table {
        name: USER_VIDEO,
        shape: Shape::Newest { key: 2 },
        comment: "One row a user and video: where they are and how much they watched.",
        columns: &[
            column("user_id", Text, "Who."),
            column("video_id", Text, "What."),
            column("position_ms", UInt, "The newest play's newest position, ms."),
            column("resume_ms", UInt, "Where to resume, ms; 0 once completed."),
            column("watched_ms", UInt, "Time watched, ms: the sum over plays."),
            column("unique_ms", UInt, "How much of the video was watched at least once, ms."),
            column("plays", UInt, "Playbacks."),
            column("completed", Bool, "Whether the last settled play was watched to its end."),
            column("first_time", Time, "The first event; UTC."),
            column("last_time", Time, "The last event; UTC."),
        ],
    },
    Table {
        name: VIDEO_DAILY,
        shape: Shape::Totals { key: 2 },
        comment: "One row a video and UTC day.",
        columns: &[
            column("video_id", Text, "What."),
            column("day", Date, "The day, UTC."),
            column("plays", Int, "Playbacks whose first event is on this day."),
            column("viewers", Int, "Users with an event on this day, exact."),
            column("watched_ms", Int, "Time watched, ms: stretches whose later event is on this day."),
            column("completions", Int, "Playbacks that first completed on this day."),
        ],
    },
    Table {
        name: VIDEO_RETENTION,
        shape: Shape::Totals { key: 2 },
        comment: "One row a video and percent of it that anybody watched.",
        columns: &[
            column("video_id", Text, "What."),
            column("percent", Int, "0 to 99: percent p is the part from p % to p + 1 % of the duration."),
            column("viewers", Int, "Users who watched any of it."),
        ],
    },
    Table {
        name: VIDEOS_TABLE,
        shape: Shape::Newest { key: 1 },
        comment: "One row a video that was described.",
        columns: &[
            column("video_id", Text, "Which."),
            column("title", Text, "Its title."),
            column("duration_ms", UInt, "How long it is, ms."),
            column("genres", Texts, "Its genres."),
            column("updated_time", Time, "When this was said; UTC."),
        ],
    },
    Table {
        name: FORGOTTEN,
        shape: Shape::Facts,
        comment: "One row a forgetting, so that a restored backup forgets again; ids only as hashes.",
        columns: &[
            column("user_hash", Text, "SHA-256 of the user's id, hexadecimal."),
            column("video_hash", Text, "SHA-256 of the video's id; null if all of the user was forgotten."),
            column("forgotten_time", Time, "When it was asked for; UTC."),
            column("partition", UInt, "The partition of the log that the user is in."),
            column("log_offset", UInt, "Records below this offset there are forgotten."),
        ],
    },
];

/// A row that cannot be read back.
fn broken(column: &str) -> String {
    format!("{WATCH_EVENTS} or {WATCH_MARKS}: column {column} is not as it was declared")
}

fn text(rows: &Columns, column: usize, row: usize) -> Option<&str> {
    match rows.0.get(column) {
        Some(Values::Text(values)) => values.get(row)?.as_deref(),
        _ => None,
    }
}

fn uint(rows: &Columns, column: usize, row: usize) -> Option<u64> {
    match rows.0.get(column) {
        Some(Values::UInt(values)) => *values.get(row)?,
        _ => None,
    }
}

fn time(rows: &Columns, column: usize, row: usize) -> Option<Timestamp> {
    match rows.0.get(column) {
        Some(Values::Int(values)) => values.get(row)?.map(Timestamp),
        _ => None,
    }
}

/// The event of a row of `watch_events`, with its partition and offset.
pub(crate) fn event_of_row(rows: &Columns, row: usize) -> Result<(WatchEvent, u32, Offset), String> {
    let id = |column: usize, name: &str| text(rows, column, row).ok_or_else(|| broken(name));
    let number = |column: usize, name: &str| uint(rows, column, row).ok_or_else(|| broken(name));
    let at = |column: usize, name: &str| time(rows, column, row).ok_or_else(|| broken(name));
    let label = |column: usize| text(rows, column, row).and_then(|text| Label::new("label", text).ok());
    let event = WatchEvent {
        user_id: UserId::from_stored(id(0, "user_id")?),
        video_id: VideoId::from_stored(id(1, "video_id")?),
        play_id: PlayId::from_stored(id(2, "play_id")?),
        seq: number(3, "seq")?,
        event_time: at(4, "event_time")?,
        event_time_sent: at(5, "event_time_sent")?,
        received_time: at(6, "received_time")?,
        position_ms: number(7, "position_ms")?,
        duration_ms: uint(rows, 8, row),
        kind: Kind::from_name(id(9, "kind")?).ok_or_else(|| broken("kind"))?,
        device: label(10),
        session: label(11),
    };
    let partition = u32::try_from(number(12, "partition")?).map_err(|_| broken("partition"))?;
    Ok((event, partition, Offset(number(13, "log_offset")?)))
}

/// The mark of a row of `watch_marks`, with its partition and offset.
pub(crate) fn mark_of_row(rows: &Columns, row: usize) -> Result<(Mark, u32, Offset), String> {
    let mark = Mark {
        user_id: UserId::from_stored(text(rows, 0, row).ok_or_else(|| broken("user_id"))?),
        video_id: VideoId::from_stored(text(rows, 1, row).ok_or_else(|| broken("video_id"))?),
        kind: text(rows, 2, row).and_then(MarkKind::from_name).ok_or_else(|| broken("mark"))?,
        time: time(rows, 3, row).ok_or_else(|| broken("marked_time"))?,
    };
    let number = |column: usize, name: &str| uint(rows, column, row).ok_or_else(|| broken(name));
    let partition = u32::try_from(number(4, "partition")?).map_err(|_| broken("partition"))?;
    Ok((mark, partition, Offset(number(5, "log_offset")?)))
}
