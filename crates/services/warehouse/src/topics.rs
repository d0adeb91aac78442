//! Messages that come from outside onto topics: what orders them, and which partition they go to.

use bytes::Bytes;
use serde_json::Value;

/// The partition of a key among `count`: FNV-1a, 64 bits, modulo the count. Without a key it is the first one.
pub fn partition_of(key: &[u8], count: u32) -> u32 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    if key.is_empty() {
        return 0;
    }
    let hash = key.iter().fold(OFFSET_BASIS, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME));
    u32::try_from(hash % u64::from(count.max(1))).unwrap_or(0)
}

/// The text of a field of a JSON message: names joined by dots. None if the message has no such field, or is no JSON.
pub fn key_of(message: &[u8], field: &str) -> Option<Bytes> {
    let value: Value = serde_json::from_slice(message).ok()?;
    let found = field.split('.').try_fold(&value, |at, name| at.get(name))?;
    match found {
        Value::String(text) => Some(Bytes::copy_from_slice(text.as_bytes())),
        Value::Number(number) => Some(Bytes::from(number.to_string())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_one_key_are_in_one_partition() {
        assert_eq!(partition_of(b"", 4), 0);
        assert_eq!(partition_of(b"a", 4), partition_of(b"a", 4));
        let of: std::collections::BTreeSet<u32> =
            (0..100).map(|key: u32| partition_of(&key.to_le_bytes(), 4)).collect();
        assert_eq!(of.len(), 4);
    }

    #[test]
    fn a_key_is_the_text_of_a_field() {
        let message = br#"{"object_id": 7, "payload": {"user": {"id": "u"}}}"#;
        assert_eq!(key_of(message, "object_id"), Some(Bytes::from_static(b"7")));
        assert_eq!(key_of(message, "payload.user.id"), Some(Bytes::from_static(b"u")));
        assert_eq!(key_of(message, "payload.user"), None);
        assert_eq!(key_of(b"nonsense", "object_id"), None);
    }
}
