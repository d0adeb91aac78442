//! What a worker counted: answers by status, latencies.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::audience::Fate;
use crate::outcome::{Class, Failure};

/// The longest latency that is told apart, µs.
const LATENCY_US_MAX: u64 = 120_000_000;

/// Counts of one kind of request.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    /// Latencies of what was answered well, µs, from when it was meant to be sent.
    pub(crate) latency_us: Histogram<u64>,
    pub(crate) ok: u64,
    /// Held up because every connection was busy.
    pub(crate) late: u64,
    /// What was not answered well, by status.
    pub(crate) failures: BTreeMap<String, u64>,
    pub(crate) refused: u64,
    pub(crate) busy: u64,
    pub(crate) server: u64,
    pub(crate) broken: u64,
    /// Of these and the server's faults, what may have been done all the same.
    pub(crate) unknown: u64,
    pub(crate) last_answer: Option<Instant>,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            latency_us: Histogram::new_with_bounds(1, LATENCY_US_MAX, 3).expect("the bounds are those of a histogram"),
            ok: 0,
            late: 0,
            failures: BTreeMap::new(),
            refused: 0,
            busy: 0,
            server: 0,
            broken: 0,
            unknown: 0,
            last_answer: None,
        }
    }

    /// `count` requests meant to be sent at `intended` were answered well just now.
    pub(crate) fn ok(&mut self, intended: Instant, count: u64) {
        let now = Instant::now();
        self.latency_us.saturating_record_n(us(now.saturating_duration_since(intended)), count);
        self.ok += count;
        self.last_answer = Some(now);
    }

    /// `count` requests were not answered well.
    pub(crate) fn failed(&mut self, failure: &Failure, count: u64) {
        *self.failures.entry(failure.label.clone()).or_default() += count;
        let class = match failure.class {
            Class::Refused => &mut self.refused,
            Class::Busy => &mut self.busy,
            Class::Server => &mut self.server,
            Class::Broken | Class::Unreachable => &mut self.broken,
        };
        *class += count;
        self.unknown += if failure.fate() == Fate::Unknown { count } else { 0 };
        self.last_answer = Some(Instant::now());
    }

    /// Adds the counts of another worker.
    pub(crate) fn add(&mut self, other: &Self) {
        self.latency_us.add(&other.latency_us).expect("both have the same bounds");
        self.ok += other.ok;
        self.late += other.late;
        for (status, count) in &other.failures {
            *self.failures.entry(status.clone()).or_default() += count;
        }
        self.refused += other.refused;
        self.busy += other.busy;
        self.server += other.server;
        self.broken += other.broken;
        self.unknown += other.unknown;
        self.last_answer = self.last_answer.max(other.last_answer);
    }

    /// Requests that were sent.
    pub(crate) fn sent(&self) -> u64 {
        self.ok + self.refused + self.busy + self.server + self.broken
    }
}

fn us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(LATENCY_US_MAX).max(1)
}
