//! The front of HTTP: every request passes here, and nothing else is on every request's way. It gives the request its id and
//! span, holds the deadline, catches panics, writes problems and counts. By hand rather than as a tower of layers, because
//! each layer would cost an allocation per request.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use futures::FutureExt;
use http::header::{ALLOW, CONNECTION, HeaderMap, HeaderValue};
use http::{Method, Request, StatusCode, Version};
use hyper::body::Incoming;
use tower::Service;
use tracing::Instrument;

use super::route::Route;
use super::router;
use super::series::AllSeries;
use super::unread;
use crate::client::Peer;
use crate::problem::{Problem, ProblemType};
use crate::request_id::REQUEST_ID;
use crate::serve::Front;
use crate::{Edge, deadline};

/// What a query may take beyond its own time: to be told that it is over.
const SQL_SLACK: Duration = Duration::from_secs(5);

/// The front of HTTP. Cheap to clone.
#[derive(Clone)]
pub(crate) struct HttpFront {
    shared: Arc<Shared>,
}

struct Shared {
    edge: Arc<Edge>,
    router: Router,
    series: AllSeries,
}

impl HttpFront {
    pub(crate) fn new(edge: Arc<Edge>) -> Self {
        let router = router(Arc::clone(&edge));
        Self { shared: Arc::new(Shared { edge, router, series: AllSeries::new() }) }
    }

    async fn guarded(&self, route: Route, mut request: Request<Body>, peer: Peer) -> Result<Response, Problem> {
        let edge = &self.shared.edge;
        check_headers(request.headers(), edge.config.header_bytes_max)?;
        let within = deadline::of_http(request.headers(), time_max(edge, route))?;
        if edge.rates.are_limited() {
            request.extensions_mut().insert(peer);
        }
        let answer = self.shared.router.clone().call(request);
        match tokio::time::timeout(within, AssertUnwindSafe(answer).catch_unwind()).await {
            Ok(Ok(Ok(response))) => Ok(response),
            Ok(Ok(Err(never))) => match never {},
            Ok(Err(_panic)) => Err(Problem::internal("a handler panicked")),
            Err(_elapsed) => Err(Problem::at_limit(
                ProblemType::Timeout,
                "request-timeout",
                "the request took longer than it may; a write may yet appear, and repeating it is harmless",
            )),
        }
    }
}

impl Front for HttpFront {
    type Body = Body;

    async fn answer(&self, peer: Peer, request: Request<Incoming>) -> Response {
        let started = Instant::now();
        let route = Route::of(request.uri().path());
        let is_http1 = request.version() <= Version::HTTP_11;
        let under_way = self.shared.series.of(route).begin(request.method());
        let id = self.shared.edge.request_ids.of(request.headers());
        let span = span_of(&id, route, request.method());
        let (request, unread) = unread::lend(request);
        let result = self.guarded(route, request, peer).instrument(span.clone()).await;
        let mut response = match result {
            Ok(response) => written(response, &id),
            Err(problem) => problem.render(&id),
        };
        // Whoever had no time for its body before has none now.
        if is_http1 && !unread.settle(response.status() != StatusCode::REQUEST_TIMEOUT).await {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let took = started.elapsed();
        span.in_scope(|| tracing::debug!(status = response.status().as_u16(), ?took, "answered"));
        under_way.finish(response.status(), took);
        response.headers_mut().insert(REQUEST_ID, id);
        response
    }
}

fn span_of(id: &HeaderValue, route: Route, method: &Method) -> tracing::Span {
    let id = id.to_str().unwrap_or_default();
    tracing::info_span!("request", id, route = route.template(), method = method.as_str())
}

/// The problem of the response in words, if there is one.
fn written(response: Response, id: &HeaderValue) -> Response {
    let Some(problem) = response.extensions().get::<Arc<Problem>>() else { return response };
    let mut written = problem.render(id);
    if let Some(allow) = response.headers().get(ALLOW) {
        written.headers_mut().insert(ALLOW, allow.clone());
    }
    written
}

fn check_headers(headers: &HeaderMap, most: usize) -> Result<(), Problem> {
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size <= most {
        return Ok(());
    }
    let detail = format!("the headers may have {most} bytes, these have {size}");
    Err(Problem::at_limit(ProblemType::HeaderTooLarge, "header-bytes", detail))
}

fn time_max(edge: &Edge, route: Route) -> Duration {
    let config = &edge.config;
    match route {
        Route::Sql => config.sql_time_max() + SQL_SLACK,
        Route::Backup
        | Route::Compact
        | Route::Status
        | Route::Redrive
        | Route::Pipeline
        | Route::Rejects
        | Route::Lineage => Duration::from_millis(config.admin_timeout_ms),
        _ => Duration::from_millis(config.request_timeout_ms),
    }
}
