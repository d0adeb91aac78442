//! Keeps a forgetting apart from the writes of the same user.
//!
//! A write appends and then becomes visible; a forgetting that fell between the two would leave visible what the log says is
//! gone. Writers of a user pass together, a forgetting passes alone. Users share locks by hash.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use playhead_domain::UserId;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

const LOCKS: usize = 256;

/// The locks.
pub(crate) struct ForgetGate {
    locks: Vec<RwLock<()>>,
}

impl ForgetGate {
    pub(crate) fn new() -> Self {
        Self { locks: (0..LOCKS).map(|_| RwLock::new(())).collect() }
    }

    /// Passes with the writers of these users. Locks are taken in order, so that nobody waits in a circle.
    pub(crate) async fn write<'a>(&self, users: impl Iterator<Item = &'a UserId>) -> Vec<RwLockReadGuard<'_, ()>> {
        let mut at: Vec<usize> = users.map(lock_of).collect();
        at.sort_unstable();
        at.dedup();
        let mut guards = Vec::with_capacity(at.len());
        for at in at {
            guards.push(self.locks[at].read().await);
        }
        guards
    }

    /// Passes with the writers of this user.
    pub(crate) async fn write_one(&self, user: &UserId) -> RwLockReadGuard<'_, ()> {
        self.locks[lock_of(user)].read().await
    }

    /// Passes alone.
    pub(crate) async fn forget(&self, user: &UserId) -> RwLockWriteGuard<'_, ()> {
        self.locks[lock_of(user)].write().await
    }
}

fn lock_of(user: &UserId) -> usize {
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(user.as_str());
    usize::try_from(hash % LOCKS as u64).unwrap_or(0)
}
