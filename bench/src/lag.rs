//! From the acknowledgement of an event to the marts showing it, while 8,000 writes a second run.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use playhead_ports::Clock as _;
use playhead_system::SystemClock;
use playhead_testkit::{Http, sql};
use serde_json::{Value, json};

use crate::ground::Ground;
use crate::raw_http::times_us;
use crate::report::{Goal, Row, Section};
use crate::server::Server;

const PROBE_EVERY: Duration = Duration::from_millis(100);
const LOOK_EVERY: Duration = Duration::from_millis(20);
const PATH: &str = "/v1/users/lag-probe/positions/lag-probe";
const QUERY: &str = "SELECT max(position_ms) FROM user_video WHERE user_id = 'lag-probe'";

pub(crate) fn run(ground: &Ground) -> anyhow::Result<Section> {
    let server = Server::start(ground)?;
    let (seconds, time) = ground.pick(("2s", Duration::from_secs(2)), ("30s", Duration::from_secs(29)));
    let mut section = Section::new(
        "Lag from the acknowledgement to the marts",
        format!(
            "`playhead load` writes 8,000 events/s for {seconds}; every {} ms one more event is written, and `POST /v1/sql` \
             asks `user_video` every {} ms which of them it shows. So a time is up to that much, and a query, too long.",
            PROBE_EVERY.as_millis(),
            LOOK_EVERY.as_millis()
        ),
    );
    let args = ["load", "--rate", "8000", "--read-rate", "0", "--duration", seconds, "--verify-keys", "0", "--json"];
    let (times, report) = std::thread::scope(|scope| {
        let loading = scope.spawn(|| server.program.client_command(&args));
        let times = probe(server.program.http(), time);
        (times, loading.join())
    });
    let times = times?;
    let report = report.map_err(|_| anyhow::anyhow!("`playhead load` failed"))?;
    let report: Value = serde_json::from_str(&report.stdout).context("the report of `playhead load`")?;
    let per_s = report.pointer("/writes/achieved_per_s").and_then(Value::as_f64).context("the rate in the report")?;
    ensure!(!times.is_empty(), "no probe was seen");
    let at_s = |share: f64| times.value_at_quantile(share) as f64 / 1e6;
    section.push(Row::new("lag p50, s", at_s(0.5)).notes(format!("{} probes at {per_s:.0} writes/s", times.len())));
    section.push(Row::new("lag p99, s", at_s(0.99)).goal(Goal::AtMost(1.0)));
    section.push(Row::new("lag greatest, s", at_s(1.0)));
    Ok(section)
}

/// Writes probes and looks for them for this long: how long each took to be seen.
fn probe(http: &Http, time: Duration) -> anyhow::Result<hdrhistogram::Histogram<u64>> {
    let mut times = times_us();
    let began = Instant::now();
    let mut unseen: VecDeque<(u64, Instant)> = VecDeque::new();
    let (mut written, mut seen) = (0, 0);
    let mut write_due = began;
    while began.elapsed() < time || !unseen.is_empty() {
        ensure!(began.elapsed() < time + Duration::from_secs(30), "probes do not come");
        let now = Instant::now();
        if now >= write_due && began.elapsed() < time {
            written += 1;
            let event = json!({
                "event_time": SystemClock.now().0, "position_ms": written, "play_id": "probe", "seq": written,
            });
            let answer = http.put(PATH, &event).map_err(|lost| anyhow::anyhow!("{}", lost.0))?;
            ensure!(answer.status == 200, "a probe was answered {}: {}", answer.status, answer.text);
            unseen.push_back((written, Instant::now()));
            write_due += PROBE_EVERY;
        }
        // Null until the first one is there.
        seen = sql(http, QUERY).first().and_then(|row| row[0].as_u64()).unwrap_or(seen);
        let now = Instant::now();
        while unseen.front().is_some_and(|(number, _)| *number <= seen) {
            if let Some((_, acknowledged)) = unseen.pop_front() {
                let waited = now.duration_since(acknowledged);
                times.saturating_record(u64::try_from(waited.as_micros()).unwrap_or(u64::MAX));
            }
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(times)
}
