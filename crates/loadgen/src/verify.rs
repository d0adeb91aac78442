//! Whether what was acknowledged can be read: during the run, and of every pair at its end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use playhead_domain::Position;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::audience::{Audience, Expected, Order, SEQ_MODULUS, video_id};
use crate::grpc_line::GrpcLine;
use crate::http_line::HttpLine;
use crate::outcome::{Answer, Failure};

/// The most videos that one call reads.
const VIDEOS_PER_CALL: usize = 200;
/// A read that fails at the end is tried so often: a server that is busy has lost nothing.
const ATTEMPTS: u32 = 5;
/// After so many that were tried in vain each is tried once.
const UNREADABLE_PATIENCE: u64 = 2;

/// What was found wrong, with the first few in words.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Verification {
    /// Reads during the run of pairs with an acknowledged event.
    pub during_checked: u64,
    /// Of these, how many the server called stale, which excuses an older answer.
    pub during_stale: u64,
    /// Pairs with an acknowledged event, read at the end.
    pub keys: u64,
    /// Of these, how many gave what they must.
    pub verified: u64,
    /// Acknowledged, and nothing was found (during the run or at its end).
    pub lost: u64,
    /// An older position than the newest acknowledged one was found (during the run or at its end).
    pub older: u64,
    /// The newest event is there, but the position does not follow from it by the rules.
    pub wrong: u64,
    /// Pairs that could not be read at the end.
    pub unreadable: u64,
    /// Events of pairs beyond the bound of what is remembered: acknowledged or not, they were not checked.
    pub events_not_remembered: u64,
    /// The first few of what was found wrong.
    pub examples: Vec<String>,
}

/// The most examples in a report.
const EXAMPLES_MAX: usize = 10;

/// What a read told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    Stale,
    Lost,
    Older,
    Wrong,
}

impl Verification {
    /// Checks a read during the run: at least what was acknowledged before it was sent.
    pub(crate) fn check_during(&mut self, audience: &Audience, acked: Option<Order>, answer: Option<&Answer>) {
        let Some(acked) = acked else { return };
        self.during_checked += 1;
        let verdict = verdict(audience, acked, None, answer);
        match verdict {
            Verdict::Good | Verdict::Wrong => {}
            Verdict::Stale => self.during_stale += 1,
            Verdict::Lost => self.lost += 1,
            Verdict::Older => self.older += 1,
        }
        if matches!(verdict, Verdict::Lost | Verdict::Older) {
            self.example(|| format!("during the run: acknowledged {acked:?}, read {answer:?}"));
        }
    }

    fn check_at_end(&mut self, audience: &Audience, expected: &Expected, answer: Option<&Answer>) {
        self.keys += 1;
        let verdict = verdict(audience, expected.newest, expected.exact.as_ref(), answer);
        match verdict {
            Verdict::Good => self.verified += 1,
            Verdict::Stale => self.unreadable += 1,
            Verdict::Lost => self.lost += 1,
            Verdict::Older => self.older += 1,
            Verdict::Wrong => self.wrong += 1,
        }
        if verdict != Verdict::Good {
            self.example(|| format!("at the end: {verdict:?}: expected {expected:?}, read {answer:?}"));
        }
    }

    /// How often a read that fails is tried. A server that never reads well is not waited for at every pair.
    fn attempts(&self) -> u32 {
        if self.unreadable < UNREADABLE_PATIENCE { ATTEMPTS } else { 1 }
    }

    fn unreadable(&mut self, keys: u64, failure: &Failure) {
        self.keys += keys;
        self.unreadable += keys;
        self.example(|| format!("at the end: cannot read: {failure}"));
    }

    fn example(&mut self, text: impl FnOnce() -> String) {
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(text());
        }
    }

    /// Adds what another worker found.
    pub(crate) fn add(&mut self, other: Self) {
        self.during_checked += other.during_checked;
        self.during_stale += other.during_stale;
        self.keys += other.keys;
        self.verified += other.verified;
        self.lost += other.lost;
        self.older += other.older;
        self.wrong += other.wrong;
        self.unreadable += other.unreadable;
        self.events_not_remembered += other.events_not_remembered;
        self.examples.extend(other.examples);
        self.examples.truncate(EXAMPLES_MAX);
    }
}

fn verdict(audience: &Audience, newest: Order, exact: Option<&Position>, answer: Option<&Answer>) -> Verdict {
    let Some(answer) = answer else { return Verdict::Lost };
    let is_new = is_at_least(audience, answer, newest);
    match (is_new, answer.stale, exact) {
        (false, true, _) => Verdict::Stale,
        (false, false, _) => Verdict::Older,
        (true, _, Some(exact)) if !says(answer, exact) => Verdict::Wrong,
        (true, _, _) => Verdict::Good,
    }
}

