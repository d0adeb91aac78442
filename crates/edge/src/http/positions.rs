//! Positions of a user: `/v1/users/{user}/positions` and one below it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, Uri};
use playhead_domain::VideoId;
use playhead_ports::Scope;
use playhead_watch::{Cursor, ListQuery, Receipt};

use super::body::JsonBody;
use super::event_body::{PutPosition, RecordedBody, time_of};
use super::json;
use super::path::{User, UserVideo, id};
use super::position_body::{PositionBody, PositionsBody};
use super::query::Params;
use super::record_query::Backfill;
use crate::Edge;
use crate::auth::Viewer;
use crate::batch;
use crate::limits::{Reads, Room, Writes};
use crate::problem::{Problem, ProblemType};

const LIMIT_DEFAULT: u64 = 50;

/// Saves how far a viewer has got in a video.
///
/// When it is answered, the position is durable, and every read sees it or a newer one.
#[utoipa::path(
    put, path = "/v1/users/{user}/positions/{video}", tag = "positions",
    params(
        ("user" = String, Path, description = "The viewer."),
        ("video" = String, Path, description = "The video."),
        ("backfill" = Option<bool>, Query, description = "Keeps times of any age as they are; needs the scope `backfill`."),
    ),
    request_body(content = inline(PutPosition), content_type = "application/json"),
    responses((status = 200, description = "The position is durable.", body = RecordedBody)),
)]
pub(crate) async fn put_position(
    State(edge): State<Arc<Edge>>,
    viewer: Viewer,
    UserVideo { user, video }: UserVideo,
    Backfill(backfill): Backfill,
    _room: Room<Writes>,
    JsonBody(bytes): JsonBody,
) -> Result<Json<RecordedBody>, Problem> {
    viewer.may_record(backfill)?;
    let body = json::parse::<PutPosition<'static>>(&bytes)?;
    let event = body.check(&user, &video)?;
    let receipt = Receipt { sent_time: time_of(body.sent_time)?, backfill };
    let recorded = batch::record_one(&edge, event, receipt).await?;
    Ok(Json(RecordedBody { event_time: recorded.event_time.0, received_time: recorded.received_time.0 }))
}

/// Where a viewer stopped in a video.
#[utoipa::path(
    get, path = "/v1/users/{user}/positions/{video}", tag = "positions",
    params(
        ("user" = String, Path, description = "The viewer."),
        ("video" = String, Path, description = "The video."),
    ),
    responses((status = 200, description = "The position.", body = PositionBody)),
)]
pub(crate) async fn get_position(
    State(edge): State<Arc<Edge>>,
    viewer: Viewer,
    UserVideo { user, video }: UserVideo,
    _room: Room<Reads>,
) -> Result<Response, Problem> {
    viewer.may(Scope::Read)?;
    let read = edge.watch.positions(&user, std::slice::from_ref(&video)).await?;
    match read.value.into_iter().next().flatten() {
        Some(position) => Ok(Json(PositionBody::new(&user, &video, &position, read.stale)).into_response()),
        None => Err(Problem::new(ProblemType::NotFound, "nothing is known of this user and video")),
    }
}

/// What a viewer watched, newest first: continue watching. Or their positions in the videos that are named.
#[utoipa::path(
    get, path = "/v1/users/{user}/positions", tag = "positions",
    params(
        ("user" = String, Path, description = "The viewer."),
        ("limit" = Option<u32>, Query, description = "The most positions of a page; 50 by default."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
        ("unfinished" = Option<bool>, Query, description = "Only what was not watched to its end."),
        ("video" = Option<Vec<String>>, Query, description = "Only these videos, hidden ones too; repeat it for more. \
            What is not known is left out. `limit`, `cursor` and `unfinished` are then without meaning."),
    ),
    responses((status = 200, description = "The positions.", body = PositionsBody)),
)]
pub(crate) async fn get_positions(
    State(edge): State<Arc<Edge>>,
    viewer: Viewer,
    User(user): User,
    uri: Uri,
    _room: Room<Reads>,
) -> Result<Response, Problem> {
    viewer.may(Scope::Read)?;
    let mut params = Params::of(&uri)?;
    let videos = params.take_all("video").iter().map(|text| id(text)).collect::<Result<Vec<VideoId>, _>>()?;
    let query = list_query(&edge, &mut params)?;
    params.finish()?;
    if !videos.is_empty() {
        let read = edge.watch.positions(&user, &videos).await?;
        let known = read.value.iter().zip(&videos).filter_map(|(position, video)| Some((video, position.as_ref()?)));
        let positions = known.map(|(video, position)| PositionBody::new(&user, video, position, read.stale)).collect();
        return Ok(Json(PositionsBody { positions, next_cursor: None, stale: read.stale }).into_response());
    }
    let read = edge.watch.list(&user, &query).await?;
    let page = &read.value.positions;
    let positions = page.iter().map(|(video, at)| PositionBody::new(&user, video, at, read.stale)).collect();
    let next_cursor = read.value.next.as_ref().map(Cursor::to_string);
    Ok(Json(PositionsBody { positions, next_cursor, stale: read.stale }).into_response())
}

fn list_query(edge: &Edge, params: &mut Params) -> Result<ListQuery, Problem> {
    let most = edge.watch.page_max() as u64;
    let limit = params.take_number("limit")?.unwrap_or(LIMIT_DEFAULT.min(most));
    if !(1..=most).contains(&limit) {
        return Err(Problem::invalid_field("limit", format!("must be 1 to {most}")));
    }
    Ok(ListQuery {
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
        after: params.take("cursor")?.map(|text| cursor(&text)).transpose()?,
        unfinished: params.take_flag("unfinished")?,
    })
}

/// A cursor as it was given out; what reads as one but never was is refused too.
pub(crate) fn cursor(text: &str) -> Result<Cursor, Problem> {
    let cursor = text.parse::<Cursor>().ok().filter(|cursor| cursor.to_string() == text);
    cursor
        .filter(|_| text.starts_with(|first: char| first.is_ascii_digit()))
        .ok_or_else(|| Problem::invalid_field("cursor", "must be the `next_cursor` of the page before"))
}

/// Forgets a viewer's positions in a video: gone from every read when it is answered.
#[utoipa::path(
    delete, path = "/v1/users/{user}/positions/{video}", tag = "positions",
    params(
        ("user" = String, Path, description = "The viewer."),
        ("video" = String, Path, description = "The video."),
    ),
    responses((status = 204, description = "Forgotten, or not known before.")),
)]
pub(crate) async fn delete_position(
    State(edge): State<Arc<Edge>>,
    viewer: Viewer,
    UserVideo { user, video }: UserVideo,
    _room: Room<Writes>,
) -> Result<StatusCode, Problem> {
    viewer.may(Scope::Write)?;
    edge.watch.forget(user, Some(video)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets a viewer. Needs the scope `admin`.
#[utoipa::path(
    delete, path = "/v1/users/{user}/positions", tag = "positions",
    params(("user" = String, Path, description = "The viewer.")),
    responses((status = 204, description = "Forgotten, or not known before.")),
)]
pub(crate) async fn delete_positions(
    State(edge): State<Arc<Edge>>,
    viewer: Viewer,
    User(user): User,
    _room: Room<Writes>,
) -> Result<StatusCode, Problem> {
    viewer.may(Scope::Admin)?;
    edge.watch.forget(user, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
