//! How many requests a second one client may make. Off by default: behind a balancer every address is the balancer's.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::Config;
use crate::problem::{Problem, ProblemType};

/// The address of the other side of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    /// Those of a token, by its name.
    Token(String),
    /// Those of an address.
    Peer(IpAddr),
}

/// The rates of clients.
pub(crate) struct Rates {
    limiter: Option<DefaultKeyedRateLimiter<Client>>,
}

impl Rates {
    pub(crate) fn new(config: &Config) -> Self {
        let limiter = NonZeroU32::new(config.client_rate_per_s).map(|rate| {
            let burst = NonZeroU32::new(config.client_burst).unwrap_or(rate);
            RateLimiter::keyed(Quota::per_second(rate).allow_burst(burst))
        });
        Self { limiter }
    }

    /// Whether any rate is set, so that callers need not find out who asks.
    pub(crate) fn are_limited(&self) -> bool {
        self.limiter.is_some()
    }

    /// Takes one request of the client.
    pub(crate) fn take(&self, client: impl FnOnce() -> Option<Client>) -> Result<(), Problem> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        let Some(client) = client() else { return Ok(()) };
        limiter.check_key(&client).map_err(|_| {
            Problem::at_limit(ProblemType::TooBusy, "client-rate", "this client makes too many requests a second")
        })
    }

    /// Forgets clients that have not asked for a while.
    pub(crate) fn upkeep(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}
