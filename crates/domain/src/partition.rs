//! Where a record lies in the log.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::UserId;

/// The place of a record in its partition. Offsets increase; they may have gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Offset(pub u64);

impl Offset {
    /// The offset after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The partition of a user's records among `count`: FNV-1a, 64 bits, of the id's bytes, modulo the count. All of a user's
/// records are in one partition, so they are in order; the count is fixed when a topic is made.
pub fn partition_of(user: &UserId, count: u32) -> u32 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let hash = user.as_str().bytes().fold(OFFSET_BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    u32::try_from(hash % u64::from(count.max(1))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_spread_and_stable() {
        let mut sizes = [0u32; 8];
        for n in 0..8_000 {
            let user: UserId = format!("user-{n}").parse().expect("an id");
            sizes[partition_of(&user, 8) as usize] += 1;
        }
        assert!(sizes.iter().all(|size| (900..1_100).contains(size)), "{sizes:?}");
        assert_eq!(partition_of(&"u1".parse().expect("an id"), 1), 0);
        // A change of this number would send users to other partitions: it is a break.
        assert_eq!(partition_of(&"viewer-1".parse().expect("an id"), 1_000), 381);
    }
}
