//! What a viewer says of a video by hand: `/v1/users/{user}/marks/{video}`.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use playhead_domain::MarkKind;
use playhead_ports::Scope;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::JsonBody;
use super::json::{self, Parsed};
use super::path::UserVideo;
use crate::Edge;
use crate::auth::Viewer;
use crate::limits::{Room, Writes};
use crate::problem::Problem;

/// What is said.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Mark)]
enum MarkName {
    /// Seen: completed, resumes at the start.
    Watched,
    /// Not seen: not completed, resumes at the start.
    Unwatched,
    /// Left out of continue watching until it is watched again.
    Hidden,
}

/// A mark.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutMark {
    mark: MarkName,
}

impl Parsed for PutMark {
    type Of<'a> = PutMark;
}

impl From<MarkName> for MarkKind {
    fn from(name: MarkName) -> Self {
        match name {
            MarkName::Watched => Self::Watched,
            MarkName::Unwatched => Self::Unwatched,
            MarkName::Hidden => Self::Hidden,
        }
    }
}

/// Marks a video as watched to its end, as not watched, or hides it from continue watching.
#[utoipa::path(
    put, path = "/v1/users/{user}/marks/{video}", tag = "positions",
    params(
        ("user" = String, Path, description = "The viewer."),
        ("video" = String, Path, description = "The video."),
    ),
    request_body(content = inline(PutMark), content_type = "application/json"),
    responses((status = 204, description = "The mark is durable.")),
)]
pub(crate) async fn put_mark(
    State(edge): State<Arc<Edge>>,
    viewer: Viewer,
    UserVideo { user, video }: UserVideo,
    _room: Room<Writes>,
    JsonBody(bytes): JsonBody,
) -> Result<StatusCode, Problem> {
    viewer.may(Scope::Write)?;
    let body = json::parse::<PutMark>(&bytes)?;
    edge.watch.mark(user, video, body.mark.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}
