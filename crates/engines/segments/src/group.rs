//! The group of one process: it is its only member and reads everything.

use async_trait::async_trait;
use playhead_ports::{Change, EventLog, Group, LogError, Topic, TopicPartition};

/// A group that gains all partitions of its topics once, and then waits for ever.
#[derive(Debug)]
pub struct SegmentGroup {
    to_gain: Option<Vec<TopicPartition>>,
}

impl SegmentGroup {
    /// The group over all partitions of these topics, which must be there.
    pub async fn join(log: &dyn EventLog, topics: &[Topic]) -> Result<Self, LogError> {
        let mut all = Vec::new();
        for topic in topics {
            let partitions = log.partitions(topic).await?;
            all.extend((0..partitions).map(|number| TopicPartition::new(topic, number)));
        }
        Ok(Self { to_gain: Some(all) })
    }
}

#[async_trait]
impl Group for SegmentGroup {
    async fn next(&mut self) -> Change {
        match self.to_gain.take() {
            Some(all) => Change::Gained(all),
            None => std::future::pending().await,
        }
    }
}
