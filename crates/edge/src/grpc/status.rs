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
        P::TooManyEvents | P::QueryInvalid => Code::InvalidArgument,
        P::Unauthenticated => Code::Unauthenticated,
        P::Forbidden | P::QueryRefused => Code::PermissionDenied,
        P::NotFound => Code::NotFound,
        P::MethodNotAllowed => Code::Unimplemented,
        P::Conflict => Code::AlreadyExists,
        P::TooBusy | P::StorageFull | P::HeaderTooLarge | P::BodyTooLarge | P::QueryTooLarge => Code::ResourceExhausted,
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

/// What the transport says of a message that is too large, packed or unpacked, as the problem that it is. Other statuses stay.
pub(super) fn sized(status: Status, bytes_max: usize) -> Status {
    let is_size = match status.code() {
        Code::OutOfRange => status.message().contains("message length too large"),
        Code::ResourceExhausted => status.message().starts_with("Error decompressing: size limit"),
        _ => false,
    };
    if !is_size {
        return status;
    }
    let detail = format!("a message may have {bytes_max} bytes, unpacked");
    Problem::at_limit(ProblemType::BodyTooLarge, "batch-bytes", detail).into()
}

/// The status that an answer begins with, if it is one: a call that was refused has nothing else.
pub(super) fn refused<T>(response: &http::Response<T>) -> Option<Status> {
    response.headers().get(Status::GRPC_STATUS)?;
    Status::from_header_map(response.headers())
}
