//! How far the base has got in each partition, as releases told.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;
use playhead_domain::Offset;
use playhead_ports::TopicPartition;

/// The number of a partition within this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartitionNumber(usize);

/// The mark of each partition below which the base has everything.
#[derive(Debug, Default)]
pub(crate) struct Released {
    /// A handful of partitions, so a walk is quicker than a map. Grows only.
    partitions: RwLock<Vec<(TopicPartition, AtomicU64)>>,
}

impl Released {
    /// The number of the partition, given at its first use.
    pub(crate) fn number_of(&self, at: &TopicPartition) -> PartitionNumber {
        let position = |partitions: &[(TopicPartition, AtomicU64)]| partitions.iter().position(|(held, _)| held == at);
        if let Some(number) = position(&self.partitions.read()) {
            return PartitionNumber(number);
        }
        let mut partitions = self.partitions.write();
        PartitionNumber(position(&partitions).unwrap_or_else(|| {
            partitions.push((at.clone(), AtomicU64::new(0)));
            partitions.len() - 1
        }))
    }

    /// The base has everything below this. Read it under the lock of the shard that is about to change: a release raises the
    /// mark before it takes that lock, so what slips in below the mark is still there for it to find.
    pub(crate) fn below(&self, partition: PartitionNumber) -> Offset {
        Offset(self.partitions.read()[partition.0].1.load(Ordering::Acquire))
    }

    /// Raises the mark; it never goes back.
    pub(crate) fn raise(&self, partition: PartitionNumber, below: Offset) {
        self.partitions.read()[partition.0].1.fetch_max(below.0, Ordering::AcqRel);
    }
}
