//! Ids in paths.

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use playhead_domain::{FieldError, Id, IdError, IdKind, UserId, VideoId};

use crate::problem::Problem;

/// `/users/{user}/.../{video}`.
pub(crate) struct UserVideo {
    pub(crate) user: UserId,
    pub(crate) video: VideoId,
}

/// `/users/{user}`.
pub(crate) struct User(pub(crate) UserId);

/// `/videos/{video}`.
pub(crate) struct Video(pub(crate) VideoId);

/// `/topics/{topic}` and `/pipelines/{pipeline}`: a name, of whatever there may be.
pub(crate) struct Name(pub(crate) String);

/// An id as a caller wrote it.
pub(crate) fn id<K: IdKind>(text: &str) -> Result<Id<K>, Problem> {
    text.parse().map_err(|error: IdError| FieldError::new(K::FIELD, error.to_string()).into())
}

async fn params<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<RawPathParams, Problem> {
    RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|_| Problem::invalid_field("path", "an id in the path is not UTF-8"))
}

fn param<K: IdKind>(params: &RawPathParams, name: &str) -> Result<Id<K>, Problem> {
    id(params.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value))
}

impl<S: Send + Sync> FromRequestParts<S> for UserVideo {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = params(parts, state).await?;
        Ok(Self { user: param(&params, "user")?, video: param(&params, "video")? })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for User {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(param(&params(parts, state).await?, "user")?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Video {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(param(&params(parts, state).await?, "video")?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = params(parts, state).await?;
        Ok(Self(params.iter().next().map_or_else(String::new, |(_, value)| value.to_owned())))
    }
}
