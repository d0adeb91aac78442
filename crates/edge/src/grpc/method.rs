//! The methods by name: what each needs, and its metrics.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use playhead_ports::Scope;
use tonic::Code;

use crate::limits::{Budget, Budgets};

/// Where the methods of the service are.
pub(crate) const SERVICE_PATH: &str = "/playhead.watch.v1.Watch/";
const CODES: usize = 17;

/// A method of the service, or anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    SetPosition,
    GetPosition,
    GetPositions,
    ListPositions,
    RecordEvents,
    StreamEvents,
    MarkWatched,
    MarkUnwatched,
    Hide,
    Forget,
    /// Health, reflection, and what is not known.
    Other,
}

impl Method {
    /// All of them, each at the place of its number.
    pub(crate) const ALL: [Self; 11] = [
        Self::SetPosition,
        Self::GetPosition,
        Self::GetPositions,
        Self::ListPositions,
        Self::RecordEvents,
        Self::StreamEvents,
        Self::MarkWatched,
        Self::MarkUnwatched,
        Self::Hide,
        Self::Forget,
        Self::Other,
    ];

    /// The name, as the .proto file has it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::SetPosition => "SetPosition",
            Self::GetPosition => "GetPosition",
            Self::GetPositions => "GetPositions",
            Self::ListPositions => "ListPositions",
            Self::RecordEvents => "RecordEvents",
            Self::StreamEvents => "StreamEvents",
            Self::MarkWatched => "MarkWatched",
            Self::MarkUnwatched => "MarkUnwatched",
            Self::Hide => "Hide",
            Self::Forget => "Forget",
            Self::Other => "other",
        }
    }

    /// The method of a path.
    pub(crate) fn of(path: &str) -> Self {
        let named = |name: &str| Self::ALL.into_iter().find(|method| method.name() == name);
        path.strip_prefix(SERVICE_PATH).and_then(named).unwrap_or(Self::Other)
    }

    /// What a caller must be granted. To forget one video takes `write`, a whole user `admin`; the method looks again.
    pub(crate) const fn scope(self) -> Option<Scope> {
        match self {
            Self::GetPosition | Self::GetPositions | Self::ListPositions => Some(Scope::Read),
            Self::SetPosition | Self::RecordEvents | Self::StreamEvents => Some(Scope::Write),
            Self::MarkWatched | Self::MarkUnwatched | Self::Hide => Some(Scope::Write),
            Self::Forget | Self::Other => None,
        }
    }

    /// What it is counted against; a stream enters its budget itself, as it outlives the call.
    pub(crate) fn budget(self, budgets: &Budgets) -> Option<&Budget> {
        match self {
            Self::GetPosition | Self::GetPositions | Self::ListPositions => Some(&budgets.reads),
            Self::RecordEvents => Some(&budgets.batches),
            Self::SetPosition | Self::MarkWatched | Self::MarkUnwatched | Self::Hide | Self::Forget => {
                Some(&budgets.writes)
            }
            Self::StreamEvents | Self::Other => None,
        }
    }
}

/// The metrics of all methods.
pub(crate) struct AllSeries(Vec<Series>);

/// The metrics of one method.
pub(crate) struct Series {
    method: &'static str,
    seconds: Histogram,
    in_flight: Gauge,
    requests: Vec<OnceLock<Counter>>,
}

impl AllSeries {
    pub(crate) fn new() -> Self {
        Self(Method::ALL.into_iter().map(|method| Series::new(method.name())).collect())
    }

    pub(crate) fn of(&self, method: Method) -> &Series {
        &self.0[method as usize]
    }
}

impl Series {
    fn new(method: &'static str) -> Self {
        Self {
            method,
            seconds: histogram!("playhead_grpc_request_seconds", "method" => method),
            in_flight: gauge!("playhead_grpc_requests_in_flight", "method" => method),
            requests: (0..CODES).map(|_| OnceLock::new()).collect(),
        }
    }

    /// Counts a call as under way, and once it is over as what `finish` says, or as cancelled.
    pub(crate) fn begin(&self) -> UnderWay<'_> {
        self.in_flight.increment(1.0);
        UnderWay { series: self, code: Code::Cancelled }
    }
}

/// A call under way.
pub(crate) struct UnderWay<'a> {
    series: &'a Series,
    code: Code,
}

impl UnderWay<'_> {
    /// The call was answered.
    pub(crate) fn finish(mut self, code: Code, took: Duration) {
        self.code = code;
        self.series.seconds.record(took);
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.series.in_flight.decrement(1.0);
        let (method, code) = (self.series.method, self.code);
        let counter = self.series.requests[code as usize].get_or_init(
            || counter!("playhead_grpc_requests_total", "method" => method, "code" => format!("{code:?}")),
        );
        counter.increment(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_service_is_known() {
        for (place, method) in Method::ALL.into_iter().enumerate() {
            assert_eq!(method as usize, place);
            assert_eq!(Method::of(&format!("{SERVICE_PATH}{}", method.name())), method);
        }
        assert_eq!(Method::of("/grpc.health.v1.Health/Check"), Method::Other);
    }
}
