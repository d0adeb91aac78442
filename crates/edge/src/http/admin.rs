//! What administrators do: `/v1/admin`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use playhead_ports::Scope;
use serde::Deserialize;
use utoipa::ToSchema;

use super::body::JsonBody;
use super::json::{self, Parsed, Text};
use crate::Edge;
use crate::auth::Viewer;
use crate::operations::{BackedUp, Compacted, Status};
use crate::problem::Problem;

const NAME_BYTES_MAX: usize = 64;

/// Where to back up to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostBackup<'a> {
    /// The name of a new folder among the server's backups.
    #[serde(borrow)]
    #[schema(value_type = String, min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    to: Text<'a>,
}

impl Parsed for PostBackup<'static> {
    type Of<'a> = PostBackup<'a>;
}

/// What the program is doing.
#[utoipa::path(
    get, path = "/v1/admin/status", tag = "admin",
    responses((status = 200, description = "The status.", body = Status)),
)]
pub(crate) async fn get_status(State(edge): State<Arc<Edge>>, viewer: Viewer) -> Result<Json<Status>, Problem> {
    viewer.may(Scope::Admin)?;
    Ok(Json(edge.operations.status().await?))
}

/// Backs everything up while the program runs.
#[utoipa::path(
    post, path = "/v1/admin/backup", tag = "admin",
    request_body(content = inline(PostBackup), content_type = "application/json"),
    responses((status = 200, description = "The backup is whole and on disk.", body = BackedUp)),
)]
pub(crate) async fn post_backup(
    State(edge): State<Arc<Edge>>,
    viewer: Viewer,
    JsonBody(bytes): JsonBody,
) -> Result<Json<BackedUp>, Problem> {
    viewer.may(Scope::Admin)?;
    let body = json::parse::<PostBackup<'static>>(&bytes)?;
    let to = body.to.as_str();
    if !is_name(to) {
        let detail = "must be 1 to 64 of [A-Za-z0-9._-], a letter or digit first";
        return Err(Problem::invalid_field("to", detail));
    }
    Ok(Json(edge.operations.backup(to).await?))
}

/// Drops the bytes of what was forgotten or is no longer needed, now rather than with time.
#[utoipa::path(
    post, path = "/v1/admin/compact", tag = "admin",
    responses((status = 200, description = "Done.", body = Compacted)),
)]
pub(crate) async fn post_compact(State(edge): State<Arc<Edge>>, viewer: Viewer) -> Result<Json<Compacted>, Problem> {
    viewer.may(Scope::Admin)?;
    Ok(Json(edge.operations.compact().await?))
}

fn is_name(text: &str) -> bool {
    let follows = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    text.len() <= NAME_BYTES_MAX
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(follows)
}
