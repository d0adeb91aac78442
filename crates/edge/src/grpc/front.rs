//! The front of gRPC: every call passes here before its message is read. Request id and span, deadline, who may, room, panics,
//! metrics.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use http::{Request, Response};
use hyper::body::Incoming;
use playhead_contracts::DESCRIPTORS;
use playhead_contracts::watch::watch_server::WatchServer;
use tonic::body::Body;
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use tonic::service::Routes;
use tonic::{Code, Status};
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::Service;
use tracing::Instrument;

use super::method::{AllSeries, Method};
use super::status;
use super::watch::GrpcWatch;
use crate::auth::Viewer;
use crate::client::Peer;
use crate::problem::{Problem, ProblemType};
use crate::request_id::REQUEST_ID;
use crate::serve::Front;
use crate::{Edge, deadline};

/// How often the health service looks.
const HEALTH_EVERY: Duration = Duration::from_secs(1);

/// The front of gRPC. Cheap to clone.
#[derive(Clone)]
pub(crate) struct GrpcFront {
    shared: Arc<Shared>,
}

struct Shared {
    edge: Arc<Edge>,
    watch: WatchServer<GrpcWatch>,
    others: Routes,
    health: HealthReporter,
    series: AllSeries,
}

impl GrpcFront {
    pub(crate) fn new(edge: Arc<Edge>) -> Self {
        let watch = WatchServer::new(GrpcWatch::new(Arc::clone(&edge)))
            .accept_compressed(Gzip)
            .accept_compressed(Zstd)
            .send_compressed(Gzip)
            .send_compressed(Zstd)
            .max_decoding_message_size(edge.config.batch_bytes_max);
        let (health, health_service) = tonic_health::server::health_reporter();
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        let sound = "the descriptors were compiled with the program";
        let others = Routes::new(health_service)
            .add_service(reflection().build_v1().expect(sound))
            .add_service(reflection().build_v1alpha().expect(sound))
            .prepare();
        Self { shared: Arc::new(Shared { edge, watch, others, health, series: AllSeries::new() }) }
    }

    /// Keeps the health service true, for ever.
    pub(crate) async fn report_health(&self) {
        let edge = &self.shared.edge;
        let mut every = tokio::time::interval(HEALTH_EVERY);
        loop {
            let is_well = !edge.draining.is_cancelled() && edge.health.check().await.iter().all(|reason| reason.ok);
            let status = if is_well { ServingStatus::Serving } else { ServingStatus::NotServing };
            self.shared.health.set_service_status("", status).await;
            self.shared.health.set_service_status("playhead.watch.v1.Watch", status).await;
            tokio::select! {
                _ = every.tick() => {}
                () = edge.draining.cancelled(), if is_well => {}
            }
        }
    }

    async fn guarded(
        &self,
        method: Method,
        mut request: Request<Incoming>,
        peer: Peer,
    ) -> Result<Response<Body>, Status> {
        let edge = &self.shared.edge;
        if method == Method::Other {
            let Ok(response) = self.shared.others.clone().call(request).await;
            return Ok(response);
        }
        let viewer = Viewer::of(edge, request.headers(), Some(peer.0))?;
        if let Some(scope) = method.scope() {
            viewer.may(scope)?;
        }
        let _room = method.budget(&edge.budgets).map(|budget| budget.enter()).transpose()?;
        let most = Duration::from_millis(edge.config.request_timeout_ms);
        let within = deadline::of_grpc(request.headers()).map_or(most, |wished| wished.min(most));
        request.extensions_mut().insert(viewer);
        let answer = AssertUnwindSafe(self.shared.watch.clone().call(request)).catch_unwind();
        match tokio::time::timeout(within, answer).await {
            Ok(Ok(Ok(response))) => match status::refused(&response) {
                None => Ok(response),
                Some(status) => Err(status::sized(status, edge.config.batch_bytes_max)),
            },
            Ok(Ok(Err(never))) => match never {},
            Ok(Err(_panic)) => Err(Problem::internal("a method panicked").into()),
            Err(_elapsed) => Err(timed_out().into()),
        }
    }
}

/// The caller's time is over.
pub(super) fn timed_out() -> Problem {
    let detail = "the call took longer than it may; a write may yet appear, and repeating it is harmless";
    Problem::at_limit(ProblemType::Timeout, "request-timeout", detail)
}

impl Front for GrpcFront {
    type Body = Body;

    async fn answer(&self, peer: Peer, request: Request<Incoming>) -> Response<Body> {
        let started = Instant::now();
        let method = Method::of(request.uri().path());
        let under_way = self.shared.series.of(method).begin();
        let id = self.shared.edge.request_ids.of(request.headers());
        let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default(), method = method.name());
        let result = self.guarded(method, request, peer).instrument(span.clone()).await;
        let mut response = result.unwrap_or_else(Status::into_http);
        let code =
            response.headers().get(Status::GRPC_STATUS).map_or(Code::Ok, |code| Code::from_bytes(code.as_bytes()));
        let took = started.elapsed();
        span.in_scope(|| tracing::debug!(?code, ?took, "answered"));
        under_way.finish(code, took);
        response.headers_mut().insert(REQUEST_ID, id);
        response
    }
}
