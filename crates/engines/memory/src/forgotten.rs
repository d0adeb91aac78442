//! Forgettings that must still be remembered: a late merge of a record below one is ignored.

use std::collections::HashMap;

use playhead_domain::{Offset, UserId, VideoId};
use playhead_ports::Veil;

use crate::released::PartitionNumber;

/// What of a user is forgotten.
#[derive(Debug)]
struct OfUser {
    partition: PartitionNumber,
    veil: Veil,
}

impl OfUser {
    /// The room it takes, in entries.
    fn weight(&self) -> usize {
        1 + self.veil.below.len()
    }
}

/// The forgettings of a shard's users. Each is dropped once the base has passed its offset, because from then on everything
/// below it is ignored anyway; until then it takes room like an entry.
#[derive(Debug, Default)]
pub(crate) struct Forgotten {
    users: HashMap<UserId, OfUser>,
}

impl Forgotten {
    /// Remembers one. Gives the room taken.
    pub(crate) fn remember(
        &mut self,
        partition: PartitionNumber,
        user: &UserId,
        video: Option<&VideoId>,
        below: Offset,
    ) -> usize {
        let before = self.users.get(user).map_or(0, OfUser::weight);
        let fresh = || OfUser { partition, veil: Veil::default() };
        let of_user = self.users.entry(user.clone()).or_insert_with(fresh);
        match video {
            None => of_user.veil.all_below = of_user.veil.all_below.max(below),
            Some(video) => match of_user.veil.below.iter_mut().find(|(held, _)| held == video) {
                Some((_, held)) => *held = below.max(*held),
                None => of_user.veil.below.push((video.clone(), below)),
            },
        }
        of_user.weight() - before
    }

    /// Records of this key below this offset are forgotten.
    pub(crate) fn below(&self, user: &UserId, video: &VideoId) -> Offset {
        self.users.get(user).map_or(Offset::default(), |of_user| of_user.veil.below(video))
    }

    /// All that is remembered of the user.
    pub(crate) fn veil(&self, user: &UserId) -> Veil {
        self.users.get(user).map_or(Veil::default(), |of_user| of_user.veil.clone())
    }

    /// Drops what the base of this partition has passed. Gives the room freed.
    pub(crate) fn pass(&mut self, partition: PartitionNumber, released_below: Offset) -> usize {
        let mut freed = 0;
        self.users.retain(|_, of_user| {
            if of_user.partition != partition {
                return true;
            }
            let before = of_user.weight();
            of_user.veil.below.retain(|(_, below)| *below >= released_below);
            let is_needed = of_user.veil.all_below >= released_below || !of_user.veil.below.is_empty();
            freed += if is_needed { before - of_user.weight() } else { before };
            is_needed
        });
        freed
    }

    /// Whether there are none: almost always.
    pub(crate) fn is_empty(&self) -> bool {
        self.users.is_empty()
    }
}
