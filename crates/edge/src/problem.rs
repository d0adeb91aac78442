//! What went wrong, as callers read it: RFC 9457 problems with stable names. gRPC statuses carry the same names.
//!
//! A handler answers a [`Problem`]; the front, which knows the request's id, writes it.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use playhead_ports::Scope;
use serde::Serialize;
use utoipa::ToSchema;

/// The content type of a problem.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// What kind of problem; callers act on its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ProblemType {
    InvalidField,
    MalformedBody,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    UnsupportedMediaType,
    BodyTooLarge,
    TooManyEvents,
    HeaderTooLarge,
    TooBusy,
    StorageFull,
    Unavailable,
    UnknownOutcome,
    Timeout,
    QueryRefused,
    QueryInvalid,
    QueryTooLong,
    QueryTooLarge,
    Internal,
}

impl ProblemType {
    /// All of them, for the documents.
    pub(crate) const ALL: [Self; 21] = [
        Self::InvalidField,
        Self::MalformedBody,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::UnsupportedMediaType,
        Self::BodyTooLarge,
        Self::TooManyEvents,
        Self::HeaderTooLarge,
        Self::TooBusy,
        Self::StorageFull,
        Self::Unavailable,
        Self::UnknownOutcome,
        Self::Timeout,
        Self::QueryRefused,
        Self::QueryInvalid,
        Self::QueryTooLong,
        Self::QueryTooLarge,
        Self::Internal,
    ];

    /// The stable name, the status and the title.
    const fn facts(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::InvalidField => ("invalid-field", StatusCode::BAD_REQUEST, "A field is not as it must be"),
            Self::MalformedBody => ("malformed-body", StatusCode::BAD_REQUEST, "The body cannot be read"),
            Self::Unauthenticated => ("unauthenticated", StatusCode::UNAUTHORIZED, "A token is needed"),
            Self::Forbidden => ("forbidden", StatusCode::FORBIDDEN, "The token may not do this"),
            Self::NotFound => ("not-found", StatusCode::NOT_FOUND, "There is no such thing"),
            Self::MethodNotAllowed => {
                ("method-not-allowed", StatusCode::METHOD_NOT_ALLOWED, "This cannot be done to this resource")
            }
            Self::Conflict => ("conflict", StatusCode::CONFLICT, "It is there already, or under way"),
            Self::UnsupportedMediaType => {
                ("unsupported-media-type", StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is of another type")
            }
            Self::BodyTooLarge => ("body-too-large", StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::TooManyEvents => ("too-many-events", StatusCode::BAD_REQUEST, "The batch has too many entries"),
            Self::HeaderTooLarge => {
                ("header-too-large", StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too large")
            }
            Self::TooBusy => ("too-busy", StatusCode::TOO_MANY_REQUESTS, "A limit is reached; try again"),
            Self::StorageFull => ("storage-full", StatusCode::INSUFFICIENT_STORAGE, "There is no space to store it"),
            Self::Unavailable => ("unavailable", StatusCode::SERVICE_UNAVAILABLE, "A part is away; try again"),
            Self::UnknownOutcome => {
                ("unknown-outcome", StatusCode::SERVICE_UNAVAILABLE, "Not known whether it was stored; send it again")
            }
            Self::Timeout => ("timeout", StatusCode::REQUEST_TIMEOUT, "The time for the request is over"),
            Self::QueryRefused => ("query-refused", StatusCode::FORBIDDEN, "The query may not be asked"),
            Self::QueryInvalid => ("query-invalid", StatusCode::CONFLICT, "The query does not fit the tables"),
            Self::QueryTooLong => ("query-too-long", StatusCode::UNPROCESSABLE_ENTITY, "The query ran too long"),
            Self::QueryTooLarge => ("query-too-large", StatusCode::UNPROCESSABLE_ENTITY, "The query needs too much"),
            Self::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR, "Something is wrong here"),
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        self.facts().0
    }

    pub(crate) const fn status(self) -> StatusCode {
        self.facts().1
    }

    /// Whether the same request may go well later.
    pub(crate) const fn is_retryable(self) -> bool {
        self.retry_after_s().is_some()
    }

    /// When to try again, seconds.
    pub(crate) const fn retry_after_s(self) -> Option<u32> {
        match self {
            Self::TooBusy | Self::Unavailable | Self::UnknownOutcome => Some(1),
            Self::StorageFull => Some(10),
            _ => None,
        }
    }
}

/// A problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) of: ProblemType,
    pub(crate) detail: Cow<'static, str>,
    pub(crate) field: Option<Cow<'static, str>>,
    pub(crate) limit: Option<&'static str>,
    challenge: Option<Challenge>,
}

/// What the header `www-authenticate` says of a token, as of RFC 6750.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Challenge {
    /// None was given.
    Missing,
    /// It is not known.
    Invalid,
    /// It lacks this scope.
    Scope(Scope),
}

