//! Consumer groups: who reads which partition.

use async_trait::async_trait;
use tokio::sync::oneshot;

use crate::TopicPartition;

/// Tells the group that a partition is no longer used here. Dropping it says the same.
#[derive(Debug)]
pub struct Release(Option<oneshot::Sender<()>>);

impl Release {
    /// A release and what hears of it.
    pub fn new() -> (Self, oneshot::Receiver<()>) {
        let (sender, receiver) = oneshot::channel();
        (Self(Some(sender)), receiver)
    }

    /// The partition is released.
    pub fn done(mut self) {
        if let Some(sender) = self.0.take() {
            // The group may have gone; then nobody waits.
            let _ = sender.send(());
        }
    }
}

/// A change of what this member reads.
#[derive(Debug)]
pub enum Change {
    /// These partitions are read here from now on, from their sinks' checkpoints.
    Gained(Vec<TopicPartition>),
    /// These partitions go to another member once they are released: finish the batch, commit, release.
    Revoking(Vec<TopicPartition>, Release),
    /// These partitions are another member's already: drop what was gathered of them.
    Lost(Vec<TopicPartition>),
}

/// A member of a consumer group.
///
/// Every partition of the group's topics is given to one member at a time, so far as the engine can tell; a member that
/// was too slow to notice a loss is stopped by its sink's checkpoint, never by the group.
#[async_trait]
pub trait Group: Send + Sync {
    /// The next change; waits until there is one. Dropping the future loses nothing.
    async fn next(&mut self) -> Change;
}
