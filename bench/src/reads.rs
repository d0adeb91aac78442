//! Reads while writes run at a set rate, by `playhead load`, which checks every answer too.

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::ground::Ground;
use crate::report::{Goal, Row, Section};
use crate::server::{Buckets, Server};

const HTTP_ROUTE: [&str; 2] = ["route=\"/v1/users/{user}/positions/{video}\"", "method=\"GET\""];

pub(crate) fn run(ground: &Ground) -> anyhow::Result<Section> {
    let server = Server::start(ground)?;
    let seconds = ground.pick("2s", "60s");
    let mut section = Section::new(
        "Reads under writes",
        format!(
            "`playhead load` over HTTP: 8,000 writes/s and 250 reads/s for {seconds}, open loop, and every acknowledged \
             position read back. At the server: the bucket of `/metrics` that the share lies in, so the time is at most \
             that; the buckets end at 0.1, 0.25, 0.5, 1, 2, 3, 5, 7.5, 10 ms and on."
        ),
    );
    let before = server.metrics()?;
    let args = ["load", "--rate", "8000", "--read-rate", "250", "--duration", seconds, "--json"];
    let used = server.used()?;
    let finished = server.program.client_command(&args);
    let shares = used.until(server.used()?);
    let report: Value = serde_json::from_str(&finished.stdout).context("the report of `playhead load`")?;
    let after = server.metrics()?;
    let number =
        |path: &str| report.pointer(path).and_then(Value::as_f64).with_context(|| format!("{path} in the report"));
    let at_server_ms = |share: f64| {
        let of = |metrics: &str| Buckets::of(metrics, "playhead_http_request_seconds", &HTTP_ROUTE);
        anyhow::Ok(of(&after).bound_s(&of(&before), share)? * 1e3)
    };
    ensure!(number("/reads/ok")? > 0.0, "nothing was read");
    section.push(Row::new("read p50 at the server, ms at most", at_server_ms(0.5)?));
    section.push(Row::new("read p99 at the server, ms at most", at_server_ms(0.99)?).goal(Goal::AtMost(1.0)));
    section.push(Row::new("read p50 at the caller, ms", number("/reads/latency_ms/p50")?));
    section.push(Row::new("read p99 at the caller, ms", number("/reads/latency_ms/p99")?));
    section.push(Row::new("write p50 at the caller, ms", number("/writes/latency_ms/p50")?));
    section.push(Row::new("write p99 at the caller, ms", number("/writes/latency_ms/p99")?).notes(shares.to_string()));
    section.push(Row::new("writes/s held", number("/writes/achieved_per_s")?).goal(Goal::AtLeast(7_990.0)));
    section.push(Row::new("reads/s held", number("/reads/achieved_per_s")?).goal(Goal::AtLeast(249.0)));
    let mut errors = 0.0;
    for operation in ["writes", "reads"] {
        for kind in ["refused", "busy", "server_errors", "broken"] {
            errors += number(&format!("/{operation}/{kind}"))?;
        }
    }
    let problems = report.pointer("/problems").and_then(Value::as_array).map_or(0, Vec::len);
    let verified = number("/verification/verified")?;
    section.push(
        Row::new("errors", errors + problems as f64)
            .goal(Goal::AtMost(0.0))
            .notes(format!("{verified} positions verified at the end")),
    );
    section.push(Row::new("memory of the server afterwards, MiB", server.resident_mib() as f64));
    Ok(section)
}
