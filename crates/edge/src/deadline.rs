//! How long a request may take, by the caller's wish within the server's limit.

use std::time::Duration;

use http::header::{HeaderMap, HeaderName};

use crate::problem::Problem;

/// The longest time that the caller waits, ms.
pub(crate) const REQUEST_TIMEOUT: HeaderName = HeaderName::from_static("x-request-timeout-ms");
const GRPC_TIMEOUT: &str = "grpc-timeout";
/// More digits than this are no time that anybody waits.
const DIGITS_MAX: usize = 8;

/// The time that an HTTP request may take.
pub(crate) fn of_http(headers: &HeaderMap, most: Duration) -> Result<Duration, Problem> {
    let Some(given) = headers.get(&REQUEST_TIMEOUT) else { return Ok(most) };
    let wished = digits(given.as_bytes()).filter(|ms| *ms > 0).ok_or_else(|| {
        Problem::invalid_field(
            REQUEST_TIMEOUT.as_str().to_owned(),
            "must be a number of milliseconds from 1, of at most 8 digits",
        )
    })?;
    Ok(most.min(Duration::from_millis(wished)))
}

/// The time that a gRPC caller gave, if any. What cannot be read is no time, as the protocol's other servers have it.
pub(crate) fn of_grpc(headers: &HeaderMap) -> Option<Duration> {
    let given = headers.get(GRPC_TIMEOUT)?.as_bytes();
    let (unit, value) = given.split_last()?;
    let value = digits(value)?;
    match unit {
        b'H' => Some(Duration::from_secs(value.saturating_mul(3_600))),
        b'M' => Some(Duration::from_secs(value.saturating_mul(60))),
        b'S' => Some(Duration::from_secs(value)),
        b'm' => Some(Duration::from_millis(value)),
        b'u' => Some(Duration::from_micros(value)),
        b'n' => Some(Duration::from_nanos(value)),
        _ => None,
    }
}

fn digits(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() || bytes.len() > DIGITS_MAX {
        return None;
    }
    bytes.iter().try_fold(0u64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_caller_may_lower_the_limit_and_never_raise_it() {
        let most = Duration::from_secs(10);
        let of = |text: &'static str| {
            of_http(&HeaderMap::from_iter([(REQUEST_TIMEOUT, HeaderValue::from_static(text))]), most).ok()
        };
        assert_eq!(of_http(&HeaderMap::new(), most).ok(), Some(most));
        assert_eq!(of("250"), Some(Duration::from_millis(250)));
        assert_eq!(of("99999999"), Some(most));
        assert_eq!([of("0"), of("-1"), of("1.5"), of("123456789"), of("")], [None; 5]);
    }

    #[test]
    fn a_grpc_timeout_has_a_unit() {
        let of = |text: &'static str| {
            let name = HeaderName::from_static(GRPC_TIMEOUT);
            of_grpc(&HeaderMap::from_iter([(name, HeaderValue::from_static(text))]))
        };
        assert_eq!(of("2S"), Some(Duration::from_secs(2)));
        assert_eq!(of("150m"), Some(Duration::from_millis(150)));
        assert_eq!(of("1H"), Some(Duration::from_secs(3_600)));
        assert_eq!([of("S"), of("5"), of("123456789S"), of("5x")], [None; 4]);
    }
}