/// Whether the answer stands at or past `newest` in merge order. Within one millisecond of one play the events are told
/// apart by the last digits of their positions.
fn is_at_least(audience: &Audience, answer: &Answer, newest: Order) -> bool {
    let play_id = audience.play_id(newest.play);
    let by_play = answer.event_time.cmp(&newest.event_time.0).then_with(|| answer.play_id.cmp(&play_id));
    let ahead = (answer.position_ms % SEQ_MODULUS + SEQ_MODULUS - newest.seq % SEQ_MODULUS) % SEQ_MODULUS;
    by_play.then((SEQ_MODULUS / 2).cmp(&ahead)).is_ge()
}

fn says(answer: &Answer, exact: &Position) -> bool {
    answer.position_ms == exact.position_ms
        && answer.resume_ms == exact.resume_ms
        && answer.completed == exact.completed
        && answer.event_time == exact.event_time.0
        && exact.play_id.as_ref().is_some_and(|play_id| play_id.as_str() == answer.play_id)
        && answer.kind == exact.kind.name()
}

/// The connections to verify over.
pub(crate) enum Readers {
    Http(Vec<HttpLine>),
    Grpc(Vec<GrpcLine>),
}

/// Reads every remembered pair and compares.
pub(crate) async fn at_the_end(audience: &Arc<Audience>, readers: Readers) -> Verification {
    let expected = audience.expected();
    let mut whole = Verification { events_not_remembered: audience.not_remembered(), ..Verification::default() };
    let mut tasks = JoinSet::new();
    match readers {
        Readers::Http(lines) => {
            let parts = parts(expected, lines.len());
            for (mut line, part) in lines.into_iter().zip(parts) {
                let audience = Arc::clone(audience);
                tasks.spawn(async move { one_by_one(&audience, &mut line, &part).await });
            }
        }
        Readers::Grpc(lines) => {
            let parts = parts(expected, lines.len());
            for (mut line, part) in lines.into_iter().zip(parts) {
                let audience = Arc::clone(audience);
                tasks.spawn(async move { by_user(&audience, &mut line, &part).await });
            }
        }
    }
    while let Some(found) = tasks.join_next().await {
        whole.add(found.expect("verifying does not panic"));
    }
    whole
}

/// About equal parts, in order.
fn parts(expected: Vec<Expected>, count: usize) -> Vec<Vec<Expected>> {
    let size = expected.len().div_ceil(count.max(1)).max(1);
    expected.chunks(size).map(<[Expected]>::to_vec).collect()
}

async fn one_by_one(audience: &Audience, line: &mut HttpLine, part: &[Expected]) -> Verification {
    let mut found = Verification::default();
    for expected in part {
        let mut read = line.read(audience, expected.key).await;
        for attempt in 1..found.attempts() {
            if !is_worth_another(&read) {
                break;
            }
            tokio::time::sleep(pause(attempt)).await;
            read = line.read(audience, expected.key).await;
        }
        match read {
            Ok(answer) => found.check_at_end(audience, expected, answer.as_ref()),
            Err(failure) => found.unreadable(1, &failure),
        }
    }
    found
}

/// A failure, or an answer that owns to be stale.
fn is_worth_another(read: &Result<Option<Answer>, Failure>) -> bool {
    match read {
        Ok(answer) => answer.as_ref().is_some_and(|answer| answer.stale),
        Err(_) => true,
    }
}

async fn by_user(audience: &Audience, line: &mut GrpcLine, part: &[Expected]) -> Verification {
    let mut found = Verification::default();
    for of_user in part.chunk_by(|a, b| a.key.user == b.key.user).flat_map(|of_user| of_user.chunks(VIDEOS_PER_CALL)) {
        let mut read = read_many(audience, line, of_user).await;
        for attempt in 1..found.attempts() {
            if read.as_ref().is_ok_and(|answers| answers.values().all(|answer| !answer.stale)) {
                break;
            }
            tokio::time::sleep(pause(attempt)).await;
            read = read_many(audience, line, of_user).await;
        }
        match read {
            Ok(answers) => {
                for expected in of_user {
                    found.check_at_end(audience, expected, answers.get(&video_id(expected.key.video)));
                }
            }
            Err(failure) => found.unreadable(of_user.len() as u64, &failure),
        }
    }
    found
}

async fn read_many(
    audience: &Audience,
    line: &mut GrpcLine,
    of_user: &[Expected],
) -> Result<HashMap<String, Answer>, Failure> {
    let videos = of_user.iter().map(|expected| expected.key.video);
    Ok(line.read_many(audience, of_user[0].key.user, videos).await?.into_iter().collect())
}

fn pause(attempt: u32) -> Duration {
    Duration::from_millis(100) * 2u32.pow(attempt)
}
