//! When requests are due. Latency is counted from then, so that a slow server cannot hide behind requests not sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

/// How long after the end of a run what was due may still be sent.
const GRACE: Duration = Duration::from_secs(5);
/// The releasing thread sleeps at least this long, so that it does not take the processor that the server needs.
const SLEEP_MIN: Duration = Duration::from_micros(100);

/// One request that is due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Due {
    /// Its number, from 0.
    pub(crate) number: u64,
    /// When it was meant to be sent.
    pub(crate) intended: Instant,
    /// Every connection was busy then: the bound of requests under way held it up.
    pub(crate) late: bool,
}

/// Hands out requests to whichever connection is free.
pub(crate) struct Pace {
    start: Instant,
    end: Instant,
    /// Nanoseconds between two requests; none in a closed loop.
    interval_ns: Option<f64>,
    /// The requests of an open loop.
    total: u64,
    /// One permit for each request that is due and not yet taken. Waiting connections take them in order of arrival.
    due: Semaphore,
    taken: AtomicU64,
}

impl Pace {
    /// `per_s` requests a second from `start` on.
    pub(crate) fn open(start: Instant, duration: Duration, per_s: f64) -> Arc<Self> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate and a duration are positive"
        )]
        let total = (per_s * duration.as_secs_f64()).round() as u64;
        Arc::new(Self::new(start, duration, (per_s > 0.0).then(|| 1e9 / per_s), total))
    }

    /// As fast as they are answered.
    pub(crate) fn closed(start: Instant, duration: Duration) -> Arc<Self> {
        Arc::new(Self::new(start, duration, None, u64::MAX))
    }

    fn new(start: Instant, duration: Duration, interval_ns: Option<f64>, total: u64) -> Self {
        Self { start, end: start + duration, interval_ns, total, due: Semaphore::new(0), taken: AtomicU64::new(0) }
    }

    /// The next request; none when the run is over.
    pub(crate) async fn next(&self) -> Option<Due> {
        if self.interval_ns.is_none() {
            let number = self.taken.fetch_add(1, Ordering::Relaxed);
            let intended = Instant::now();
            return (intended < self.end && self.total > 0).then_some(Due { number, intended, late: false });
        }
        // A permit that lies about was released while nobody waited.
        let late = match self.due.try_acquire() {
            Ok(permit) => {
                permit.forget();
                true
            }
            Err(_) => {
                self.due.acquire().await.ok()?.forget();
                false
            }
        };
        if Instant::now() > self.end + GRACE {
            return None;
        }
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        (number < self.total).then(|| Due { number, intended: self.intended(number), late })
    }

    /// Requests that were due and never sent, because the run was over.
    pub(crate) fn unsent(&self) -> u64 {
        if self.interval_ns.is_none() { 0 } else { self.total.saturating_sub(self.taken.load(Ordering::Relaxed)) }
    }

    fn intended(&self, number: u64) -> Instant {
        #[expect(clippy::cast_precision_loss, reason = "a nanosecond in a month does not matter")]
        let ns = self.interval_ns.unwrap_or(0.0) * number as f64;
        self.start + Duration::from_secs_f64(ns / 1e9)
    }

    /// How many requests are due at `now`.
    fn due_at(&self, now: Instant) -> u64 {
        let Some(interval_ns) = self.interval_ns else { return 0 };
        let Some(since) = now.checked_duration_since(self.start) else { return 0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and far below 2^64")]
        let due = (since.as_secs_f64() * 1e9 / interval_ns) as u64 + 1;
        due.min(self.total)
    }

    /// Wakes up everyone who still waits.
    fn finish(&self) {
        self.due.add_permits(Semaphore::MAX_PERMITS / 2);
    }
}

/// Releases the requests of all paces at their times, from a thread of its own: the runtime's timer is a millisecond coarse.
pub(crate) fn release(paces: Vec<Arc<Pace>>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut released = vec![0u64; paces.len()];
        loop {
            let now = Instant::now();
            let mut wake: Option<Instant> = None;
            for (pace, released) in paces.iter().zip(&mut released) {
                let due = pace.due_at(now);
                pace.due.add_permits(usize::try_from(due - *released).unwrap_or(0));
                *released = due;
                if pace.interval_ns.is_some() && due < pace.total {
                    let at = pace.intended(due);
                    wake = Some(wake.map_or(at, |wake| wake.min(at)));
                }
            }
            let Some(wake) = wake else { break };
            thread::sleep(wake.saturating_duration_since(Instant::now()).max(SLEEP_MIN));
        }
        paces.iter().for_each(|pace| pace.finish());
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_request_of_an_open_loop_is_handed_out_once() {
        let pace = Pace::open(Instant::now(), Duration::from_millis(200), 5_000.0);
        let releasing = release(vec![Arc::clone(&pace)]);
        let taking: Vec<_> = (0..4)
            .map(|_| {
                let pace = Arc::clone(&pace);
                tokio::spawn(async move {
                    let mut numbers = Vec::new();
                    while let Some(due) = pace.next().await {
                        assert!(due.intended <= Instant::now());
                        numbers.push(due.number);
                    }
                    numbers
                })
            })
            .collect();
        let mut numbers = Vec::new();
        for task in taking {
            numbers.extend(task.await.expect("the task ends"));
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (0..1_000).collect::<Vec<u64>>());
        assert_eq!(pace.unsent(), 0);
        releasing.join().expect("the thread ends");
    }

    #[tokio::test]
    async fn what_waits_for_a_busy_connection_is_late() {
        let pace = Pace::open(Instant::now(), Duration::from_millis(20), 1_000.0);
        release(vec![Arc::clone(&pace)]).join().expect("the thread ends");
        let due = pace.next().await.expect("a request");
        assert!(due.late);
        assert_eq!(due.number, 0);
    }
}