impl Problem {
    pub(crate) fn new(of: ProblemType, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { of, detail: detail.into(), field: None, limit: None, challenge: None }
    }

    pub(crate) fn invalid_field(field: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { field: Some(field.into()), ..Self::new(ProblemType::InvalidField, detail) }
    }

    /// A limit was met; `limit` is its name in the documents.
    pub(crate) fn at_limit(of: ProblemType, limit: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { limit: Some(limit), ..Self::new(of, detail) }
    }

    /// No token came.
    pub(crate) fn no_token() -> Self {
        let detail = "no token was given: send it as `Authorization: Bearer <token>`";
        Self { challenge: Some(Challenge::Missing), ..Self::new(ProblemType::Unauthenticated, detail) }
    }

    /// A token came that nobody knows.
    pub(crate) fn bad_token() -> Self {
        let detail = "the token is not known here, or was revoked";
        Self { challenge: Some(Challenge::Invalid), ..Self::new(ProblemType::Unauthenticated, detail) }
    }

    /// The token may not do this.
    pub(crate) fn no_scope(scope: Scope) -> Self {
        let detail = format!("the token does not have the scope `{scope}`");
        Self { challenge: Some(Challenge::Scope(scope)), ..Self::new(ProblemType::Forbidden, detail) }
    }

    /// The answer that tells of it.
    pub(crate) fn render(&self, request_id: &HeaderValue) -> Response {
        let (name, status, title) = self.of.facts();
        let body = ProblemBody {
            of: format!("urn:playhead:problem:{name}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            field: self.field.as_deref(),
            limit: self.limit,
            request_id: request_id.to_str().unwrap_or_default(),
        };
        let bytes = serde_json::to_vec(&body).expect("a problem has nothing that JSON has not");
        let mut response = Response::new(Body::from(bytes));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        self.headers(response.headers_mut());
        response
    }

    fn headers(&self, headers: &mut HeaderMap) {
        if let Some(seconds) = self.of.retry_after_s() {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = self.challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge.header()));
        }
    }
}

impl Challenge {
    const fn header(self) -> &'static str {
        match self {
            Self::Missing => r#"Bearer realm="playhead""#,
            Self::Invalid => {
                r#"Bearer realm="playhead", error="invalid_token", error_description="not known here, or revoked""#
            }
            Self::Scope(Scope::Write) => r#"Bearer realm="playhead", error="insufficient_scope", scope="write""#,
            Self::Scope(Scope::Read) => r#"Bearer realm="playhead", error="insufficient_scope", scope="read""#,
            Self::Scope(Scope::Analyst) => r#"Bearer realm="playhead", error="insufficient_scope", scope="analyst""#,
            Self::Scope(Scope::Backfill) => r#"Bearer realm="playhead", error="insufficient_scope", scope="backfill""#,
            Self::Scope(Scope::Admin) => r#"Bearer realm="playhead", error="insufficient_scope", scope="admin""#,
        }
    }
}

impl IntoResponse for Problem {
    /// Only a mark with the status: the front writes the body.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.of.status();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// An error, as of RFC 9457.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody<'a> {
    /// `urn:playhead:problem:` and the name, which never changes.
    #[serde(rename = "type")]
    #[schema(pattern = "^urn:playhead:problem:[a-z-]+$")]
    of: String,
    /// The name in words.
    title: &'a str,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong this time.
    detail: &'a str,
    /// The field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    field: Option<&'a str>,
    /// The limit that was met, by its name in the documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    limit: Option<&'a str>,
    /// The request's id, as in the header `x-request-id`.
    request_id: &'a str,
}
