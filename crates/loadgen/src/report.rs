//! What a run found, as data and as text.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::plan::{Pacing, Plan};
use crate::tally::Tally;
use crate::verify::Verification;
use crate::warehouse::WarehouseCheck;

/// Latencies, ms, from when each request was meant to be sent.
#[derive(Debug, Clone, Serialize)]
pub struct Latency {
    /// The median.
    pub p50: f64,
    /// 90 of 100 took at most this.
    pub p90: f64,
    /// 99 of 100.
    pub p99: f64,
    /// 999 of 1,000.
    #[serde(rename = "p99.9")]
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

/// One kind of request.
#[derive(Debug, Clone, Serialize)]
pub struct Operation {
    /// The rate asked for; none in a closed loop.
    pub target_per_s: Option<f64>,
    /// Answered well a second.
    pub achieved_per_s: f64,
    /// Sent.
    pub sent: u64,
    /// Answered well.
    pub ok: u64,
    /// Refused as the caller's fault.
    pub refused: u64,
    /// Refused because the server has too much to do (429, RESOURCE_EXHAUSTED).
    pub busy: u64,
    /// Failed by the server's fault (5xx and their gRPC twins).
    pub server_errors: u64,
    /// Not answered.
    pub broken: u64,
    /// What was not answered well, by status.
    pub errors: BTreeMap<String, u64>,
    /// Held up because as many requests as may be were under way.
    pub late: u64,
    /// Due and never sent, because the run was over.
    pub unsent: u64,
    /// Of what was answered well.
    pub latency_ms: Latency,
}

impl Operation {
    fn new(tally: &Tally, target_per_s: Option<f64>, unsent: u64, ran_s: f64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "microseconds of a few minutes")]
        let at = |share: f64| tally.latency_us.value_at_quantile(share) as f64 / 1_000.0;
        #[expect(clippy::cast_precision_loss, reason = "as above")]
        let max = tally.latency_us.max() as f64 / 1_000.0;
        #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
        let ok = tally.ok as f64;
        Self {
            target_per_s,
            achieved_per_s: if ran_s > 0.0 { ok / ran_s } else { 0.0 },
            sent: tally.sent(),
            ok: tally.ok,
            refused: tally.refused,
            busy: tally.busy,
            server_errors: tally.server,
            broken: tally.broken,
            errors: tally.failures.clone(),
            late: tally.late,
            unsent,
            latency_ms: Latency { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max },
        }
    }
}

impl Operation {
    fn is_asked_for(&self) -> bool {
        self.target_per_s.is_none_or(|rate| rate > 0.0)
    }

    /// Whether the rate, the time and the share of random packets left one to send.
    fn was_due(&self) -> bool {
        self.sent + self.unsent > 0
    }
}

/// Random packets.
#[derive(Debug, Clone, Serialize)]
pub struct RandomPackets {
    /// Sent.
    pub sent: u64,
    /// Refused in order.
    pub refused: u64,
    /// Taken as if they were good.
    pub accepted: u64,
    /// Answered with a server error.
    pub server_errors: u64,
    /// Not answered.
    pub broken: u64,
}

/// The whole run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Whether nothing was found wrong.
    pub good: bool,
    /// What was found wrong.
    pub problems: Vec<String>,
    /// The run's name; its events carry the session `load-<run>`.
    pub run: String,
    /// `http`, `grpc` or `stream`.
    pub protocol: &'static str,
    /// `open` or `closed`.
    pub pacing: &'static str,
    /// The seed of all choices.
    pub seed: u64,
    /// Viewers.
    pub users: u32,
    /// Videos.
    pub videos: u32,
    /// How users and videos are chosen.
    pub distribution: &'static str,
    /// Writing connections; as many requests (or streams) may be under way.
    pub connections: usize,
    /// Events a message, for a stream.
    pub batch: Option<usize>,
    /// How long it was to run.
    pub duration_s: f64,
    /// How long it ran, to the last answer.
    pub ran_s: f64,
    /// Events written.
    pub writes: Operation,
    /// Positions read.
    pub reads: Operation,
    /// Random packets.
    pub random: RandomPackets,
    /// Whether what was acknowledged can be read.
    pub verification: Verification,
    /// Whether the warehouse holds it once, if that was asked.
    pub warehouse: Option<WarehouseCheck>,
}

