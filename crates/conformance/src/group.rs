//! The contract of [`Group`], as far as one member alone can show it.

use std::collections::BTreeSet;
use std::time::Duration;

use playhead_ports::{Change, Group, TopicPartition};

use crate::sentence::Sentence;

const PATIENCE: Duration = Duration::from_secs(240);

/// Checks that the only member of a new group gains all of these partitions, each once, and then nothing changes.
pub async fn group(mut group: Box<dyn Group>, all: &[TopicPartition]) {
    let _sentence = Sentence("Every partition is given to one member at a time; dropping the future loses nothing.");
    let until = tokio::time::Instant::now() + PATIENCE;
    let mut held = BTreeSet::new();
    let mut hurry_us = [0, 100, 5_000, 200_000].into_iter().cycle();
    while held.len() < all.len() {
        assert!(tokio::time::Instant::now() < until, "gained {held:?} of {all:?}");
        let hurry = Duration::from_micros(hurry_us.next().expect("a cycle"));
        match tokio::time::timeout(hurry, group.next()).await {
            Ok(Change::Gained(gained)) => {
                for at in gained {
                    assert!(held.insert(at.clone()), "{at} was gained twice");
                }
            }
            Ok(Change::Revoking(revoked, release)) => {
                revoked.iter().for_each(|at| assert!(held.remove(at), "{at} was not held"));
                release.done();
            }
            Ok(Change::Lost(lost)) => lost.iter().for_each(|at| assert!(held.remove(at), "{at} was not held")),
            Err(_) => {}
        }
    }
    assert!(held.iter().eq(all.iter().collect::<BTreeSet<_>>()), "gained {held:?} of {all:?}");
    let change = tokio::time::timeout(Duration::from_millis(300), group.next()).await;
    assert!(change.is_err(), "nothing has happened, but the group says {change:?}");
}
