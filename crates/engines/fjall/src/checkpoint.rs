//! Checkpoints beside the data that they speak of.

use fjall::{Keyspace, OwnedWriteBatch};
use playhead_domain::{Offset, Stable};
use playhead_ports::{Advance, Checkpoint, TopicPartition};

use crate::error::Trouble;

/// Keys of checkpoints begin with a byte that no key of data begins with.
pub(crate) const MARK: u8 = 0;

fn key_of(at: &TopicPartition) -> Vec<u8> {
    let mut key = vec![MARK];
    key.extend_from_slice(at.to_string().as_bytes());
    key
}

/// Where the partition stands.
pub(crate) fn read(data: &Keyspace, at: &TopicPartition) -> Result<Option<Checkpoint>, Trouble> {
    let Some(bytes) = data.get(key_of(at))? else {
        return Ok(None);
    };
    let broken = |error| Trouble::Broken(format!("the checkpoint of {at} is broken ({error}): rebuild"));
    Stable::decode(&bytes).map(Some).map_err(broken)
}

/// Whether every partition stands where its advance begins.
pub(crate) fn all_stand(data: &Keyspace, advances: &[Advance]) -> Result<bool, Trouble> {
    for advance in advances {
        let stands = match read(data, &advance.at)? {
            Some(checkpoint) => checkpoint.log_id == advance.log_id && checkpoint.next == advance.from,
            None => advance.from == Offset(0),
        };
        if !stands {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Puts the advances into the batch.
pub(crate) fn put(batch: &mut OwnedWriteBatch, data: &Keyspace, advances: &[Advance]) {
    for advance in advances {
        let checkpoint = Checkpoint { at: advance.at.clone(), log_id: advance.log_id.clone(), next: advance.to };
        batch.insert(data, key_of(&advance.at), Stable::encode(&checkpoint));
    }
}
