//! The entries of some users. One shard is one lock; nothing here waits.

use std::collections::HashMap;

use playhead_domain::{Offset, State, UserId, VideoId};

use crate::forgotten::Forgotten;

/// The entries of a user, by video. Few, so a sorted list is smaller and quicker than a tree; the state is boxed so that
/// putting one in between moves little.
type Entries = Vec<(VideoId, Box<State>)>;

/// Users with their entries.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    users: HashMap<UserId, Entries>,
    /// Forgettings of these users.
    pub(crate) forgotten: Forgotten,
}

/// The room that an entry takes: as many as its plays, so that memory is bounded whatever the plays.
fn weight(state: &State) -> usize {
    state.slices().len().max(1)
}

fn find(entries: &Entries, video: &VideoId) -> Result<usize, usize> {
    entries.binary_search_by(|(held, _)| held.cmp(video))
}

impl Shard {
    /// Joins the state into the entry. Gives the room taken.
    pub(crate) fn join(&mut self, user: UserId, video: VideoId, state: State) -> usize {
        let entries = self.users.entry(user).or_default();
        match find(entries, &video) {
            Ok(at) => {
                let held = &mut entries[at].1;
                let before = weight(held);
                held.join(&state);
                weight(held) - before
            }
            Err(at) => {
                let taken = weight(&state);
                entries.insert(at, (video, Box::new(state)));
                taken
            }
        }
    }

    /// What is held of one video.
    pub(crate) fn get(&self, user: &UserId, video: &VideoId) -> Option<&State> {
        let entries = self.users.get(user)?;
        find(entries, video).ok().map(|at| &*entries[at].1)
    }

    /// What is held of all of the user's videos, by video.
    pub(crate) fn by_user(&self, user: &UserId) -> impl Iterator<Item = (&VideoId, &State)> {
        self.users.get(user).into_iter().flatten().map(|(video, state)| (video, &**state))
    }

    /// Lets the entry go if all of its records are below the offset. Gives the room freed.
    pub(crate) fn release(&mut self, user: &UserId, video: &VideoId, below: Offset) -> usize {
        let Some(entries) = self.users.get_mut(user) else {
            return 0;
        };
        let is_below = |state: &State| state.offsets().is_none_or(|range| range.greatest < below);
        let freed = match find(entries, video) {
            Ok(at) if is_below(&entries[at].1) => weight(&entries.remove(at).1),
            _ => 0,
        };
        if entries.is_empty() {
            self.users.remove(user);
        }
        freed
    }

    /// Drops what knows of a record below the offset. Gives the room freed.
    pub(crate) fn forget(&mut self, user: &UserId, video: Option<&VideoId>, below: Offset) -> usize {
        let Some(entries) = self.users.get_mut(user) else {
            return 0;
        };
        let mut freed = 0;
        entries.retain_mut(|(held, state)| {
            if video.is_some_and(|video| video != held) {
                return true;
            }
            let before = weight(state);
            state.forget_below(below);
            freed += if state.is_empty() { before } else { before - weight(state) };
            !state.is_empty()
        });
        if entries.is_empty() {
            self.users.remove(user);
        }
        freed
    }
}
