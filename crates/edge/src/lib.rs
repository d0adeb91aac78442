//! HTTP and gRPC over the use cases.
//!
//! Only this crate knows axum, hyper and tonic, and only here do errors become status codes. It knows no engine: what it
//! needs stands in [`Parts`], and [`serve`] runs it on two listeners until it is told to stop.
//!
//! A request passes a front ([`http`] or [`grpc`]: request id, deadline, panics, metrics), then who may ([`auth`]), whether
//! there is room ([`limits`]), then one handler, which parses, calls one use case and answers.

mod aside;
mod auth;
mod batch;
mod client;
mod config;
mod deadline;
mod grpc;
mod health;
mod http;
mod limits;
mod mapping;
mod metrics;
mod operations;
mod pipelines;
mod problem;
mod request_id;
mod serve;

use std::sync::Arc;

use playhead_ports::{EventLog, Ids, Tokens, Warehouse};
use playhead_watch::Watch;
use tokio_util::sync::CancellationToken;

pub use config::Config;
pub use health::{Health, Progress, Reason};
pub use http::openapi::document as openapi;
pub use metrics::{Metrics, MetricsError};
pub use operations::{BackedUp, Compacted, ConsumerStatus, OperationError, Operations, Status};
pub use pipelines::{
    Ancestor, PipelineError, PipelinePartition, PipelineRejects, PipelineReport, PipelineState, PipelineTable,
    Pipelines, RejectedMessage, TakenAgain,
};
pub use serve::{Addresses, Drained, Listeners, serve};

use batch::EventCounts;
use client::Rates;
use limits::Budgets;
use request_id::RequestIds;

/// What the edge is made of.
pub struct Parts {
    /// The use cases of watching.
    pub watch: Arc<Watch>,
    /// What messages for pipelines are appended to.
    pub log: Arc<dyn EventLog>,
    /// The pipelines.
    pub pipelines: Arc<dyn Pipelines>,
    /// What analysts ask.
    pub warehouse: Arc<dyn Warehouse>,
    /// Who may.
    pub tokens: Arc<dyn Tokens>,
    /// What administrators do.
    pub operations: Arc<dyn Operations>,
    /// Whether the program can serve.
    pub health: Arc<dyn Health>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// Where metrics are.
    pub metrics: Metrics,
    /// Without any token everybody may everything: on loopback, or by wish.
    pub open: bool,
    /// The settings.
    pub config: Config,
}

/// The state that handlers need.
pub struct Edge {
    watch: Arc<Watch>,
    log: Arc<dyn EventLog>,
    pipelines: Arc<dyn Pipelines>,
    warehouse: Arc<dyn Warehouse>,
    tokens: Arc<dyn Tokens>,
    operations: Arc<dyn Operations>,
    health: Arc<dyn Health>,
    metrics: Metrics,
    open: bool,
    config: Config,
    budgets: Budgets,
    counts: EventCounts,
    rates: Rates,
    request_ids: RequestIds,
    /// Set once the program is leaving: no longer ready, streams end.
    draining: CancellationToken,
}

impl Edge {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            counts: EventCounts::new(),
            budgets: Budgets::new(&parts.config),
            rates: Rates::new(&parts.config),
            request_ids: RequestIds::new(&*parts.ids),
            draining: CancellationToken::new(),
            watch: parts.watch,
            log: parts.log,
            pipelines: parts.pipelines,
            warehouse: parts.warehouse,
            tokens: parts.tokens,
            operations: parts.operations,
            health: parts.health,
            metrics: parts.metrics,
            open: parts.open,
            config: parts.config,
        })
    }

    /// Whether everybody may everything.
    fn is_open(&self) -> bool {
        self.open && !self.tokens.any()
    }
}
