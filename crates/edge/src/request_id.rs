//! The id of a request: the caller's own, or a new one. It stands in every answer and log line of the request.
//!
//! A new one is a part that is random per process and a number that counts up: a random id a request would cost more than the
//! rest of the front.

use std::sync::atomic::{AtomicU64, Ordering};

use http::header::{HeaderMap, HeaderName, HeaderValue};
use playhead_ports::Ids;

/// The header of the id, in requests and answers; in gRPC the metadata of that name.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const ID_BYTES_MAX: usize = 64;
/// The random end of a UUIDv7: 48 bits.
const PREFIX_BYTES: usize = 12;
const COUNTER_DIGITS: usize = 16;
const HEX: &[u8; 16] = b"0123456789abcdef";

/// Makes ids of requests.
pub(crate) struct RequestIds {
    prefix: [u8; PREFIX_BYTES],
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new(ids: &dyn Ids) -> Self {
        let mut prefix = [b'0'; PREFIX_BYTES];
        let id = ids.new_id();
        for (place, byte) in prefix.iter_mut().rev().zip(id.bytes().rev()) {
            *place = byte;
        }
        Self { prefix, next: AtomicU64::new(0) }
    }

    /// The id that the caller gave, if it is one, else a new one.
    pub(crate) fn of(&self, headers: &HeaderMap) -> HeaderValue {
        match headers.get(&REQUEST_ID) {
            Some(given) if is_id(given.as_bytes()) => given.clone(),
            _ => self.make(),
        }
    }

    fn make(&self) -> HeaderValue {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut text = [b'-'; PREFIX_BYTES + 1 + COUNTER_DIGITS];
        text[..PREFIX_BYTES].copy_from_slice(&self.prefix);
        let mut rest = number;
        for place in text[PREFIX_BYTES + 1..].iter_mut().rev() {
            *place = HEX[(rest & 0xf) as usize];
            rest >>= 4;
        }
        HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static("unknown"))
    }
}

fn is_id(bytes: &[u8]) -> bool {
    let in_alphabet = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'@' | b'-');
    (1..=ID_BYTES_MAX).contains(&bytes.len()) && bytes.iter().all(in_alphabet)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct FixedIds;
    impl Ids for FixedIds {
        fn new_id(&self) -> String {
            "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b".to_owned()
        }
    }

    fn given(id: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_static(id))])
    }

    #[test]
    fn a_callers_id_is_kept_if_it_is_one() {
        let ids = RequestIds::new(&FixedIds);
        assert_eq!(ids.of(&given("abc:1")), "abc:1");
        assert_eq!(ids.of(&given("a b")), "0c1d2e3f4a5b-0000000000000000");
        assert_eq!(ids.of(&HeaderMap::new()), "0c1d2e3f4a5b-0000000000000001");
        let long = HeaderValue::from_bytes(&[b'x'; 65]).expect("a header");
        assert_eq!(ids.of(&HeaderMap::from_iter([(REQUEST_ID, long)])), "0c1d2e3f4a5b-0000000000000002");
    }
}
