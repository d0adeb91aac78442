//! Writes of the working state under way. Their bytes share one piece of memory: a batch has many, and they are cloned and
//! dropped on their way.

use std::ops::Range;

use bytes::Bytes;
use playhead_domain::Stable;
use playhead_ports::WorkingWrite;
use serde::Serialize;

/// The writes so far.
#[derive(Default)]
pub(crate) struct Writes {
    bytes: Vec<u8>,
    ranges: Vec<(Range<usize>, Option<Range<usize>>)>,
}

impl Writes {
    /// Puts a value under the key that `key` appends.
    pub(crate) fn put<T: Serialize>(&mut self, key: impl FnOnce(&mut Vec<u8>), value: &T) {
        let key = self.append(key);
        let value = self.append(|bytes| Stable::encode_onto(bytes, value));
        self.ranges.push((key, Some(value)));
    }

    /// Removes the key that `key` appends.
    pub(crate) fn remove(&mut self, key: impl FnOnce(&mut Vec<u8>)) {
        let key = self.append(key);
        self.ranges.push((key, None));
    }

    fn append(&mut self, put: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
        let begin = self.bytes.len();
        put(&mut self.bytes);
        begin..self.bytes.len()
    }

    /// All of them, in order.
    pub(crate) fn done(self) -> Vec<WorkingWrite> {
        let bytes = Bytes::from(self.bytes);
        let write = |(key, value): (Range<usize>, Option<Range<usize>>)| {
            (bytes.slice(key), value.map(|value| bytes.slice(value)))
        };
        self.ranges.into_iter().map(write).collect()
    }
}
