//! Reading a request's body: its type, its size, its bytes. What the bytes say is the handler's.

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::Edge;
use crate::problem::{Problem, ProblemType};

const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";

/// The bytes of a JSON body that holds one thing.
pub(crate) struct JsonBody(pub(crate) Bytes);

/// The bytes of a body that holds many.
pub(crate) struct BatchBody {
    pub(crate) bytes: Bytes,
    pub(crate) format: BatchFormat,
}

/// How many things stand in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BatchFormat {
    /// A JSON array.
    Array,
    /// One JSON value a line.
    Lines,
}

impl FromRequest<Arc<Edge>> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, edge: &Arc<Edge>) -> Result<Self, Problem> {
        if !is_type(request.headers(), JSON) {
            return Err(unsupported("the body must be `application/json`"));
        }
        check_encoding(request.headers(), "this body may not be packed: leave `content-encoding` away")?;
        Ok(Self(read(request.into_body(), edge.config.body_bytes_max, "body-bytes").await?))
    }
}

impl FromRequest<Arc<Edge>> for BatchBody {
    type Rejection = Problem;

    async fn from_request(request: Request, edge: &Arc<Edge>) -> Result<Self, Problem> {
        let format = match request.headers() {
            headers if is_type(headers, JSON) => BatchFormat::Array,
            headers if is_type(headers, NDJSON) => BatchFormat::Lines,
            _ => return Err(unsupported("the body must be `application/json` or `application/x-ndjson`")),
        };
        check_encoding(request.headers(), "of packings only gzip is known here")?;
        let bytes = read(request.into_body(), edge.config.batch_bytes_max, "batch-bytes").await?;
        Ok(Self { bytes, format })
    }
}

fn is_type(headers: &HeaderMap, wanted: &str) -> bool {
    let Some(given) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let essence = given.split_once(';').map_or(given, |(essence, _)| essence);
    essence.trim_ascii().eq_ignore_ascii_case(wanted)
}

fn check_encoding(headers: &HeaderMap, otherwise: &'static str) -> Result<(), Problem> {
    match headers.get(CONTENT_ENCODING) {
        Some(encoding) if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => Err(unsupported(otherwise)),
        _ => Ok(()),
    }
}

fn unsupported(detail: &'static str) -> Problem {
    Problem::new(ProblemType::UnsupportedMediaType, detail)
}

async fn read(body: Body, most: usize, limit: &'static str) -> Result<Bytes, Problem> {
    let too_large =
        || Problem::at_limit(ProblemType::BodyTooLarge, limit, format!("the body may have {most} bytes, unpacked"));
    if body.size_hint().lower() > most as u64 {
        return Err(too_large());
    }
    match Limited::new(body, most).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if is_limit(&*error) => Err(too_large()),
        Err(_) => Err(Problem::new(ProblemType::MalformedBody, "the body broke off, or is not packed as it says")),
    }
}

fn is_limit(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.is::<LengthLimitError>())
}
