//! The configuration: whether it can be read, and whether its values can work together. What one value may be is said where
//! settings are read.

use super::Finding;
use crate::config::{Config, Role};
use crate::pipelines::read_specs;

const CHECK: &str = "config";
/// An event with every field at its longest is smaller than this.
const RECORD_BYTES_LEAST: usize = 2_048;

pub(super) fn check(config: &Config, trouble: Option<&str>) -> Vec<Finding> {
    if let Some(trouble) = trouble {
        let advice = "correct it; `playhead config` lists every key, and what follows here is about the defaults";
        return vec![Finding::fail(CHECK, trouble, advice)];
    }
    let findings: Vec<Finding> = impossible(config).into_iter().chain(unwise(config)).collect();
    if findings.is_empty() { vec![Finding::ok(CHECK, "every value is known, and they fit together")] } else { findings }
}

/// What the program refuses to start with, or cannot serve with.
fn impossible(config: &Config) -> Vec<Finding> {
    let mut wrong = Vec::new();
    let mut fail = |found: String, advice: &str| wrong.push(Finding::fail(CHECK, found, advice));
    for role in Role::ALL.into_iter().filter(|role| !config.roles.contains(role)) {
        fail(format!("roles: `{}` is missing", role.name()), "embedded engines belong to one process: give all roles");
    }
    if config.http == config.grpc && config.http.port() != 0 {
        fail(format!("http and grpc are both {}", config.http), "give them two addresses");
    }
    if let Some(problem) = config.log.problem() {
        fail(format!("log.{problem}"), "correct it");
    }
    if let Err(error) = read_specs(config) {
        fail(format!("{error:#}"), "correct it; `serve` does not start with it");
    }
    wrong
}

/// What works, but hardly as it was meant.
fn unwise(config: &Config) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut warn = |is_so: bool, what: &str, advice: &str| {
        if is_so {
            found.push(Finding::warn(CHECK, what, advice));
        }
    };
    let (edge, stream) = (&config.edge, &config.stream);
    warn(
        !(config.http.ip().is_loopback() && config.grpc.ip().is_loopback()) && config.insecure,
        "insecure: everybody who reaches the addresses may do everything until there is a token",
        "make tokens with `playhead token create`, and leave `insecure` out",
    );
    warn(
        config.log.record_bytes_max < RECORD_BYTES_LEAST,
        "log.record_bytes_max is less than 2,048, so long events are refused",
        "give at least 2048",
    );
    warn(
        config.log.min_free_bytes <= config.base.reserve_bytes,
        "log.min_free_bytes is not above base.reserve_bytes: on a full disk positions stop before writes do",
        "let the log stop first, so that what it has can be folded",
    );
    warn(
        config.shutdown_ms_max < edge.request_timeout_ms,
        "shutdown_ms_max is less than edge.request_timeout_ms: requests may be cut when the program stops",
        "let the shutdown be the longer one",
    );
    warn(
        stream.batch_age_ms > 1_000,
        "stream.batch_age_ms is above 1,000: marts and memory are later than a second",
        "500 is enough for small batches; large ones end by stream.batch_rows",
    );
    warn(
        stream.backoff_ms_min > stream.backoff_ms_max,
        "stream.backoff_ms_min is above stream.backoff_ms_max",
        "let the first wait be the shortest one",
    );
    warn(
        edge.sql_concurrency > config.warehouse.queries_max,
        "edge.sql_concurrency is above warehouse.queries_max: queries in between are told to come again",
        "make them equal",
    );
    warn(
        edge.body_bytes_max > edge.batch_bytes_max,
        "edge.body_bytes_max is above edge.batch_bytes_max: one thing may be larger than many",
        "let batches be the larger ones",
    );
    found
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    fn worst(change: impl FnOnce(&mut Config)) -> Verdict {
        let mut config = Config::default();
        change(&mut config);
        check(&config, None).into_iter().map(|finding| finding.verdict).max().expect("at least one finding")
    }

    #[test]
    fn the_defaults_fit_together() {
        assert_eq!(worst(|_| {}), Verdict::Ok);
    }

    #[test]
    fn what_cannot_work_is_a_failure() {
        assert_eq!(worst(|config| config.grpc = config.http), Verdict::Fail);
        assert_eq!(worst(|config| config.roles = vec![Role::Edge]), Verdict::Fail);
        assert_eq!(worst(|config| config.log.retention_bytes = 1), Verdict::Fail);
        assert_eq!(worst(|config| config.pipelines.specs = vec!["nope.toml".into()]), Verdict::Fail);
        assert_eq!(worst(|config| config.topics.names = vec!["watch".into()]), Verdict::Fail);
        assert_eq!(check(&Config::default(), Some("a.toml:1: unknown key `x`"))[0].verdict, Verdict::Fail);
    }

    #[test]
    fn what_hardly_works_is_a_warning() {
        assert_eq!(worst(|config| config.log.min_free_bytes = 0), Verdict::Warn);
        assert_eq!(worst(|config| config.shutdown_ms_max = 1), Verdict::Warn);
        assert_eq!(worst(|config| config.stream.batch_age_ms = 60_000), Verdict::Warn);
        assert_eq!(worst(|config| config.edge.sql_concurrency = 400), Verdict::Warn);
        let open = |config: &mut Config| {
            config.http = ([0, 0, 0, 0], 8080).into();
            config.insecure = true;
        };
        assert_eq!(worst(open), Verdict::Warn);
    }
}