impl Report {
    pub(crate) fn new(
        plan: &Plan,
        ran_for: Duration,
        [writes, reads, random]: [&Tally; 3],
        (writes_unsent, reads_unsent): (u64, u64),
        verification: Verification,
        warehouse: Option<WarehouseCheck>,
    ) -> Self {
        let is_stream = plan.protocol == crate::Protocol::Stream;
        let (pacing, target_per_s) = match plan.pacing {
            Pacing::Open { writes_per_s } => ("open", Some(writes_per_s)),
            Pacing::Closed => ("closed", None),
        };
        // Counted over the time that was planned, or as long as it took if that was longer.
        let ran_s = ran_for.as_secs_f64().max(plan.duration.as_secs_f64());
        let writes_unsent = writes_unsent * if is_stream { plan.batch as u64 } else { 1 };
        let mut report = Self {
            good: false,
            problems: Vec::new(),
            run: plan.run.clone(),
            protocol: plan.protocol.name(),
            pacing,
            seed: plan.seed,
            users: plan.users,
            videos: plan.videos,
            distribution: "Zipf, exponent 1",
            connections: plan.connections,
            batch: is_stream.then_some(plan.batch),
            duration_s: plan.duration.as_secs_f64(),
            ran_s,
            writes: Operation::new(writes, target_per_s, writes_unsent, ran_s),
            reads: Operation::new(reads, Some(plan.reads_per_s), reads_unsent, ran_s),
            random: RandomPackets {
                sent: random.sent(),
                refused: random.refused + random.busy,
                accepted: random.ok,
                server_errors: random.server,
                broken: random.broken,
            },
            verification,
            warehouse,
        };
        report.problems = report.find_problems(plan.allow_breaks);
        report.good = report.problems.is_empty();
        report
    }

    fn find_problems(&self, allow_breaks: bool) -> Vec<String> {
        let found = &self.verification;
        let mut problems = Vec::new();
        let mut check = |count: u64, what: &str| {
            if count > 0 {
                problems.push(format!("{count} {what}"));
            }
        };
        check(found.lost, "acknowledged positions lost");
        check(found.older, "reads older than what was acknowledged");
        check(found.wrong, "positions that do not follow from the acknowledged events");
        check(found.unreadable, "positions that could not be read at the end");
        check(self.random.accepted, "random packets accepted");
        check(self.writes.refused, "valid writes refused");
        check(self.reads.refused, "valid reads refused");
        if !allow_breaks {
            check(self.writes.server_errors + self.reads.server_errors, "server errors");
            check(self.random.server_errors, "server errors upon random packets");
            check(self.writes.broken + self.reads.broken, "requests not answered");
            check(self.random.broken, "connections broken by random packets");
        }
        if let Some(warehouse) = &self.warehouse {
            check(warehouse.missing, "acknowledged events missing in the warehouse");
            check(warehouse.duplicates, "duplicates in the warehouse");
            check(warehouse.unexpected, "events in the warehouse that nobody sent");
            problems.extend(warehouse.error.iter().map(|why| format!("the warehouse cannot be asked: {why}")));
        }
        for (name, of) in [("write", &self.writes), ("read", &self.reads)] {
            if of.is_asked_for() && of.ok == 0 && of.was_due() {
                problems.push(format!("no {name} succeeded"));
            }
        }
        if !self.writes.was_due() && !self.reads.was_due() && self.random.sent == 0 {
            problems.push("nothing was done: neither a write nor a read was due in so short a time".to_owned());
        }
        problems
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} {}, {} connections, {} users and {} videos ({}), {:.0} s, seed {}, run {}",
            self.protocol,
            self.pacing,
            self.connections,
            self.users,
            self.videos,
            self.distribution,
            self.duration_s,
            self.seed,
            self.run,
        )?;
        if let Some(batch) = self.batch {
            writeln!(f, "batches of {batch} events; a latency is that of the batch")?;
        }
        writeln!(
            f,
            "\n{:<7}{:>10}{:>12}{:>11}{:>8}{:>8}{:>8}{:>9}{:>9}{:>9}{:>9}{:>9}",
            "", "target/s", "achieved/s", "ok", "busy", "errors", "late", "p50 ms", "p90", "p99", "p99.9", "max",
        )?;
        write_operation(f, "writes", &self.writes)?;
        write_operation(f, "reads", &self.reads)?;
        for (name, operation) in [("writes", &self.writes), ("reads", &self.reads)] {
            for (status, count) in &operation.errors {
                writeln!(f, "  {name}: {count} x {status}")?;
            }
            if operation.is_asked_for() && !operation.was_due() {
                writeln!(f, "  {name}: none was due in {:.1} s", self.duration_s)?;
            }
            if operation.unsent > 0 {
                writeln!(f, "  {name}: {} due and never sent", operation.unsent)?;
            }
        }
        self.write_checks(f)
    }
}

