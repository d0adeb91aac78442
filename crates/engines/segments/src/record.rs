//! Records to bytes and back: lengths as varints, then the bytes. It knows nothing of frames or files.
//!
//! `key length, value length, time (zigzag), header count, key, value`, then per header `name length, name, value length,
//! value`. A decoded record points into the bytes that it was decoded from.

use bytes::Bytes;
use playhead_domain::Timestamp;
use playhead_ports::{Header, Record};

/// The fewest bytes that a record can take.
pub(crate) const RECORD_BYTES_MIN: u64 = 4;

/// Appends the record's bytes to `into`.
pub(crate) fn encode(record: &Record, into: &mut Vec<u8>) {
    varint(record.key.len() as u64, into);
    varint(record.value.len() as u64, into);
    varint(zigzag(record.time.0), into);
    varint(record.headers.len() as u64, into);
    into.extend_from_slice(&record.key);
    into.extend_from_slice(&record.value);
    for header in &record.headers {
        varint(header.name.len() as u64, into);
        into.extend_from_slice(header.name.as_bytes());
        varint(header.value.len() as u64, into);
        into.extend_from_slice(&header.value);
    }
}

/// Takes the next record off the front of `from`; nothing if the bytes are none.
pub(crate) fn decode(from: &mut Bytes) -> Option<Record> {
    let key_len = length(from)?;
    let value_len = length(from)?;
    let time = Timestamp(unzigzag(take_varint(from)?));
    let header_count = length(from)?;
    let key = take(from, key_len)?;
    let value = take(from, value_len)?;
    let mut headers = Vec::with_capacity(header_count.min(64));
    for _ in 0..header_count {
        let name_len = length(from)?;
        let name = take(from, name_len)?;
        let value_len = length(from)?;
        let value = take(from, value_len)?;
        headers.push(Header { name: std::str::from_utf8(&name).ok()?.into(), value });
    }
    Some(Record { key, value, time, headers })
}

fn varint(mut value: u64, into: &mut Vec<u8>) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

fn take_varint(from: &mut Bytes) -> Option<u64> {
    let mut value = 0u64;
    for (at, byte) in from.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            let _ = from.split_to(at + 1);
            return Some(value);
        }
    }
    None
}

fn length(from: &mut Bytes) -> Option<usize> {
    usize::try_from(take_varint(from)?).ok()
}

fn take(from: &mut Bytes, len: usize) -> Option<Bytes> {
    if len == 0 {
        // An empty slice would keep the whole buffer alive for nothing.
        return Some(Bytes::new());
    }
    (len <= from.len()).then(|| from.split_to(len))
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(most: usize) -> impl Strategy<Value = Bytes> {
        proptest::collection::vec(any::<u8>(), 0..most).prop_map(Bytes::from)
    }

    fn record() -> impl Strategy<Value = Record> {
        let headers = proptest::collection::vec(
            ("[a-z]{1,9}", bytes(9)).prop_map(|(name, value)| Header { name: name.as_str().into(), value }),
            0..4,
        );
        (bytes(40), bytes(400), any::<i64>(), headers).prop_map(|(key, value, time, headers)| Record {
            key,
            value,
            time: Timestamp(time),
            headers,
        })
    }

    proptest! {
        #[test]
        fn records_come_back_as_they_were(records in proptest::collection::vec(record(), 0..6)) {
            let mut encoded = Vec::new();
            for record in &records {
                let before = encoded.len();
                encode(record, &mut encoded);
                prop_assert!((encoded.len() - before) as u64 >= RECORD_BYTES_MIN);
            }
            let mut from = Bytes::from(encoded);
            for record in &records {
                let decoded = decode(&mut from);
                prop_assert_eq!(decoded.as_ref(), Some(record));
            }
            prop_assert!(from.is_empty());
        }

        #[test]
        fn any_bytes_are_decoded_or_refused(noise in bytes(200)) {
            let mut from = noise;
            while decode(&mut from).is_some() && !from.is_empty() {}
        }
    }
}
