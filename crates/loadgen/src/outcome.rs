//! What became of a request, whatever the protocol.

use std::error::Error as _;
use std::{fmt, io};

use http::StatusCode;
use tonic::Code;

use crate::audience::Fate;

/// The connection broke before the answer came.
pub(crate) const CONNECTION_LOST: &str = "connection lost";

/// Why a request did not do what it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The caller's fault.
    Refused,
    /// The server has too much to do, and says so.
    Busy,
    /// The server's fault.
    Server,
    /// No answer: the connection broke, or the deadline passed.
    Broken,
    /// No connection: nothing was sent.
    Unreachable,
}

/// A request that did not do what it asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The status, for the report.
    pub(crate) label: String,
    pub(crate) class: Class,
}

impl Failure {
    pub(crate) fn broken(label: &str) -> Self {
        Self { label: label.to_owned(), class: Class::Broken }
    }

    pub(crate) fn unreachable() -> Self {
        Self { label: "cannot connect".to_owned(), class: Class::Unreachable }
    }

    pub(crate) fn refused(label: &str) -> Self {
        Self { label: label.to_owned(), class: Class::Refused }
    }

    /// The failure that an HTTP status tells.
    pub(crate) fn of_http(status: StatusCode) -> Self {
        let class = match status {
            StatusCode::TOO_MANY_REQUESTS => Class::Busy,
            _ if status.is_server_error() => Class::Server,
            _ => Class::Refused,
        };
        Self { label: status.as_u16().to_string(), class }
    }

    /// The failure that a gRPC status tells. A status that was made on this side means that there was no answer.
    pub(crate) fn of_grpc(status: &tonic::Status) -> Self {
        if status.source().is_some() {
            return if is_refused_connection(status) { Self::unreachable() } else { Self::broken(CONNECTION_LOST) };
        }
        let class = match status.code() {
            Code::ResourceExhausted => Class::Busy,
            Code::Unavailable | Code::Internal | Code::Unknown | Code::DataLoss => Class::Server,
            Code::DeadlineExceeded | Code::Cancelled => Class::Broken,
            _ => Class::Refused,
        };
        Self { label: format!("{:?}", status.code()), class }
    }

    /// The failure of one event of a batch.
    pub(crate) fn of_event(name: &str, retryable: bool) -> Self {
        let class = match (name, retryable) {
            ("unavailable" | "internal" | "unknown-outcome" | "timeout" | "storage-full", _) => Class::Server,
            (_, true) => Class::Busy,
            (_, false) => Class::Refused,
        };
        Self { label: name.to_owned(), class }
    }

    /// What became of the event.
    pub(crate) fn fate(&self) -> Fate {
        match self.class {
            Class::Refused | Class::Busy | Class::Unreachable => Fate::Refused,
            Class::Server | Class::Broken => Fate::Unknown,
        }
    }
}

/// Nobody listens there, so nothing was sent.
fn is_refused_connection(status: &tonic::Status) -> bool {
    std::iter::successors(status.source(), |error| (**error).source())
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

/// A position as the server tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) position_ms: u64,
    pub(crate) resume_ms: u64,
    pub(crate) completed: bool,
    pub(crate) event_time: i64,
    pub(crate) play_id: String,
    pub(crate) kind: String,
    /// A newer one may exist, the server says.
    pub(crate) stale: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_refusal_means_that_an_event_is_not_there() {
        let fate = |status: u16| Failure::of_http(StatusCode::from_u16(status).expect("a status")).fate();
        assert_eq!(fate(400), Fate::Refused);
        assert_eq!(fate(429), Fate::Refused);
        assert_eq!(fate(503), Fate::Unknown);
        assert_eq!(fate(507), Fate::Unknown);
        assert_eq!(Failure::of_grpc(&tonic::Status::resource_exhausted("queue")).fate(), Fate::Refused);
        assert_eq!(Failure::of_grpc(&tonic::Status::unavailable("draining")).fate(), Fate::Unknown);
        assert_eq!(Failure::broken("timeout").fate(), Fate::Unknown);
        assert_eq!(Failure::unreachable().fate(), Fate::Refused);
    }
}
