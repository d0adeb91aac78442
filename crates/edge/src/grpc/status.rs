//! Problems as gRPC statuses: the code, the name in `playhead-problem`, and when to try again.

use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};

use crate::problem::{Problem, ProblemType};

/// The metadata that carries a problem's name.
pub(crate) const PROBLEM: &str = "playhead-problem";
const RETRY_AFTER: &str = "retry-after";

fn code_of(problem: ProblemType) -> Code {
    use ProblemType as P;
    match problem {
        P::InvalidField | P::MalformedBody | P::UnsupportedMediaType => Code::InvalidArgument,
        P::TooManyEvents | P::BodyTooLarge | P::QueryInvalid => Code::InvalidArgument,
        P::Unauthenticated => Code::Unauthenticated,
        P::Forbidden | P::QueryRefused => Code::PermissionDenied,
        P::NotFound => Code::NotFound,
        P::MethodNotAllowed => Code::Unimplemented,
        P::Conflict => Code::AlreadyExists,
        P::TooBusy | P::StorageFull | P::HeaderTooLarge | P::QueryTooLarge => Code::ResourceExhausted,
        P::Unavailable | P::UnknownOutcome => Code::Unavailable,
        P::Timeout | P::QueryTooLong => Code::DeadlineExceeded,
        P::Internal => Code::Internal,
    }
}

impl From<Problem> for Status {
    fn from(problem: Problem) -> Self {
        let message = match (&problem.field, problem.limit) {
            (Some(field), _) => format!("{field}: {}", problem.detail),
            (None, Some(limit)) => format!("{limit}: {}", problem.detail),
            (None, None) => problem.detail.into_owned(),
        };
        let mut metadata = MetadataMap::new();
        metadata.insert(PROBLEM, MetadataValue::from_static(problem.of.name()));
        if let Some(seconds) = problem.of.retry_after_s() {
            metadata.insert(RETRY_AFTER, MetadataValue::from(seconds));
        }
        Self::with_metadata(code_of(problem.of), message, metadata)
    }
}