impl Report {
    fn write_checks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (random, found) = (&self.random, &self.verification);
        writeln!(
            f,
            "\nrandom packets  {} sent, {} refused, {} accepted, {} server errors, {} not answered",
            random.sent, random.refused, random.accepted, random.server_errors, random.broken,
        )?;
        writeln!(f, "read back       {} during the run, {} of them stale", found.during_checked, found.during_stale)?;
        writeln!(
            f,
            "at the end      {} positions: {} verified, {} lost, {} older, {} wrong, {} unreadable",
            found.keys, found.verified, found.lost, found.older, found.wrong, found.unreadable,
        )?;
        if found.events_not_remembered > 0 {
            writeln!(
                f,
                "                {} events lay beyond the bound of what is checked",
                found.events_not_remembered
            )?;
        }
        if let Some(warehouse) = &self.warehouse {
            writeln!(
                f,
                "warehouse       {} acknowledged, {} unknown; {} rows, {} missing, {} duplicates, after {} ms",
                warehouse.acknowledged,
                warehouse.unknown,
                warehouse.rows,
                warehouse.missing,
                warehouse.duplicates,
                warehouse.waited_ms,
            )?;
        }
        for example in &found.examples {
            writeln!(f, "  {example}")?;
        }
        if self.good && self.writes.sent == 0 {
            return writeln!(f, "\ngood, as far as it goes: reads only. Nothing was written, so nothing was compared");
        }
        if self.good {
            return writeln!(f, "\ngood: nothing was found wrong");
        }
        writeln!(f, "\nbad: {}", self.problems.join("; "))
    }
}

fn write_operation(f: &mut fmt::Formatter<'_>, name: &str, of: &Operation) -> fmt::Result {
    let target = of.target_per_s.map_or_else(|| "-".to_owned(), rate_text);
    let errors = of.refused + of.server_errors + of.broken;
    let ms = &of.latency_ms;
    writeln!(
        f,
        "{name:<7}{target:>10}{:>12.1}{:>11}{:>8}{errors:>8}{:>8}{:>9.2}{:>9.2}{:>9.2}{:>9.2}{:>9.2}",
        of.achieved_per_s, of.ok, of.busy, of.late, ms.p50, ms.p90, ms.p99, ms.p999, ms.max,
    )
}

/// A rate as it was asked for: a small one with its fraction.
fn rate_text(rate: f64) -> String {
    if rate < 10.0 { format!("{rate}") } else { format!("{rate:.0}") }
}
