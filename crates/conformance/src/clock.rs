//! The contracts of [`Clock`] and [`Ids`], sentence by sentence.

use std::collections::HashSet;
use std::time::{SystemTime, UNIX_EPOCH};

use playhead_ports::{Clock, Ids};

use crate::sentence::Sentence;

/// How far the time that is told may be from this machine's, asked right before and after.
const SLACK_MS: i64 = 2;
const IDS: usize = 10_000;

/// Checks every sentence of a clock that is this machine's.
pub fn clock(clock: &dyn Clock) {
    let _sentence = Sentence("Now, by this machine's clock.");
    for _ in 0..100 {
        let (before, now, after) = (machine_ms(), clock.now().0, machine_ms());
        // A clock that steps back in between says nothing about ours.
        assert!(after < before || (before - SLACK_MS..=after + SLACK_MS).contains(&now), "{before} {now} {after}");
    }
}

#[expect(clippy::disallowed_methods, reason = "this is what a clock is held against")]
fn machine_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970");
    i64::try_from(since.as_millis()).expect("it is not that late")
}

/// Checks every sentence of what makes ids, by two who make them at once.
pub fn ids(ids: &dyn Ids) {
    let _sentence = Sentence("A new id, unlike any other: a UUIDv7 in its text form of 36 characters.");
    let some = || (0..IDS).map(|_| ids.new_id()).collect::<Vec<_>>();
    let (mine, theirs) = std::thread::scope(|scope| {
        let other = scope.spawn(some);
        (some(), other.join().expect("no panic"))
    });
    let mut seen = HashSet::new();
    for id in mine.into_iter().chain(theirs) {
        assert!(is_uuid_7(&id), "{id} is no UUIDv7");
        assert!(seen.insert(id.clone()), "{id} was given twice");
    }
}

/// 8-4-4-4-12 hexadecimal digits in lower case, of version 7 and the variant of RFC 9562.
fn is_uuid_7(id: &str) -> bool {
    let groups: Vec<&str> = id.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let is_hex = id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'));
    lengths == [8, 4, 4, 4, 12] && is_hex && groups[2].starts_with('7') && groups[3].starts_with(['8', '9', 'a', 'b'])
}
