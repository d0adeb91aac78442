//! The first bytes of a segment file: whose it is, where it begins, and the checksum that its first frame must name.
//!
//! `magic and version [8], log id [16], first offset u64, chain u32, flags u32, created ms i64, checksum u32`, little endian,
//! padded with zeros.

use uuid::Uuid;

/// Frames begin here.
pub(crate) const SEGMENT_HEADER_BYTES: usize = 64;

const MAGIC: &[u8; 8] = b"PHSEG\0\0\x01";
const CHECKED_BYTES: usize = 48;
const FRESH_CHAIN: u32 = 1;

/// A segment's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) log_id: Uuid,
    pub(crate) first: u64,
    /// The checksum of the last frame before this segment.
    pub(crate) chain: u32,
    /// A repair has lost what was before: the chain begins anew here.
    pub(crate) fresh_chain: bool,
    /// When the segment was begun, which is when the one before was closed.
    pub(crate) created_ms: i64,
}

impl Header {
    /// Its bytes.
    pub(crate) fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut bytes = [0; SEGMENT_HEADER_BYTES];
        bytes[0..8].copy_from_slice(MAGIC);
        bytes[8..24].copy_from_slice(self.log_id.as_bytes());
        bytes[24..32].copy_from_slice(&self.first.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.chain.to_le_bytes());
        bytes[36..40].copy_from_slice(&(if self.fresh_chain { FRESH_CHAIN } else { 0 }).to_le_bytes());
        bytes[40..48].copy_from_slice(&self.created_ms.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..CHECKED_BYTES]);
        bytes[CHECKED_BYTES..CHECKED_BYTES + 4].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// The header of these bytes, if they are one.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..SEGMENT_HEADER_BYTES)?;
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        if &bytes[..8] != MAGIC || crc32fast::hash(&bytes[..CHECKED_BYTES]) != word(CHECKED_BYTES) {
            return None;
        }
        Some(Self {
            log_id: Uuid::from_slice(&bytes[8..24]).ok()?,
            first: u64::from_le_bytes(bytes[24..32].try_into().ok()?),
            chain: word(32),
            fresh_chain: word(36) & FRESH_CHAIN != 0,
            created_ms: i64::from_le_bytes(bytes[40..48].try_into().ok()?),
        })
    }
}

/// What the checksums of a log's frames begin with.
pub(crate) fn salt(log_id: &Uuid) -> u32 {
    crc32fast::hash(log_id.as_bytes())
}
