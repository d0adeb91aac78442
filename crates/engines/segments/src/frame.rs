//! A frame: what one group commit writes. Its checksum covers the checksum of the frame before, so that a frame which was
//! lost, moved or taken from another place does not fit. It knows nothing of files.
//!
//! `magic u32, payload length u32, record count u32, checksum of the frame before u32, first offset u64, checksum u32`, little
//! endian, then the payload. The checksum begins with the log's salt: bytes inside a record that look like a frame are none.

/// The bytes before the payload.
pub(crate) const HEAD_BYTES: usize = 28;

const MAGIC: u32 = u32::from_le_bytes(*b"PhF1");
const CHECKED_BYTES: usize = 24;

/// The head of a frame that was found whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) payload_bytes: usize,
    pub(crate) count: u32,
    pub(crate) chain: u32,
    pub(crate) first: u64,
    pub(crate) crc: u32,
}

impl Head {
    /// The bytes of the whole frame.
    pub(crate) fn frame_bytes(&self) -> usize {
        HEAD_BYTES + self.payload_bytes
    }

    /// The offset after its last record.
    pub(crate) fn end(&self) -> u64 {
        self.first + u64::from(self.count)
    }
}

/// What bytes are, looked at as a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// A whole frame begins here.
    Whole(Head),
    /// If it is a frame, it has so many bytes.
    Needs(usize),
    /// No frame begins here, for this reason.
    None(&'static str),
}

/// The head for a payload, and the checksum which the next frame must name.
pub(crate) fn head(salt: u32, chain: u32, first: u64, count: u32, payload: &[u8]) -> ([u8; HEAD_BYTES], u32) {
    let payload_bytes = u32::try_from(payload.len()).expect("a frame is bounded by the settings, far below 4 GiB");
    let mut head = [0; HEAD_BYTES];
    head[0..4].copy_from_slice(&MAGIC.to_le_bytes());
    head[4..8].copy_from_slice(&payload_bytes.to_le_bytes());
    head[8..12].copy_from_slice(&count.to_le_bytes());
    head[12..16].copy_from_slice(&chain.to_le_bytes());
    head[16..24].copy_from_slice(&first.to_le_bytes());
    let crc = checksum(salt, &head, payload);
    head[CHECKED_BYTES..].copy_from_slice(&crc.to_le_bytes());
    (head, crc)
}

/// Looks at bytes as a frame.
pub(crate) fn look(salt: u32, bytes: &[u8]) -> Look {
    if bytes.len() < HEAD_BYTES {
        return Look::Needs(HEAD_BYTES);
    }
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    if word(0) != MAGIC {
        return Look::None("no frame begins here");
    }
    let payload_bytes = word(4) as usize;
    let count = word(8);
    if count == 0 || payload_bytes < count as usize {
        return Look::None("the frame's head is broken");
    }
    let Some(payload) = bytes.get(HEAD_BYTES..HEAD_BYTES + payload_bytes) else {
        return Look::Needs(HEAD_BYTES + payload_bytes);
    };
    let first = u64::from_le_bytes(bytes[16..24].try_into().expect("eight bytes"));
    if checksum(salt, bytes, payload) != word(CHECKED_BYTES) || first.checked_add(u64::from(count)).is_none() {
        return Look::None("the frame's checksum does not fit");
    }
    Look::Whole(Head { payload_bytes, count, chain: word(12), first, crc: word(CHECKED_BYTES) })
}

/// Where the next frame might begin in `bytes`, from `from` on.
pub(crate) fn find_magic(bytes: &[u8], from: usize) -> Option<usize> {
    let magic = MAGIC.to_le_bytes();
    (from..bytes.len().saturating_sub(magic.len() - 1))
        .find(|at| bytes[*at] == magic[0] && bytes[*at..].starts_with(&magic))
}

fn checksum(salt: u32, head: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(salt);
    hasher.update(&head[..CHECKED_BYTES]);
    hasher.update(payload);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Vec<u8> {
        let payload = b"some records";
        let (head, _) = head(7, 9, 40, 3, payload);
        [&head[..], payload].concat()
    }

    #[test]
    fn a_frame_is_found_whole() {
        let bytes = frame();
        let Look::Whole(head) = look(7, &bytes) else { panic!("not whole") };
        assert_eq!((head.first, head.end(), head.chain, head.frame_bytes()), (40, 43, 9, bytes.len()));
    }

    #[test]
    fn any_flipped_bit_is_noticed() {
        for bit in 0..frame().len() * 8 {
            let mut bytes = frame();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!matches!(look(7, &bytes), Look::Whole(_)), "bit {bit}");
        }
    }

    #[test]
    fn a_frame_of_another_log_is_none() {
        assert!(matches!(look(8, &frame()), Look::None(_)));
    }

    #[test]
    fn a_cut_frame_says_what_it_needs() {
        let bytes = frame();
        assert_eq!(look(7, &bytes[..bytes.len() - 1]), Look::Needs(bytes.len()));
        assert_eq!(look(7, &bytes[..3]), Look::Needs(HEAD_BYTES));
        assert_eq!(find_magic(&[b"xx", &bytes[..]].concat(), 0), Some(2));
        assert_eq!(find_magic(&bytes, 1), None);
    }
}
