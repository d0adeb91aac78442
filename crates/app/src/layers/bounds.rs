//! The least and the greatest value of every number of the configuration, and what a level is: the one place that says
//! so. It is asked whenever a setting is read, so that every command refuses the same. How values must fit one another is
//! said where they are used.

use anyhow::{Result, bail};
use toml::Value;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;
const KIB: i64 = 1 << 10;
const MIB: i64 = 1 << 20;
const GIB: i64 = 1 << 30;
const TIB: i64 = 1 << 40;
const MILLION: i64 = 1_000_000;

/// Key, least, greatest.
const BOUNDS: [(&str, i64, i64); 70] = [
    ("base.cache_bytes", MIB, TIB),
    ("base.memtable_bytes", 64 * KIB, 4 * GIB),
    ("base.reserve_bytes", 0, TIB),
    ("edge.admin_timeout_ms", SECOND, 7 * DAY),
    ("edge.batch_bytes_max", KIB, GIB),
    ("edge.batch_concurrency", 1, MILLION),
    ("edge.body_bytes_max", KIB, GIB),
    ("edge.client_burst", 0, MILLION),
    ("edge.client_rate_per_s", 0, MILLION),
    ("edge.connections_max", 1, MILLION),
    ("edge.drain_grace_ms", 0, HOUR),
    ("edge.header_bytes_max", KIB, 16 * MIB),
    ("edge.header_read_timeout_ms", 100, HOUR),
    ("edge.read_concurrency", 1, MILLION),
    ("edge.request_timeout_ms", 100, HOUR),
    ("edge.sql_answer_bytes_max", KIB, 16 * GIB),
    ("edge.sql_concurrency", 1, 1_000),
    ("edge.sql_read_ms_max", 0, DAY),
    ("edge.sql_rows_max", 1, 1_000 * MILLION),
    ("edge.sql_time_ms_max", 100, DAY),
    ("edge.stream_concurrency", 1, MILLION),
    ("edge.stream_events_in_flight_max", 1, 100 * MILLION),
    ("edge.stream_messages_in_flight_max", 1, MILLION),
    ("edge.write_concurrency", 1, MILLION),
    ("forgotten_ms_max", 0, 3_660 * DAY),
    ("log.frame_bytes_max", KIB, GIB),
    ("log.min_free_bytes", 0, 16 * TIB),
    ("log.queue_bytes_max", KIB, 64 * GIB),
    ("log.queue_records_max", 1, 100 * MILLION),
    ("log.record_bytes_max", KIB, GIB),
    ("log.retention_age_ms", SECOND, 36_600 * DAY),
    ("log.retention_bytes", 4 * KIB, 1_024 * TIB),
    ("log.segment_age_ms", 100, 366 * DAY),
    ("log.segment_bytes", 4 * KIB, 64 * GIB),
    ("pipelines.partitions", 1, 1_024),
    ("pipelines.redrive_every_ms", 10, DAY),
    ("pipelines.start_time_max_ms", SECOND, 7 * DAY),
    ("postgres.connect_time_max_ms", 100, HOUR),
    ("postgres.connections_max", 1, 1_000),
    ("postgres.lock_time_max_ms", 100, 7 * DAY),
    ("postgres.silence_max_ms", SECOND, 7 * DAY),
    ("postgres.staged_memory_bytes", MIB, 64 * GIB),
    ("postgres.statement_time_max_ms", SECOND, 7 * DAY),
    ("postgres.work_memory_bytes", MIB, 64 * GIB),
    ("postgres.work_time_max_ms", SECOND, 7 * DAY),
    ("recent.entries_max", 100, 100 * MILLION),
    ("shutdown_ms_max", 0, DAY),
    ("stream.backoff_ms_max", 1, HOUR),
    ("stream.backoff_ms_min", 1, HOUR),
    ("stream.batch_age_ms", 1, HOUR),
    ("stream.batch_bytes", KIB, 4 * GIB),
    ("stream.batch_rows", 1, 10 * MILLION),
    ("stream.drain_ms_max", 0, DAY),
    ("stream.piece_rows", 1, 10 * MILLION),
    ("warehouse.checkpoint_wait_ms", 0, HOUR),
    ("warehouse.export_max_bytes", KIB, TIB),
    ("warehouse.fold_every_ms", 10, DAY),
    ("warehouse.fold_rows", 1, 1_000 * MILLION),
    ("warehouse.memory_max_bytes", 64 * MIB, 16 * TIB),
    ("warehouse.queries_max", 1, 1_000),
    ("warehouse.query_growth_max_bytes", MIB, 16 * TIB),
    ("warehouse.sql_max_bytes", KIB, 16 * MIB),
    ("warehouse.temp_max_bytes", MIB, 1_024 * TIB),
    ("warehouse.threads", 0, 1_024),
    ("warehouse.wal_max_bytes", 64 * KIB, 64 * GIB),
    ("watch.clock_offset_ms_max", 0, DAY),
    ("watch.future_ms_max", 0, 366 * DAY),
    ("watch.page_max", 1, 10_000),
    ("watch.partitions", 1, 256),
    ("watch.videos_per_read_max", 1, 10_000),
];

