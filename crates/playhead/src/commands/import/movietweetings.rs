//! The MovieTweetings set: `movies.dat` (`id::Title (year)::Genre|Genre`) and `ratings.dat` (`user::movie::rating::seconds`).
//!
//! The set has no positions, so they are derived. A rating carries no `play_id`, so that all of a user, movie and day are one
//! play, which the rules take at its word (a play of one event would count as an accident). Its `seq` is the time with the
//! rating in the milliseconds, which the set does not use: two ratings of a movie at one second stay two events.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use playhead_domain::{Label, Limits, UserId, VideoId};
use serde::Serialize;

use super::event_line::EventLine;
use super::row::{Row, Rows};

/// What everybody should know who reads numbers that follow from this set.
pub(super) const NOTE: &str = "MovieTweetings has ratings, but no positions. They are derived: a rating of r out of 10 becomes \
the position r/10 of 5,400 s, at the time of the rating.";

const DURATION_MS: u64 = 5_400_000;
const RATING_MAX: u64 = 10;
const DEVICE: &str = "movietweetings";

/// The folder of the set.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// The folder must have both files.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        for name in ["movies.dat", "ratings.dat"] {
            if !path.join(name).is_file() {
                bail!("{} has no {name}; it must be a folder of the MovieTweetings set", path.display());
            }
        }
        Ok(Self(path.to_owned()))
    }

    /// The movies as descriptions of videos.
    pub(super) fn videos(&self) -> anyhow::Result<Rows> {
        rows(&self.0.join("movies.dat"), video)
    }

    /// The ratings as events.
    pub(super) fn ratings(&self) -> anyhow::Result<Rows> {
        rows(&self.0.join("ratings.dat"), rating)
    }
}

fn rows(path: &Path, parse: fn(&str) -> Result<String, String>) -> anyhow::Result<Rows> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let size_bytes = file.metadata().map(|metadata| metadata.len()).unwrap_or(0);
    let (mut reader, mut line, mut end_bytes) = (BufReader::new(file), 0u64, 0u64);
    let mut next_row = move || -> std::io::Result<Option<Row>> {
        loop {
            let mut bytes = Vec::new();
            let read = reader.read_until(b'\n', &mut bytes)?;
            if read == 0 {
                return Ok(None);
            }
            line += 1;
            end_bytes += read as u64;
            let text = text_of(&bytes, line == 1);
            if !text.is_empty() {
                let content = parse(&text);
                return Ok(Some(Row { number: line, line, end_bytes, text, content }));
            }
        }
    };
    let rows = Box::new(std::iter::from_fn(move || next_row().transpose()));
    Ok(Rows { file: path.display().to_string(), size_bytes, rows })
}

/// A line as text, without its end and a byte order mark. The set is UTF-8; copies of it in Latin-1 exist.
fn text_of(bytes: &[u8], is_first: bool) -> String {
    let bytes = if is_first { bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes) } else { bytes };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    };
    text.trim_end_matches(['\n', '\r']).to_owned()
}

#[derive(Serialize)]
struct VideoLine<'a> {
    video_id: &'a str,
    title: &'a str,
    duration_ms: u64,
    genres: Vec<&'a str>,
}

/// A title may have `::` in it; genres may be missing.
fn video(text: &str) -> Result<String, String> {
    let (video_id, rest) = text.split_once("::").ok_or("is not id::title::genres")?;
    let (title, genres) = rest.rsplit_once("::").ok_or("is not id::title::genres")?;
    video_id.parse::<VideoId>().map_err(|error| format!("video_id: {error}"))?;
    Label::new("title", title).map_err(|error| error.to_string())?;
    let genres = genres.split('|').map(str::trim).filter(|genre| !genre.is_empty()).collect();
    let line = VideoLine { video_id, title, duration_ms: DURATION_MS, genres };
    serde_json::to_string(&line).map_err(|error| error.to_string())
}

