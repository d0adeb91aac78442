//! Small servers that may lie, and the plan to run against them.

pub(crate) mod grpc;
pub(crate) mod http;

use std::net::SocketAddr;
use std::time::Duration;

use playhead_domain::Timestamp;
use playhead_loadgen::{Pacing, Plan, Protocol};

/// A second of moderate load on a few viewers and videos, so that each is met often.
pub(crate) fn plan(protocol: Protocol, address: SocketAddr) -> Plan {
    Plan {
        url: format!("http://{address}"),
        grpc_url: format!("http://{address}"),
        token: None,
        protocol,
        pacing: Pacing::Open { writes_per_s: 1_000.0 },
        reads_per_s: 500.0,
        duration: Duration::from_secs(1),
        users: 50,
        videos: 20,
        connections: 8,
        batch: 10,
        random_share: 0.0,
        seed: 42,
        verify_keys_max: 1_000_000,
        check_warehouse: false,
        allow_breaks: false,
        run: "test".to_owned(),
        now: Timestamp(1_790_000_000_000),
    }
}
