//! The flags that say which configuration holds.

use std::path::PathBuf;

use anyhow::Result;
use playhead_app::{Config, Layers};

/// Where settings come from. A flag goes over an environment variable, that over the file, that over the default.
#[derive(Debug, clap::Args)]
pub(crate) struct SettingsArgs {
    /// The configuration file (TOML)
    #[arg(long, env = "PLAYHEAD_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The folder of everything that is stored [default: data]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<String>,
}

impl SettingsArgs {
    /// The layers up to these flags.
    pub(crate) fn layers(&self) -> Result<Layers> {
        let mut layers = Layers::new()?;
        if let Some(path) = &self.config {
            layers = layers.file(path)?;
        }
        layers = layers.environment(std::env::vars())?;
        if let Some(data) = &self.data {
            layers = layers.flag("--data", "data", data)?;
        }
        Ok(layers)
    }

    /// The configuration that holds.
    pub(crate) fn config(&self) -> Result<Config> {
        self.layers()?.config()
    }

    /// The configuration that holds, of a data folder that is there.
    pub(crate) fn config_of_data(&self) -> Result<Config> {
        let config = self.config()?;
        anyhow::ensure!(config.data.is_dir(), "there is no data folder {} (--data)", config.data.display());
        Ok(config)
    }
}
