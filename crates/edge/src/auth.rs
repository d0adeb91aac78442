//! Who asks, and whether they may: service tokens as `Authorization: Bearer`.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use http::header::{AUTHORIZATION, HeaderMap};
use http::request::Parts;
use playhead_ports::{Scope, Scopes};

use crate::Edge;
use crate::client::{Client, Peer};
use crate::problem::Problem;

/// How often a caller whose answer goes on is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    scopes: Scopes,
}

impl Viewer {
    /// The viewer of a request, if they may ask anything now.
    pub(crate) fn of(edge: &Edge, headers: &HeaderMap, peer: Option<IpAddr>) -> Result<Self, Problem> {
        if edge.is_open() {
            edge.rates.take(|| peer.map(Client::Peer))?;
            return Ok(Self { scopes: Scopes::all() });
        }
        let token = bearer(headers).ok_or_else(Problem::no_token)?;
        let grant = edge.tokens.grant(token).ok_or_else(Problem::bad_token)?;
        edge.rates.take(|| Some(Client::Token(grant.name)))?;
        Ok(Self { scopes: grant.scopes })
    }

    /// Refuses what the token may not do.
    pub(crate) fn may(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.has(scope) {
            return Ok(());
        }
        Err(Problem::no_scope(scope))
    }

    /// Refuses a backfill to who may only write.
    pub(crate) fn may_record(&self, backfill: bool) -> Result<(), Problem> {
        self.may(Scope::Write)?;
        if backfill { self.may(Scope::Backfill) } else { Ok(()) }
    }
}

/// A caller whose answer goes on for long: the token may be revoked meanwhile.
pub(crate) struct Standing {
    edge: Arc<Edge>,
    token: Option<String>,
    scope: Scope,
}

impl Standing {
    /// Of a caller who has the scope now.
    pub(crate) fn of(edge: &Arc<Edge>, headers: &HeaderMap, scope: Scope) -> Self {
        Self { edge: Arc::clone(edge), token: bearer(headers).map(str::to_owned), scope }
    }

    /// Ends once the caller may no longer go on, and says why.
    pub(crate) async fn lost(&self) -> Problem {
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            if let Err(problem) = self.check() {
                return problem;
            }
        }
    }

    fn check(&self) -> Result<(), Problem> {
        if self.edge.is_open() {
            return Ok(());
        }
        let token = self.token.as_deref().ok_or_else(Problem::no_token)?;
        let grant = self.edge.tokens.grant(token).ok_or_else(Problem::bad_token)?;
        Viewer { scopes: grant.scopes }.may(self.scope)
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim_ascii())
}

impl FromRequestParts<Arc<Edge>> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Arc<Edge>) -> Result<Self, Problem> {
        Self::of(edge, &parts.headers, parts.extensions.get::<Peer>().map(|peer| peer.0))
    }
}
