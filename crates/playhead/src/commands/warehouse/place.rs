//! The flags that say which pipeline, and where it is loaded.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use playhead_app::{PipelineJob, Spec, check_url, read_spec};

use crate::client::{Client, ClientArgs, escaped};
use crate::settings::SettingsArgs;

/// A question may wait for a database.
const DEADLINE: Duration = Duration::from_secs(600);

/// Which pipeline.
#[derive(Debug, clap::Args)]
pub(crate) struct SpecArgs {
    /// The pipeline's file
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: PathBuf,
}

/// Which pipeline, and the database that it is loaded into.
#[derive(Debug, clap::Args)]
pub(crate) struct PlaceArgs {
    #[command(flatten)]
    pub(crate) spec: SpecArgs,
    /// The database: `duckdb:FILE` or `postgres://USER@HOST:PORT/DATABASE`
    #[arg(long, value_name = "URL", env = "PLAYHEAD_INTO", hide_env_values = true)]
    pub(crate) into: String,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
}

/// A running server that is asked instead.
#[derive(Debug, clap::Args)]
pub(crate) struct ServerArgs {
    /// Ask the running server at this HTTP address instead, such as http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// A token for the server; not needed on a loopback address without tokens
    #[arg(long, value_name = "TOKEN", env = "PLAYHEAD_TOKEN", hide_env_values = true, requires = "url")]
    pub(crate) token: Option<String>,
}

/// A pipeline that something is asked of: in a database, or in a running server.
#[derive(Debug, clap::Args)]
pub(crate) struct AskedArgs {
    #[command(flatten)]
    pub(crate) spec: SpecArgs,
    /// The database: `duckdb:FILE` or `postgres://USER@HOST:PORT/DATABASE`
    #[arg(long, value_name = "DATABASE", env = "PLAYHEAD_INTO", hide_env_values = true)]
    pub(crate) into: Option<String>,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
}

/// Where something is asked.
pub(crate) enum Asked {
    /// In the database.
    Job(Box<PipelineJob>),
    /// Of the server, where this is the pipeline's path.
    Server(Client, String),
}

impl ServerArgs {
    /// The server, if one is named.
    pub(crate) fn client(&self) -> Result<Option<Client>> {
        let Some(url) = self.url.clone() else { return Ok(None) };
        Ok(Some(Client::new(&ClientArgs { url, token: self.token.clone() }, DEADLINE)?))
    }
}

impl AskedArgs {
    /// Where these flags ask.
    pub(crate) fn asked(&self) -> Result<Asked> {
        let spec = self.spec.read()?;
        if let Some(client) = self.server.client()? {
            // One in the environment is for the commands that ask no server.
            if self.into.is_some() && self.into != std::env::var("PLAYHEAD_INTO").ok() {
                bail!("--into and --url are both given: a database is asked, or a server");
            }
            return Ok(Asked::Server(client, format!("/v1/admin/pipelines/{}", escaped(&spec.pipeline.name))));
        }
        let into =
            self.into.clone().context("say what to ask: the database with --into, or a running server with --url")?;
        check_url(&into).context("--into")?;
        let config = self.settings.config()?;
        Ok(Asked::Job(Box::new(PipelineJob { spec, into, config, load_time_ms: None, record_source: None })))
    }
}

/// What every row is marked with.
#[derive(Debug, clap::Args)]
pub(crate) struct MarkArgs {
    /// The load time of every row, such as `2026-01-31 12:00:00` (UTC) [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) load_time: Option<String>,
    /// The record source of every row [default: the topic's or file's name]
    #[arg(long, value_name = "NAME")]
    pub(crate) record_source: Option<String>,
}

impl SpecArgs {
    /// The checked spec; an error names each complaint in a line of its own.
    pub(crate) fn read(&self) -> Result<Spec> {
        read(&self.spec)
    }
}

/// The checked spec of a file.
pub(crate) fn read(path: &Path) -> Result<Spec> {
    read_spec(path).map_err(|complaints| anyhow::anyhow!("the pipeline is not usable\n{}", complaints.join("\n")))
}

impl PlaceArgs {
    /// The job that these flags name.
    pub(crate) fn job(&self, mark: Option<&MarkArgs>) -> Result<PipelineJob> {
        let load_time = mark.and_then(|mark| mark.load_time.as_deref());
        let load_time = load_time.map(time).transpose().context("--load-time")?;
        check_url(&self.into).context("--into")?;
        Ok(PipelineJob {
            spec: self.spec.read()?,
            into: self.into.clone(),
            config: self.settings.config()?,
            load_time_ms: load_time,
            record_source: mark.and_then(|mark| mark.record_source.clone()),
        })
    }
}

/// A time as people write it, in ms since 1970.
pub(crate) fn time(text: &str) -> Result<i64> {
    if let Ok(ms) = text.parse() {
        return Ok(ms);
    }
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(at.as_millisecond());
    }
    let civil: jiff::civil::DateTime = text
        .parse()
        .with_context(|| format!("`{text}` is no time: `2026-01-31 12:00:00`, RFC 3339, or ms since 1970"))?;
    Ok(civil.to_zoned(jiff::tz::TimeZone::UTC).context("a time of a known year")?.timestamp().as_millisecond())
}

/// Runs what waits, on threads of its own.
pub(crate) fn block<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    runtime.block_on(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_taken_as_people_write_it() {
        for text in ["2026-01-31 12:00:00", "2026-01-31T12:00:00Z", "2026-01-31T15:00:00+03:00", "1769860800000"] {
            assert_eq!(time(text).expect("a time"), 1_769_860_800_000, "{text}");
        }
        assert!(time("yesterday").is_err());
    }
}
