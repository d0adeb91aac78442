//! New ids from the machine's clock and random bytes.

use playhead_ports::Ids;

/// UUIDv7: sorts by the time it was made, random beyond that.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    fn new_id(&self) -> String {
        uuid::Uuid::now_v7().to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_uuids_of_version_7_and_never_alike() {
        let ids: HashSet<String> = (0..10_000).map(|_| SystemIds.new_id()).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.iter().all(|id| id.len() == 36 && id.as_bytes()[14] == b'7'));
    }
}