/// The least and the greatest value of a number; none of what is no number.
pub(super) fn bounds_of(key: &str) -> Option<(i64, i64)> {
    let found = BOUNDS.iter().find(|(name, ..)| *name == key);
    found.map(|(_, least, greatest)| (*least, *greatest))
}

/// Refuses a value that a key cannot have.
pub(super) fn check(key: &str, value: &Value) -> Result<()> {
    match value {
        Value::Integer(given) => match bounds_of(key) {
            Some((least, greatest)) if !(least..=greatest).contains(given) => {
                bail!("`{key}` must be {least} to {greatest}, is {given}")
            }
            _ => Ok(()),
        },
        Value::String(text) if key == "telemetry.level" => check_level(text),
        _ => Ok(()),
    }
}

/// A bare word that is no level would be taken for the one place that may say anything: every other line would be gone.
/// Filters by span have a form of their own, in brackets, which is left to the filter.
fn check_level(text: &str) -> Result<()> {
    let is_level = |part: &str| !part.is_empty() && part.parse::<LevelFilter>().is_ok();
    let is_wrong = |part: &&str| match part.rsplit_once('=') {
        Some((place, level)) => place.is_empty() || !is_level(level),
        None => !is_level(part),
    };
    if !text.contains('[')
        && let Some(wrong) = text.split(',').map(str::trim).find(is_wrong)
    {
        bail!(
            "`telemetry.level`: `{wrong}` is no level: say error, warn, info, debug, trace or off, and for one place \
             PLACE=LEVEL, as in `info,playhead_edge=debug`"
        );
    }
    if let Err(error) = EnvFilter::try_new(text) {
        bail!("`telemetry.level` `{text}`: {error}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_taken_from_its_least_to_its_greatest() {
        let is_good = |given| check("warehouse.threads", &Value::Integer(given)).is_ok();
        assert_eq!([-1, 0, 1_024, 1_025].map(is_good), [false, true, true, false]);
        let told = check("edge.write_concurrency", &Value::Integer(0)).expect_err("it is 0").to_string();
        assert_eq!(told, "`edge.write_concurrency` must be 1 to 1000000, is 0");
    }

    #[test]
    fn a_level_is_a_level_or_says_what_for() {
        let is_good = |text: &str| check_level(text).is_ok();
        for good in ["info", "WARN", "off", "info,playhead_edge=debug", "info,fjall=warn"] {
            assert!(is_good(good), "{good}");
        }
        for wrong in ["", "inof", "info,playhead_edge", "info,=", "playhead_edge=inof"] {
            assert!(!is_good(wrong), "{wrong}");
        }
    }
}
