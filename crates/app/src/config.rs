//! The whole configuration: it only nests what each room owns.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A part of the program that can run by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Answers HTTP and gRPC.
    Edge,
    /// Folds positions from the log into the base.
    Positions,
    /// Loads the warehouse from the log.
    Warehouse,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 3] = [Self::Edge, Self::Positions, Self::Warehouse];

    /// The name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Positions => "positions",
            Self::Warehouse => "warehouse",
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// What the program says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryConfig {
    /// Which lines: a level (`error`, `warn`, `info`, `debug`, `trace`) or directives such as `info,playhead_edge=debug`.
    pub level: String,
    /// How they look: `human` or `json`.
    pub format: LogFormat,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self { level: "info,fjall=warn,lsm_tree=warn".into(), format: LogFormat::Human }
    }
}

/// The whole configuration. Every key has a default that works.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The folder of everything that is stored.
    pub data: PathBuf,
    /// Where HTTP is answered.
    pub http: SocketAddr,
    /// Where gRPC is answered.
    pub grpc: SocketAddr,
    /// Answers on another address than loopback without tokens too.
    pub insecure: bool,
    /// Which roles this process runs. With embedded engines it is all of them: they belong to one process.
    pub roles: Vec<Role>,
    /// How long a stopping program finishes what is under way, ms.
    pub shutdown_ms_max: u64,
    /// What was forgotten this long ago is gone from the files' bytes: then the program compacts by itself, ms. 0: only when
    /// it is asked to.
    pub forgotten_ms_max: u64,
    /// The HTTP and gRPC interface.
    pub edge: playhead_edge::Config,
    /// The watch service.
    pub watch: playhead_watch::Config,
    /// The micro-batch runner.
    pub stream: playhead_stream::Config,
    /// The embedded log.
    pub log: playhead_segments::Config,
    /// Recent positions in memory.
    pub recent: playhead_memory::Config,
    /// The base of positions and the working state of the marts.
    pub base: playhead_fjall::Config,
    /// The warehouse.
    pub warehouse: playhead_duckdb::Config,
    /// Databases of pipelines in PostgreSQL.
    pub postgres: playhead_postgres::Config,
    /// Pipelines.
    pub pipelines: crate::pipelines::PipelinesConfig,
    /// Topics that callers may write to.
    pub topics: crate::pipelines::TopicsConfig,
    /// Log lines.
    pub telemetry: TelemetryConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: "data".into(),
            http: SocketAddr::from(([127, 0, 0, 1], 8080)),
            grpc: SocketAddr::from(([127, 0, 0, 1], 8081)),
            insecure: false,
            roles: Role::ALL.to_vec(),
            shutdown_ms_max: 25_000,
            forgotten_ms_max: 29 * 86_400_000,
            edge: playhead_edge::Config::default(),
            watch: playhead_watch::Config::default(),
            stream: playhead_stream::Config::default(),
            log: playhead_segments::Config::default(),
            recent: playhead_memory::Config::default(),
            base: playhead_fjall::Config::default(),
            warehouse: playhead_duckdb::Config::default(),
            postgres: playhead_postgres::Config::default(),
            pipelines: crate::pipelines::PipelinesConfig::default(),
            topics: crate::pipelines::TopicsConfig::default(),
            telemetry: TelemetryConfig::default(),
        }
    }
}
