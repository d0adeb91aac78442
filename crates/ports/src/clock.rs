//! Time and new ids. A test's clock is a port too.

use playhead_domain::Timestamp;

/// The time of day.
pub trait Clock: Send + Sync {
    /// Now, by this machine's clock. It may step back.
    fn now(&self) -> Timestamp;
}

/// New ids.
pub trait Ids: Send + Sync {
    /// A new id, unlike any other: a UUIDv7 in its text form of 36 characters.
    fn new_id(&self) -> String;
}
