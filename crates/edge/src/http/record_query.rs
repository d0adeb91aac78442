//! What a write says beside its body: `?backfill`, and the caller's clock.

use axum::extract::FromRequestParts;
use http::header::HeaderName;
use http::request::Parts;
use playhead_domain::{Limits, Timestamp};
use playhead_watch::Receipt;

use super::query::{Params, number};
use crate::problem::Problem;

/// The caller's clock at sending, ms.
pub(crate) const SENT_TIME: HeaderName = HeaderName::from_static("x-sent-time");

/// `?backfill` alone; the body has the caller's clock.
pub(crate) struct Backfill(pub(crate) bool);

/// `?backfill` and the caller's clock, as `?sent_time` or a header.
pub(crate) struct BatchReceipt(pub(crate) Receipt);

impl<S: Send + Sync> FromRequestParts<S> for Backfill {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut params = Params::of(&parts.uri)?;
        let backfill = params.take_flag("backfill")?;
        params.finish()?;
        Ok(Self(backfill))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for BatchReceipt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut params = Params::of(&parts.uri)?;
        let backfill = params.take_flag("backfill")?;
        let in_query = params.take_number("sent_time")?;
        params.finish()?;
        let in_header = parts
            .headers
            .get(&SENT_TIME)
            .map(|value| number("x-sent-time", value.to_str().unwrap_or_default()))
            .transpose()?;
        let sent_time = in_query.or(in_header).map(sent_time).transpose()?;
        Ok(Self(Receipt { sent_time, backfill }))
    }
}

fn sent_time(ms: u64) -> Result<Timestamp, Problem> {
    Ok(Limits::told_time("sent_time", i64::try_from(ms).unwrap_or(i64::MAX))?)
}
