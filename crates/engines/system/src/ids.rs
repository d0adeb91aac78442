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
