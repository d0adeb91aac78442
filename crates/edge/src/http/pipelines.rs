//! Pipelines of the warehouse, for administrators: `/v1/admin/pipelines`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::Uri;
use playhead_ports::Scope;
use serde::Serialize;
use utoipa::ToSchema;

use super::path::Name;
use super::query::Params;
use crate::Edge;
use crate::auth::Viewer;
use crate::pipelines::{Ancestor, PipelineReport, PipelineState, RejectedMessage, TakenAgain};
use crate::problem::Problem;

const LIMIT_DEFAULT: u64 = 100;
const LIMIT_MAX: u64 = 10_000;
const KEY_BYTES_MAX: usize = 1 << 10;

/// The pipelines of the program.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PipelinesAnswer {
    /// What each is doing.
    pipelines: Vec<PipelineState>,
}

/// Messages that a pipeline has rejected.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RejectsAnswer {
    /// The newest first.
    rejects: Vec<RejectedMessage>,
}

/// Messages behind a row.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LineageAnswer {
    /// In the order of their event times.
    messages: Vec<Ancestor>,
}

/// What the pipelines are doing.
#[utoipa::path(
    get, path = "/v1/admin/pipelines", tag = "admin",
    responses((status = 200, description = "All of them.", body = PipelinesAnswer)),
)]
pub(crate) async fn get_pipelines(
    State(edge): State<Arc<Edge>>,
    viewer: Viewer,
) -> Result<Json<PipelinesAnswer>, Problem> {
    viewer.may(Scope::Admin)?;
    Ok(Json(PipelinesAnswer { pipelines: edge.pipelines.states() }))
}

/// How a pipeline is doing: how far it has got, what waits, what was rejected, how many rows its tables have.
#[utoipa::path(
    get, path = "/v1/admin/pipelines/{pipeline}", tag = "admin",
    params(("pipeline" = String, Path, description = "The pipeline.")),
    responses((status = 200, description = "Its report.", body = PipelineReport)),
)]
pub(crate) async fn get_pipeline(
    State(edge): State<Arc<Edge>>,
    viewer: Viewer,
    Name(name): Name,
) -> Result<Json<PipelineReport>, Problem> {
    viewer.may(Scope::Admin)?;
    Ok(Json(edge.pipelines.report(&name).await?))
}

/// The messages that a pipeline has rejected, with the reason and where they lie.
#[utoipa::path(
    get, path = "/v1/admin/pipelines/{pipeline}/rejects", tag = "admin",
    params(
        ("pipeline" = String, Path, description = "The pipeline."),
        ("limit" = Option<u64>, Query, description = "At most so many, 100 by default."),
    ),
    responses((status = 200, description = "The newest first.", body = RejectsAnswer)),
)]
pub(crate) async fn get_rejects(
    State(edge): State<Arc<Edge>>,
    viewer: Viewer,
    Name(name): Name,
    uri: Uri,
) -> Result<Json<RejectsAnswer>, Problem> {
    viewer.may(Scope::Admin)?;
    let mut params = Params::of(&uri)?;
    let limit = limit(&mut params)?;
    params.finish()?;
    Ok(Json(RejectsAnswer { rejects: edge.pipelines.rejects(&name, limit).await? }))
}

/// The messages behind a row of one of the pipeline's tables.
#[utoipa::path(
    get, path = "/v1/admin/pipelines/{pipeline}/lineage", tag = "admin",
    params(
        ("pipeline" = String, Path, description = "The pipeline."),
        ("table" = String, Query, description = "The table, with its schema or without."),
        ("key" = Vec<String>, Query, description = "The values of the key's columns, in their order; of hash keys the \
            hexadecimal digits."),
        ("limit" = Option<u64>, Query, description = "At most so many, 100 by default."),
    ),
    responses((status = 200, description = "None, if there is no such row.", body = LineageAnswer)),
)]
pub(crate) async fn get_lineage(
    State(edge): State<Arc<Edge>>,
    viewer: Viewer,
    Name(name): Name,
    uri: Uri,
) -> Result<Json<LineageAnswer>, Problem> {
    viewer.may(Scope::Admin)?;
    let mut params = Params::of(&uri)?;
    let limit = limit(&mut params)?;
    let table = params.take("table")?.ok_or_else(|| Problem::invalid_field("table", "must be given"))?;
    let key = params.take_all("key");
    params.finish()?;
    if key.is_empty() || key.iter().any(|value| value.len() > KEY_BYTES_MAX || value.contains('\0')) {
        let detail = format!("must be given, each value with at most {KEY_BYTES_MAX} bytes and without NUL");
        return Err(Problem::invalid_field("key", detail));
    }
    Ok(Json(LineageAnswer { messages: edge.pipelines.lineage(&name, &table, &key, limit).await? }))
}

/// Tries messages again that wait for a dictionary or were rejected.
#[utoipa::path(
    post, path = "/v1/admin/pipelines/{pipeline}/redrive", tag = "admin",
    params(
        ("pipeline" = String, Path, description = "The pipeline."),
        ("waiting" = Option<bool>, Query, description = "Only those that wait."),
    ),
    responses((status = 200, description = "What became of them.", body = TakenAgain)),
)]
pub(crate) async fn post_redrive(
    State(edge): State<Arc<Edge>>,
    viewer: Viewer,
    Name(name): Name,
    uri: Uri,
) -> Result<Json<TakenAgain>, Problem> {
    viewer.may(Scope::Admin)?;
    let mut params = Params::of(&uri)?;
    let only_waiting = params.take_flag("waiting")?;
    params.finish()?;
    Ok(Json(edge.pipelines.redrive(&name, !only_waiting).await?))
}

fn limit(params: &mut Params) -> Result<usize, Problem> {
    let limit = params.take_number("limit")?.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::invalid_field("limit", format!("must be 1 to {LIMIT_MAX}")));
    }
    Ok(usize::try_from(limit).unwrap_or(usize::MAX))
}
