//! What videos are, so that analysts read names: `/v1/videos` and one below it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use playhead_domain::{Timestamp, Video};
use playhead_ports::Scope;
use playhead_watch::RawVideo;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{BatchBody, JsonBody};
use super::entries::entries;
use super::event_body::EntryError;
use super::json::{self, Parsed, Text, Whole};
use super::path;
use crate::Edge;
use crate::auth::Viewer;
use crate::batch;
use crate::limits::{Batches, Room, Writes};
use crate::problem::Problem;

/// What a video is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutVideo<'a> {
    /// Its title.
    #[serde(borrow)]
    #[schema(value_type = String, required = true, min_length = 1, max_length = 256, pattern = "^[^\\x00-\\x1F\\x7F-\\x9F]+$")]
    title: Option<Text<'a>>,
    /// How long it is, ms.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 31_622_400_000_i64)]
    duration_ms: Option<Whole<u64>>,
    /// Its genres.
    #[schema(max_items = 32)]
    genres: Option<Vec<String>>,
}

/// What a video is, with its id.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Video)]
pub(crate) struct VideoBody<'a> {
    /// The video.
    #[serde(borrow)]
    #[schema(value_type = String, required = true, min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._:@-]+$")]
    video_id: Option<Text<'a>>,
    /// Its title.
    #[serde(borrow)]
    #[schema(value_type = String, required = true, min_length = 1, max_length = 256, pattern = "^[^\\x00-\\x1F\\x7F-\\x9F]+$")]
    title: Option<Text<'a>>,
    /// How long it is, ms.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 31_622_400_000_i64)]
    duration_ms: Option<Whole<u64>>,
    /// Its genres.
    #[schema(max_items = 32)]
    genres: Option<Vec<String>>,
}

impl Parsed for PutVideo<'static> {
    type Of<'a> = PutVideo<'a>;
}

impl Parsed for VideoBody<'static> {
    type Of<'a> = VideoBody<'a>;
}

impl VideoBody<'_> {
    fn check(&self, now: Timestamp) -> Result<Video, Problem> {
        let raw = RawVideo {
            video_id: self.video_id.as_ref().map_or("", Text::as_str),
            title: self.title.as_ref().map_or("", Text::as_str),
            duration_ms: self.duration_ms.map(|ms| ms.0),
            genres: self.genres.as_deref().unwrap_or_default(),
        };
        Ok(raw.check(now)?)
    }
}

/// The answer for one entry of a batch.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "lowercase")]
enum VideoResult<'a> {
    /// The description is durable.
    Ok {},
    /// It is not.
    Error(EntryError<'a>),
}

/// What became of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VideosAnswer<'a> {
    /// One an entry, in order.
    results: Vec<VideoResult<'a>>,
    /// How many are durable.
    accepted: usize,
    /// How many are not.
    rejected: usize,
}

/// Says what a video is. The newest description holds.
#[utoipa::path(
    put, path = "/v1/videos/{video}", tag = "videos",
    params(("video" = String, Path, description = "The video.")),
    request_body(content = inline(PutVideo), content_type = "application/json"),
    responses((status = 204, description = "The description is durable.")),
)]
pub(crate) async fn put_video(
    State(edge): State<Arc<Edge>>,
    viewer: Viewer,
    path::Video(video): path::Video,
    _room: Room<Writes>,
    JsonBody(bytes): JsonBody,
) -> Result<StatusCode, Problem> {
    viewer.may(Scope::Write)?;
    let body = json::parse::<PutVideo<'static>>(&bytes)?;
    let raw = RawVideo {
        video_id: video.as_str(),
        title: body.title.as_ref().map_or("", Text::as_str),
        duration_ms: body.duration_ms.map(|ms| ms.0),
        genres: body.genres.as_deref().unwrap_or_default(),
    };
    let described = edge.watch.describe(vec![raw.check(edge.watch.now())?]).await;
    described.into_iter().next().expect("one video has one answer")?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says what up to 10,000 videos are; each has its answer in its place.
#[utoipa::path(
    post, path = "/v1/videos", tag = "videos",
    request_body(content(
        (Vec<VideoBody> = "application/json"),
        (String = "application/x-ndjson"),
    )),
    responses((status = 200, description = "Every entry was dealt with.", body = VideosAnswer)),
)]
pub(crate) async fn post_videos(
    State(edge): State<Arc<Edge>>,
    viewer: Viewer,
    _room: Room<Batches>,
    body: BatchBody,
) -> Result<Response, Problem> {
    viewer.may(Scope::Write)?;
    let now = edge.watch.now();
    let bytes = body.bytes.len();
    let checked = edge.budgets.aside.run(bytes, move || {
        Ok::<Vec<_>, Problem>(
            entries::<VideoBody<'static>>(&body)?.into_iter().map(|entry| entry?.check(now)).collect(),
        )
    });
    let answers = describe(&edge, checked.await?).await;
    if let Some(problem) = batch::shared_reason(&answers) {
        return Err(problem.clone());
    }
    Ok(edge.budgets.aside.run(bytes, move || answered(&answers)).await)
}

fn answered(answers: &[Result<(), Problem>]) -> Response {
    let accepted = answers.iter().filter(|answer| answer.is_ok()).count();
    let results = answers
        .iter()
        .map(|answer| match answer {
            Ok(()) => VideoResult::Ok {},
            Err(problem) => VideoResult::Error(EntryError::of(problem)),
        })
        .collect();
    Json(VideosAnswer { results, accepted, rejected: answers.len() - accepted }).into_response()
}

/// Describes those that are as they must be; an answer for each in its place.
async fn describe(edge: &Edge, checked: Vec<Result<Video, Problem>>) -> Vec<Result<(), Problem>> {
    let (videos, places) = batch::part(checked);
    let described = if videos.is_empty() { Vec::new() } else { edge.watch.describe(videos).await };
    batch::join(places, described)
}
