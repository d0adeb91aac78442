//! What the program measures: each metric's name, kind, unit and meaning, in one place. `/metrics` says it in `# HELP` and
//! `# TYPE`; docs/operations.md says the same, and a test compares.
//!
//! The crates that count own their handles; this knows only what they count.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// How a metric moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// It only grows.
    Counter,
    /// It is what it is now.
    Gauge,
    /// How often it had which size.
    Histogram,
}

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it moves.
    pub of: MetricKind,
    /// What it is counted in.
    pub unit: Unit,
    /// What it means, a sentence.
    pub help: &'static str,
}

const fn metric(name: &'static str, of: MetricKind, unit: Unit, help: &'static str) -> Metric {
    Metric { name, of, unit, help }
}

use MetricKind::{Counter, Gauge, Histogram};

/// All of them.
pub const METRICS: [Metric; 36] = [
    metric("playhead_http_requests_total", Counter, Unit::Count, "Requests answered; status 499: the caller left."),
    metric("playhead_http_request_seconds", Histogram, Unit::Seconds, "Time from a request's head to its answer's."),
    metric("playhead_http_requests_in_flight", Gauge, Unit::Count, "Requests under way."),
    metric("playhead_grpc_requests_total", Counter, Unit::Count, "Calls answered."),
    metric("playhead_grpc_request_seconds", Histogram, Unit::Seconds, "Time of a call; of a stream, until it began."),
    metric("playhead_grpc_requests_in_flight", Gauge, Unit::Count, "Calls under way."),
    metric(
        "playhead_watch_events_total",
        Counter,
        Unit::Count,
        "Events recorded, invalid (never to be taken) or refused (may be taken later).",
    ),
    metric("playhead_log_fsync_seconds", Histogram, Unit::Seconds, "How long a sync of the log took."),
    metric("playhead_log_group_commit_records", Histogram, Unit::Count, "Records that shared a sync."),
    metric(
        "playhead_log_append_refused_total",
        Counter,
        Unit::Count,
        "Records that the log refused: full, busy, too_large, other.",
    ),
    metric("playhead_log_end_offset", Gauge, Unit::Count, "The offset after the last durable record."),
    metric("playhead_log_size_bytes", Gauge, Unit::Bytes, "Size of the log's segments."),
    metric("playhead_sink_lag_records", Gauge, Unit::Count, "Records that the view has not taken."),
    metric(
        "playhead_sink_lag_seconds",
        Gauge,
        Unit::Seconds,
        "How old the newest record is that the view has, while others wait.",
    ),
    metric("playhead_sink_batches_total", Counter, Unit::Count, "Batches taken."),
    metric("playhead_sink_records_total", Counter, Unit::Count, "Records taken."),
    metric("playhead_sink_batch_records", Histogram, Unit::Count, "Records of a batch."),
    metric("playhead_sink_batch_seconds", Histogram, Unit::Seconds, "Time of a batch."),
    metric("playhead_sink_failures_total", Counter, Unit::Count, "Tries that failed and were made again."),
    metric("playhead_sink_rejects_total", Counter, Unit::Count, "Records sent to the dead letters of their topic."),
    metric(
        "playhead_pipeline_state",
        Gauge,
        Unit::Count,
        "What a pipeline is doing: 1 for its state, 0 for the others: starting, waiting, running, stopped.",
    ),
    metric(
        "playhead_pipeline_faults_total",
        Counter,
        Unit::Count,
        "Starts of a pipeline that failed, and stops by itself.",
    ),
    metric("playhead_recent_entries", Gauge, Unit::Count, "Recent positions held until the base has them."),
    metric("playhead_base_fold_seconds", Histogram, Unit::Seconds, "Time of a fold into the base of positions."),
    metric("playhead_base_bytes", Gauge, Unit::Bytes, "Size of the base of positions on disk."),
    metric("playhead_warehouse_load_seconds", Histogram, Unit::Seconds, "Time of a load into the warehouse."),
    metric("playhead_warehouse_rows_loaded_total", Counter, Unit::Count, "Rows loaded, changes of mart rows included."),
    metric("playhead_warehouse_fold_seconds", Histogram, Unit::Seconds, "Time of folding a table's tail into it."),
    metric(
        "playhead_warehouse_checkpoint_seconds",
        Histogram,
        Unit::Seconds,
        "Time of a checkpoint, during which queries wait.",
    ),
    metric("playhead_warehouse_wal_bytes", Gauge, Unit::Bytes, "Size of the warehouse's write-ahead log."),
    metric("playhead_warehouse_file_bytes", Gauge, Unit::Bytes, "Size of the warehouse's file."),
    metric("playhead_warehouse_queries_running", Gauge, Unit::Count, "Queries running."),
    metric(
        "playhead_warehouse_queries_overdue",
        Gauge,
        Unit::Count,
        "Queries that go on a second after they were stopped.",
    ),
    metric("process_resident_memory_bytes", Gauge, Unit::Bytes, "Memory that the process has in use."),
    metric("process_cpu_seconds_total", Counter, Unit::Seconds, "Processor time that the process has used."),
    metric("process_open_fds", Gauge, Unit::Count, "Files and connections that the process has open."),
];

/// Tells the recorder, which must be installed, what the metrics mean.
pub(crate) fn describe() {
    for Metric { name, of, unit, help } in METRICS {
        match of {
            Counter => describe_counter!(name, unit, help),
            Gauge => describe_gauge!(name, unit, help),
            Histogram => describe_histogram!(name, unit, help),
        }
    }
}
