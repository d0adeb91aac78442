//! The settings of the edge: every limit that a caller can meet, with its default.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The settings of the edge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// A request is answered `timeout` after this long, ms. A caller may ask for less by `x-request-timeout-ms` or
    /// `grpc-timeout`.
    pub request_timeout_ms: u64,
    /// Back up, compact and the like may take this long, ms.
    pub admin_timeout_ms: u64,
    /// A connection is closed if the head of a request takes longer than this, or if it asks nothing for so long, ms.
    pub header_read_timeout_ms: u64,
    /// The most bytes of a request's headers; limit `header-bytes`.
    pub header_bytes_max: usize,
    /// The most connections of each listener; more wait to be accepted.
    pub connections_max: usize,
    /// The most bytes of a body that holds one thing; limit `body-bytes`.
    pub body_bytes_max: usize,
    /// The most bytes of a batch, unpacked, and of a gRPC message; limit `batch-bytes`.
    pub batch_bytes_max: usize,
    /// The most single writes at once; limit `write-concurrency`.
    pub write_concurrency: usize,
    /// The most batches at once; limit `batch-concurrency`.
    pub batch_concurrency: usize,
    /// The most reads at once; limit `read-concurrency`. Writes never take from it.
    pub read_concurrency: usize,
    /// The most queries of analysts at once; limit `sql-concurrency`.
    pub sql_concurrency: usize,
    /// The most open streams of events; limit `stream-concurrency`.
    pub stream_concurrency: usize,
    /// A stream is not read on while so many of its messages are not durable.
    pub stream_messages_in_flight_max: usize,
    /// A stream is not read on while so many of its events are not durable.
    pub stream_events_in_flight_max: usize,
    /// Requests a second of one client (token, or address where there is none); limit `client-rate`. 0 is no limit.
    pub client_rate_per_s: u32,
    /// Requests that a client may make at once before the rate holds; 0 is one second's worth.
    pub client_burst: u32,
    /// The most rows of an answer to SQL; a query may ask for fewer.
    pub sql_rows_max: usize,
    /// The most bytes of an answer to SQL that is not streamed; limit `sql-answer-bytes`.
    pub sql_answer_bytes_max: usize,
    /// The longest that SQL may run, ms; a query may ask for less.
    pub sql_time_ms_max: u64,
    /// How much longer than a query may run its caller may take to read an answer that is streamed, ms; then it breaks off.
    pub sql_read_ms_max: u64,
    /// After being told to stop, go on accepting for so long while `/readyz` says no, ms: time for balancers to notice.
    pub drain_grace_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            request_timeout_ms: 10_000,
            admin_timeout_ms: 600_000,
            header_read_timeout_ms: 20_000,
            header_bytes_max: 16 * 1024,
            connections_max: 10_000,
            body_bytes_max: 64 * 1024,
            batch_bytes_max: 8 * 1024 * 1024,
            write_concurrency: 4_096,
            batch_concurrency: 64,
            read_concurrency: 1_024,
            sql_concurrency: 4,
            stream_concurrency: 256,
            stream_messages_in_flight_max: 64,
            stream_events_in_flight_max: 100_000,
            client_rate_per_s: 0,
            client_burst: 0,
            sql_rows_max: 100_000,
            sql_answer_bytes_max: 64 * 1024 * 1024,
            sql_time_ms_max: 30_000,
            sql_read_ms_max: 60_000,
            drain_grace_ms: 0,
        }
    }
}

impl Config {
    pub(crate) fn header_read_timeout(&self) -> Duration {
        Duration::from_millis(self.header_read_timeout_ms)
    }

    pub(crate) fn sql_time_max(&self) -> Duration {
        Duration::from_millis(self.sql_time_ms_max)
    }

    pub(crate) fn sql_read_max(&self) -> Duration {
        Duration::from_millis(self.sql_read_ms_max)
    }

    pub(crate) fn drain_grace(&self) -> Duration {
        Duration::from_millis(self.drain_grace_ms)
    }
}