fn rating(text: &str) -> Result<String, String> {
    let fields: Vec<&str> = text.split("::").collect();
    let &[user_id, video_id, rating, seconds] = &fields[..] else {
        return Err("is not user::movie::rating::seconds".to_owned());
    };
    user_id.parse::<UserId>().map_err(|error| format!("user_id: {error}"))?;
    video_id.parse::<VideoId>().map_err(|error| format!("video_id: {error}"))?;
    let rating: u64 = rating
        .parse()
        .ok()
        .filter(|rating| *rating <= RATING_MAX)
        .ok_or("rating: must be a whole number from 0 to 10")?;
    let seconds: i64 = seconds.parse().map_err(|_| "time: must be whole seconds since 1970".to_owned())?;
    let event_time =
        Limits::told_time("event_time", seconds.saturating_mul(1_000)).map_err(|error| error.to_string())?.0;
    EventLine {
        user_id,
        video_id,
        event_time,
        position_ms: DURATION_MS * rating / RATING_MAX,
        seq: Some(event_time.unsigned_abs() + rating),
        duration_ms: Some(DURATION_MS),
        kind: Some("progress"),
        device: Some(DEVICE),
        ..EventLine::default()
    }
    .to_json()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rating_becomes_a_position() {
        assert_eq!(
            rating("1::1074638::7::1365029107"),
            Ok(concat!(
                r#"{"user_id":"1","video_id":"1074638","event_time":1365029107000,"position_ms":3780000,"#,
                r#""seq":1365029107007,"duration_ms":5400000,"kind":"progress","device":"movietweetings"}"#
            )
            .to_owned())
        );
        assert!(rating("1::2::10::1365029107").is_ok_and(|line| line.contains(r#""position_ms":5400000"#)));
        assert!(rating("1::2::0::1365029107").is_ok_and(|line| line.contains(r#""position_ms":0"#)));
    }

    #[test]
    fn two_ratings_of_one_second_are_two_events() {
        assert_ne!(rating("1::2::7::1365029107"), rating("1::2::8::1365029107"));
    }

    #[test]
    fn a_rating_that_cannot_be_says_why() {
        let why = |text: &str| rating(text).expect_err("a reject");
        assert_eq!(why("1::2::3"), "is not user::movie::rating::seconds");
        assert_eq!(why("1::2::11::5"), "rating: must be a whole number from 0 to 10");
        assert_eq!(why("1::2::7.5::5"), "rating: must be a whole number from 0 to 10");
        assert_eq!(why("1::2::7::soon"), "time: must be whole seconds since 1970");
        assert!(why("1::2::7::9223372036854775807").starts_with("event_time: "));
        assert!(why("a b::2::7::5").starts_with("user_id: "));
    }

    #[test]
    fn titles_are_kept_as_written() {
        assert_eq!(
            video("0021283::Rakudai wa shitakeredo (1930)::").as_deref(),
            Ok(r#"{"video_id":"0021283","title":"Rakudai wa shitakeredo (1930)","duration_ms":5400000,"genres":[]}"#)
        );
        assert_eq!(
            video("7::Mission :: \"Possible\" (1999)::Action|Comedy").as_deref(),
            Ok(
                r#"{"video_id":"7","title":"Mission :: \"Possible\" (1999)","duration_ms":5400000,"genres":["Action","Comedy"]}"#
            )
        );
        assert!(video("7::").is_err());
        assert!(video("7::::Action").is_err_and(|why| why.starts_with("title: ")));
    }

    #[test]
    fn odd_bytes_and_line_ends_are_read() {
        assert_eq!(text_of(b"\xef\xbb\xbf1::2\r\n", true), "1::2");
        assert_eq!(text_of(b"K\xf6rkarlen\n", false), "Körkarlen");
        assert_eq!(text_of("Körkarlen".as_bytes(), false), "Körkarlen");
    }
}
