//! Log lines: for people or as JSON, to standard error.

use std::io::IsTerminal;

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, TelemetryConfig};

/// Begins to write log lines. The first call in a process holds.
pub(crate) fn begin(config: &TelemetryConfig) -> Result<()> {
    let filter = EnvFilter::try_new(&config.level).with_context(|| format!("telemetry.level `{}`", config.level))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Colours are for terminals; a file or a collector gets plain text.
    let lines = lines.with_ansi(std::io::stderr().is_terminal());
    let begun = match config.format {
        LogFormat::Human => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    // Somebody else listens already, as in tests: their way holds.
    drop(begun);
    Ok(())
}
