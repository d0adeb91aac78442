//! Which problem an error of a use case is. Nothing else decides on a status.

use playhead_domain::FieldError;
use playhead_ports::{AppendError, QueryError};
use playhead_watch::{ReadError, RecordError};

use crate::operations::OperationError;
use crate::pipelines::PipelineError;
use crate::problem::{Problem, ProblemType};

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Self::invalid_field(error.field, error.reason)
    }
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Field(error) => error.into(),
            RecordError::Behind { .. } => Self::at_limit(ProblemType::TooBusy, "recent-positions", error.to_string()),
            RecordError::Append(error) => error.into(),
        }
    }
}

impl From<AppendError> for Problem {
    fn from(error: AppendError) -> Self {
        let detail = error.to_string();
        match error {
            AppendError::Full(_) => Self::new(ProblemType::StorageFull, detail),
            AppendError::Busy => Self::at_limit(ProblemType::TooBusy, "log-queue", detail),
            AppendError::TooLarge { .. } => Self::at_limit(ProblemType::BodyTooLarge, "record-bytes", detail),
            AppendError::Unavailable(_) => Self::new(ProblemType::Unavailable, detail),
            AppendError::Unknown(_) => Self::new(ProblemType::UnknownOutcome, detail),
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        let detail = error.to_string();
        match error {
            ReadError::TooManyVideos { .. } => Self::invalid_field("video", detail),
            ReadError::Unavailable(_) => Self::new(ProblemType::Unavailable, detail),
            ReadError::Broken(_) => Self::internal(&detail),
        }
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        let detail = error.to_string();
        match error {
            QueryError::Refused(_) => Self::new(ProblemType::QueryRefused, detail),
            QueryError::Invalid(_) => Self::new(ProblemType::QueryInvalid, detail),
            QueryError::TooLong(_) => Self::at_limit(ProblemType::QueryTooLong, "sql-time", detail),
            QueryError::TooLarge(_) => Self::at_limit(ProblemType::QueryTooLarge, "sql-memory", detail),
            QueryError::TooMany(_) => Self::at_limit(ProblemType::QueryTooLarge, "sql-rows", detail),
            QueryError::Busy => Self::at_limit(ProblemType::TooBusy, "sql-concurrency", detail),
            QueryError::Unavailable(_) => Self::new(ProblemType::Unavailable, detail),
        }
    }
}

impl From<OperationError> for Problem {
    fn from(error: OperationError) -> Self {
        let detail = error.to_string();
        match error {
            OperationError::Field(error) => error.into(),
            OperationError::Conflict(_) => Self::new(ProblemType::Conflict, detail),
            OperationError::Full(_) => Self::new(ProblemType::StorageFull, detail),
            OperationError::Unavailable(_) => Self::new(ProblemType::Unavailable, detail),
            OperationError::Failed(_) => Self::internal(&detail),
        }
    }
}

impl From<PipelineError> for Problem {
    fn from(error: PipelineError) -> Self {
        match error {
            PipelineError::Unknown(detail) => Self::new(ProblemType::NotFound, detail),
            PipelineError::Asked(field, detail) => Self::invalid_field(field, detail),
            PipelineError::Away(detail) => Self::new(ProblemType::Unavailable, detail),
        }
    }
}

impl Problem {
    /// Something is broken: the log says what, the caller is told that the log does.
    pub(crate) fn internal(detail: &str) -> Self {
        tracing::error!(detail, "a request failed");
        Self::new(ProblemType::Internal, "the server's log says more, under this request's id")
    }
}
