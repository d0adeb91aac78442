//! Many events at once: `/v1/events`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use playhead_watch::Recorded;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::BatchBody;
use super::entries::entries;
use super::event_body::{EntryError, EventBody, EventResult};
use super::record_query::BatchReceipt;
use crate::Edge;
use crate::auth::Viewer;
use crate::batch;
use crate::limits::{Batches, Room};
use crate::problem::Problem;

/// What became of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventsAnswer<'a> {
    /// One an entry, in order.
    results: Vec<EventResult<'a>>,
    /// How many are durable.
    accepted: usize,
    /// How many are not.
    rejected: usize,
}

/// Saves up to 10,000 events; each has its answer in its place.
///
/// An array of events, or one event a line. One that is refused, or cannot be read, loses no other. Only if nothing could be
/// taken for one reason that may pass (no space, too busy) is the whole answer that problem.
#[utoipa::path(
    post, path = "/v1/events", tag = "events",
    params(
        ("backfill" = Option<bool>, Query, description = "Keeps times of any age as they are; needs the scope `backfill`."),
        ("sent_time" = Option<i64>, Query, description = "The caller's clock at sending, ms since 1970: corrects the \
            events' times if that clock is off. Also as the header `x-sent-time`."),
    ),
    request_body(content(
        (Vec<EventBody> = "application/json"),
        (String = "application/x-ndjson"),
    )),
    responses((status = 200, description = "Every entry was dealt with.", body = EventsAnswer)),
)]
pub(crate) async fn post_events(
    State(edge): State<Arc<Edge>>,
    viewer: Viewer,
    BatchReceipt(receipt): BatchReceipt,
    _room: Room<Batches>,
    body: BatchBody,
) -> Result<Response, Problem> {
    viewer.may_record(receipt.backfill)?;
    let bytes = body.bytes.len();
    let checked = edge.budgets.aside.run(bytes, move || {
        Ok::<Vec<_>, Problem>(entries::<EventBody<'static>>(&body)?.into_iter().map(|entry| entry?.check()).collect())
    });
    let answers = batch::record(&edge, checked.await?, receipt).await;
    if let Some(problem) = batch::shared_reason(&answers) {
        return Err(problem.clone());
    }
    Ok(edge.budgets.aside.run(bytes, move || answered(&answers)).await)
}

fn answered(answers: &[Result<Recorded, Problem>]) -> Response {
    let accepted = answers.iter().filter(|answer| answer.is_ok()).count();
    let results = answers
        .iter()
        .map(|answer| match answer {
            Ok(recorded) => EventResult::Ok { event_time: recorded.event_time.0 },
            Err(problem) => EventResult::Error(EntryError::of(problem)),
        })
        .collect();
    Json(EventsAnswer { results, accepted, rejected: answers.len() - accepted }).into_response()
}
