//! Configuration to engines to roles: the only place that names engines.

mod backup;
mod compact;
mod config;
mod data_folder;
mod doctor;
mod engines;
mod gaps;
mod health;
mod held;
mod layers;
mod log_files;
mod lost;
mod metric_table;
mod operations;
mod patience;
mod pipelines;
mod process;
mod restore;
mod roles;
mod schedule;
mod serve;
mod space;
mod swap;
mod telemetry;

pub use config::{Config, LogFormat, Role, TelemetryConfig};
pub use doctor::{Examination, Finding, Verdict, examine, size_text};
pub use engines::{Engines, open_tokens};
pub use layers::{Layers, Origin, Setting};
pub use log_files::{LogCheck, LogDamage, LogGap, repair_log, verify_log};
pub use metric_table::{METRICS, Metric, MetricKind};
pub use pipelines::{
    Ancestor, Loaded, LoadedFile, PipelineJob, PipelineRole, PipelineStatus, PipelinesConfig, PlanFormat, Produce,
    Produced, Ran, RejectedMessage, ReplayFrom, Spec, TableRows, TopicsConfig, apply_pipeline, check_key, check_url,
    load_dictionary, load_file, load_files_together, pipeline_document, pipeline_lineage, pipeline_rejects,
    pipeline_rows, pipeline_status, produce, read_spec, redrive_pipeline, replay_pipeline, run_pipeline, show_plan,
    spec_schema,
};
pub use playhead_watch::Rebuilt;
pub use restore::{Restored, View, rebuild, restore};
pub use serve::{Serve, serve};
