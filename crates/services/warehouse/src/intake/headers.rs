//! Headers of a message as text, and back: a JSON array of pairs, for a name may stand more than once.

use bytes::Bytes;
use playhead_ports::Header;
use smol_str::SmolStr;

/// The headers as text; none if there are none. Bytes that are no UTF-8 are replaced.
pub fn headers_text(headers: &[Header]) -> Option<SmolStr> {
    if headers.is_empty() {
        return None;
    }
    let pairs: Vec<(&str, String)> = headers
        .iter()
        .map(|header| (header.name.as_str(), String::from_utf8_lossy(&header.value).into_owned()))
        .collect();
    serde_json::to_string(&pairs).ok().map(SmolStr::from)
}

/// The headers that a text says.
pub fn headers_of(text: Option<&str>) -> Vec<Header> {
    let pairs: Vec<(String, String)> = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    pairs.into_iter().map(|(name, value)| Header { name: name.into(), value: Bytes::from(value) }).collect()
}
