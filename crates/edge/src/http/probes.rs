//! What machines ask of the program: whether it lives, whether it is ready, what it counts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Edge;
use crate::health::Reason;

/// Whether the program can serve, and why not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// Whether everything below is well.
    ready: bool,
    /// What must be well.
    reasons: Vec<Reason>,
}

/// Whether the program lives.
#[utoipa::path(
    get, path = "/livez", tag = "probes",
    responses((status = 200, description = "It does.", body = String, content_type = "text/plain")),
)]
pub(crate) async fn livez() -> &'static str {
    "ok\n"
}

/// Whether the program can serve now.
#[utoipa::path(
    get, path = "/readyz", tag = "probes",
    responses(
        (status = 200, description = "It can.", body = Readiness),
        (status = 503, description = "It cannot.", body = Readiness),
    ),
)]
pub(crate) async fn readyz(State(edge): State<Arc<Edge>>) -> Response {
    let mut reasons = edge.health.check().await;
    if edge.draining.is_cancelled() {
        let detail = "the program was told to stop".to_owned();
        reasons.push(Reason { name: "draining".to_owned(), ok: false, detail, parts: Vec::new() });
    }
    let ready = reasons.iter().all(|reason| reason.ok);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, reasons })).into_response()
}

/// What the program counts, as Prometheus text.
#[utoipa::path(
    get, path = "/metrics", tag = "probes",
    responses((status = 200, description = "The metrics.", body = String, content_type = "text/plain")),
)]
pub(crate) async fn metrics(State(edge): State<Arc<Edge>>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], edge.metrics.render()).into_response()
}
