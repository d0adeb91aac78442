//! Configuration to engines to roles: the only place that names engines.

mod backup;
mod compact;
mod config;
mod doctor;
mod engines;
mod health;
mod held;
mod layers;
mod log_files;
mod metric_table;
mod operations;
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
pub use playhead_watch::Rebuilt;
pub use restore::{Restored, View, rebuild, restore};
pub use serve::{Serve, serve};
