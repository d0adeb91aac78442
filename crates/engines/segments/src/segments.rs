//! The segments of a partition in order, the last of which is written. It knows where an offset lies, and nothing of who
//! writes or deletes.

use std::sync::Arc;

use parking_lot::RwLock;

use crate::segment::Segment;

/// The segments in order of their offsets; there is always one.
#[derive(Debug)]
pub(crate) struct Segments {
    /// Held for a look-up, or to add or remove one.
    list: RwLock<Vec<Arc<Segment>>>,
}

impl Segments {
    pub(crate) fn new(list: Vec<Arc<Segment>>) -> Self {
        assert!(!list.is_empty(), "a log has an active segment");
        Self { list: RwLock::new(list) }
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Arc<Segment>> {
        self.list.read().clone()
    }

    /// The one that is written.
    pub(crate) fn active(&self) -> Arc<Segment> {
        Arc::clone(self.list.read().last().expect("there is always one"))
    }

    /// The offset of the first record; the next one to be given if there is none.
    pub(crate) fn start(&self) -> u64 {
        let list = self.list.read();
        let with_records = list.iter().find(|segment| !segment.is_empty());
        with_records.unwrap_or_else(|| list.last().expect("there is always one")).header.first
    }

    /// The segment that holds the offset, or the first record after it.
    pub(crate) fn holding(&self, offset: u64) -> Arc<Segment> {
        let list = self.list.read();
        let found = list.iter().find(|segment| segment.end() > offset);
        Arc::clone(found.unwrap_or_else(|| list.last().expect("there is always one")))
    }

    /// The bytes of all of them.
    pub(crate) fn bytes(&self) -> u64 {
        self.list.read().iter().map(|segment| segment.valid_bytes()).sum()
    }

    pub(crate) fn push(&self, segment: Arc<Segment>) {
        self.list.write().push(segment);
    }

    /// Takes away the closed ones whose records all lie below the offset.
    pub(crate) fn remove_below(&self, offset: u64) {
        self.list.write().retain(|segment| !segment.is_closed() || segment.end() > offset);
    }
}
