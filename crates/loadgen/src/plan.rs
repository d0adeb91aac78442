//! What a run shall do.

use std::time::Duration;

use playhead_domain::Timestamp;

/// How events are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// One `PUT` an event, HTTP/1.1.
    Http,
    /// One `SetPosition` an event.
    Grpc,
    /// Batches of events over `StreamEvents`.
    Stream,
}

impl Protocol {
    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
            Self::Stream => "stream",
        }
    }

    /// Connections (streams), unless a plan says otherwise. A stream carries many events, so a few are enough.
    pub fn connections_default(self) -> usize {
        match self {
            Self::Http | Self::Grpc => 64,
            Self::Stream => 4,
        }
    }
}

/// When events are sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pacing {
    /// So many a second, whether or not the answers come.
    Open {
        /// Events written a second.
        writes_per_s: f64,
    },
    /// Each connection sends its next when it has the answer.
    Closed,
}

/// One run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where HTTP is served.
    pub url: String,
    /// Where gRPC is served.
    pub grpc_url: String,
    /// A token with the scopes write and read, and analyst for the check of the warehouse.
    pub token: Option<String>,
    /// How events are sent.
    pub protocol: Protocol,
    /// When they are sent.
    pub pacing: Pacing,
    /// Reads a second, always at a set rate.
    pub reads_per_s: f64,
    /// How long.
    pub duration: Duration,
    /// Viewers.
    pub users: u32,
    /// Videos.
    pub videos: u32,
    /// Writing connections: with [`Protocol::Http`] TCP connections, with [`Protocol::Grpc`] calls at once (over up to eight
    /// HTTP/2 connections), with [`Protocol::Stream`] streams. So many requests or streams are under way at most.
    pub connections: usize,
    /// Events in a message of a stream.
    pub batch: usize,
    /// The share of writes in whose stead a random packet is sent.
    pub random_share: f64,
    /// The same seed gives the same choices.
    pub seed: u64,
    /// The (user, video) pairs to remember and check at the end.
    pub verify_keys_max: usize,
    /// Whether to compare the counts in the warehouse at the end.
    pub check_warehouse: bool,
    /// Broken connections and server errors are counted, but do not fail the run: the server is restarted meanwhile.
    pub allow_breaks: bool,
    /// Names this run: part of its users, plays and sessions, so that runs never meet.
    pub run: String,
    /// What time it is now.
    pub now: Timestamp,
}

impl Plan {
    /// The session that all events of the run carry.
    pub fn session(&self) -> String {
        format!("load-{}", self.run)
    }

    /// Connections for reads, apart from those for writes, so that slow writes hold up no read.
    pub(crate) fn reading_connections(&self) -> usize {
        if self.reads_per_s > 0.0 { (self.connections / 4).clamp(4, 64) } else { 0 }
    }
}
