//! HTTP: which handler answers which route. Each file beside this one holds one resource, or one step of the way to it.

mod admin;
mod body;
mod entries;
mod event_body;
mod events;
mod front;
mod json;
mod json_words;
mod marks;
pub(crate) mod openapi;
mod openapi_examples;
mod openapi_fixes;
mod path;
mod pipelines;
mod position_body;
mod positions;
mod probes;
mod query;
mod record_query;
mod route;
mod series;
mod sql;
mod sql_answer;
mod topics;
mod unread;
mod videos;

pub(crate) use front::HttpFront;
pub(crate) use path::id;
pub(crate) use positions::cursor;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post, put};
use tower_http::decompression::RequestDecompressionLayer;

use crate::Edge;
use crate::problem::{Problem, ProblemType};

/// All routes.
fn router(edge: Arc<Edge>) -> Router {
    // Batches alone may be packed. What is packed otherwise is left for the handler to refuse in its own words.
    let unpacked = RequestDecompressionLayer::new().gzip(true).pass_through_unaccepted(true);
    let batches = Router::new()
        .route("/v1/events", post(events::post_events))
        .route("/v1/videos", post(videos::post_videos))
        .route("/v1/topics/{topic}", post(topics::post_messages))
        .layer(unpacked);
    Router::new()
        .route(
            "/v1/users/{user}/positions/{video}",
            put(positions::put_position).get(positions::get_position).delete(positions::delete_position),
        )
        .route("/v1/users/{user}/positions", get(positions::get_positions).delete(positions::delete_positions))
        .route("/v1/users/{user}/marks/{video}", put(marks::put_mark))
        .route("/v1/videos/{video}", put(videos::put_video))
        .route("/v1/sql", post(sql::post_sql))
        .route("/v1/admin/status", get(admin::get_status))
        .route("/v1/admin/backup", post(admin::post_backup))
        .route("/v1/admin/compact", post(admin::post_compact))
        .route("/v1/admin/pipelines", get(pipelines::get_pipelines))
        .route("/v1/admin/pipelines/{pipeline}", get(pipelines::get_pipeline))
        .route("/v1/admin/pipelines/{pipeline}/rejects", get(pipelines::get_rejects))
        .route("/v1/admin/pipelines/{pipeline}/lineage", get(pipelines::get_lineage))
        .route("/v1/admin/pipelines/{pipeline}/redrive", post(pipelines::post_redrive))
        .route("/livez", get(probes::livez))
        .route("/readyz", get(probes::readyz))
        .route("/metrics", get(probes::metrics))
        .route("/openapi.json", get(openapi::get_openapi))
        .merge(batches)
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .with_state(edge)
}

async fn no_route() -> Problem {
    Problem::new(ProblemType::NotFound, "there is no such path; see /openapi.json")
}

async fn no_method() -> Problem {
    Problem::new(ProblemType::MethodNotAllowed, "the header `allow` names what can be done here")
}
