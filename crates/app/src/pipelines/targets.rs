//! The one database of a server's pipelines, opened when the first of them needs it: it may be away for now.

use std::sync::Arc;

use anyhow::{Context, Result};
use playhead_duckdb::DuckTarget;
use playhead_ports::Target;
use tokio::sync::OnceCell;

use super::target::open_target;
use crate::config::Config;
use crate::engines::Engines;

/// The database of a server's pipelines.
pub(crate) struct SharedTarget {
    config: Config,
    /// The embedded warehouse, if that is it.
    embedded: Option<Arc<DuckTarget>>,
    opened: OnceCell<Arc<dyn Target>>,
}

impl SharedTarget {
    pub(crate) fn new(config: &Config, engines: &Engines) -> Self {
        let is_embedded = config.pipelines.into.is_empty();
        let embedded = is_embedded.then(|| Arc::new(engines.warehouse.target()));
        Self { config: config.clone(), embedded, opened: OnceCell::new() }
    }

    /// The database, which is opened if nobody has yet.
    pub(crate) async fn get(&self) -> Result<Arc<dyn Target>> {
        if let Some(embedded) = &self.embedded {
            return Ok(embedded.clone());
        }
        let config = self.config.clone();
        let open = || async move {
            let opened = tokio::task::spawn_blocking(move || open_target(&config.pipelines.into, &config));
            opened.await.context("a thread that opens the database")?
        };
        self.opened.get_or_try_init(open).await.cloned()
    }

    /// Lets analysts ask these tables, if they can ask this database at all.
    pub(crate) fn show(&self, tables: &[(String, String)]) {
        if let Some(embedded) = &self.embedded {
            embedded.show(tables);
        }
    }
}
