//! The metrics of HTTP: handles are made once per route, method and status, so that counting a request is two atomic steps.

use std::sync::OnceLock;
use std::time::Duration;

use http::{Method, StatusCode};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use super::route::Route;

/// Methods and statuses beyond these are counted together under the last ones.
const METHODS: [&str; 5] = ["GET", "PUT", "POST", "DELETE", "OTHER"];
const STATUSES: [&str; 19] = [
    "200", "204", "400", "401", "403", "404", "405", "408", "409", "413", "415", "422", "429", "431", "500", "503",
    "507", "499", "other",
];

/// The metrics of all routes.
pub(crate) struct AllSeries(Vec<Series>);

/// The metrics of one route.
pub(crate) struct Series {
    route: &'static str,
    /// By method: a read that is answered from memory must not hide among writes that wait for the disk.
    seconds: [OnceLock<Histogram>; METHODS.len()],
    in_flight: Gauge,
    requests: Vec<OnceLock<Counter>>,
}

impl AllSeries {
    pub(crate) fn new() -> Self {
        Self(Route::ALL.into_iter().map(|route| Series::new(route.template())).collect())
    }

    pub(crate) fn of(&self, route: Route) -> &Series {
        &self.0[route as usize]
    }
}

impl Series {
    fn new(route: &'static str) -> Self {
        Self {
            route,
            seconds: [const { OnceLock::new() }; METHODS.len()],
            in_flight: gauge!("playhead_http_requests_in_flight", "route" => route),
            requests: (0..METHODS.len() * STATUSES.len()).map(|_| OnceLock::new()).collect(),
        }
    }

    /// Counts a request as under way, and once it is over as what `finish` says, or as one that its caller left.
    pub(crate) fn begin(&self, method: &Method) -> UnderWay<'_> {
        self.in_flight.increment(1.0);
        UnderWay { series: self, method: place_of_method(method), status: "499" }
    }

    fn record(&self, method: usize, took: Duration) {
        let seconds = self.seconds[method].get_or_init(
            || histogram!("playhead_http_request_seconds", "route" => self.route, "method" => METHODS[method]),
        );
        seconds.record(took);
    }

    fn count(&self, method: usize, status: &str) {
        let last = STATUSES.len() - 1;
        let status = STATUSES.iter().position(|known| *known == status).unwrap_or(last);
        let counter = self.requests[method * STATUSES.len() + status].get_or_init(|| {
            let (method, status) = (METHODS[method], STATUSES[status]);
            counter!("playhead_http_requests_total", "route" => self.route, "method" => method, "status" => status)
        });
        counter.increment(1);
    }
}

/// A request under way.
pub(crate) struct UnderWay<'a> {
    series: &'a Series,
    method: usize,
    status: &'static str,
}

impl UnderWay<'_> {
    /// The request was answered.
    pub(crate) fn finish(mut self, status: StatusCode, took: Duration) {
        let last = STATUSES[STATUSES.len() - 1];
        self.status = STATUSES.into_iter().find(|known| *known == status.as_str()).unwrap_or(last);
        self.series.record(self.method, took);
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.series.in_flight.decrement(1.0);
        self.series.count(self.method, self.status);
    }
}

fn place_of_method(method: &Method) -> usize {
    METHODS.iter().position(|known| *known == method.as_str()).unwrap_or(METHODS.len() - 1)
}
