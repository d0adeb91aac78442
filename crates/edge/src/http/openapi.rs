//! The OpenAPI document, made from the handlers and their types.

use std::sync::{Arc, OnceLock};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use utoipa::OpenApi;

use super::{
    admin, event_body, events, marks, openapi_examples, openapi_fixes, pipelines, positions, probes, sql, topics,
    videos,
};
use crate::Edge;
use crate::problem::ProblemBody;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Playhead",
        description = "Where viewers stopped in videos, and who watched what. Ids are opaque text of 1 to 64 bytes of \
            `[A-Za-z0-9._:@-]`; times are milliseconds since 1970-01-01T00:00:00Z, positions and durations milliseconds. \
            Every answer carries `x-request-id`, which a caller may give. A caller may shorten the time for a request by \
            `x-request-timeout-ms`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "positions", description = "Where a viewer stopped: save it, read it, mark it, forget it."),
        (name = "events", description = "What players say, many at once."),
        (name = "topics", description = "Messages for the pipelines of the warehouse."),
        (name = "videos", description = "What videos are, so that analysts read names."),
        (name = "warehouse", description = "SQL over everything watched, about a second behind."),
        (name = "admin", description = "Status, backup, compaction, pipelines; the scope `admin`."),
        (name = "probes", description = "For machines, without a token: alive, ready, metrics, this document."),
    ),
    paths(
        positions::put_position,
        positions::get_position,
        positions::delete_position,
        positions::get_positions,
        positions::delete_positions,
        marks::put_mark,
        events::post_events,
        videos::put_video,
        videos::post_videos,
        topics::post_messages,
        sql::post_sql,
        admin::get_status,
        admin::post_backup,
        admin::post_compact,
        pipelines::get_pipelines,
        pipelines::get_pipeline,
        pipelines::get_rejects,
        pipelines::get_lineage,
        pipelines::post_redrive,
        probes::livez,
        probes::readyz,
        probes::metrics,
        get_openapi,
    ),
    components(schemas(ProblemBody, event_body::EventBody, videos::VideoBody))
)]
struct Document;

/// The OpenAPI 3.1 document of the HTTP interface.
pub fn document() -> Value {
    let mut document = serde_json::to_value(Document::openapi()).expect("the document is JSON");
    openapi_fixes::apply(&mut document);
    openapi_examples::apply(&mut document);
    document
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "probes",
    responses((status = 200, description = "The document.", body = Object)),
)]
pub(crate) async fn get_openapi(State(edge): State<Arc<Edge>>) -> Response {
    static GUARDED: OnceLock<Bytes> = OnceLock::new();
    static OPEN: OnceLock<Bytes> = OnceLock::new();
    // A server without tokens asks for none, and says so.
    let bytes = if edge.is_open() {
        OPEN.get_or_init(|| {
            let mut document = document();
            openapi_fixes::remove_security(&mut document);
            document.to_string().into()
        })
    } else {
        GUARDED.get_or_init(|| document().to_string().into())
    };
    ([(CONTENT_TYPE, "application/json")], bytes.clone()).into_response()
}
