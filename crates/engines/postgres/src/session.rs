//! A connection, and what it knows: its temporary tables and prepared statements end with it.

use std::time::Duration;

use futures::FutureExt;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls};

use crate::config::Config;
use crate::failure::Failure;
use crate::plans::Plans;
use crate::stage::TempTables;

/// How long a server is asked to stop what nobody waits for any more.
const CANCEL_WITHIN: Duration = Duration::from_secs(10);

/// A connection.
pub(crate) struct Session {
    /// What is asked goes through it.
    pub(crate) client: Client,
    /// The temporary tables that it has.
    pub(crate) temp_tables: TempTables,
    /// The statements that it has prepared.
    pub(crate) plans: Plans,
    /// Whether it may be in the middle of something.
    pub(crate) is_busy: bool,
    /// Carries the bytes; the connection ends with it.
    carrier: JoinHandle<()>,
}

impl Session {
    /// Connects. Ends by the deadline of the configuration.
    pub(crate) async fn connect(address: &tokio_postgres::Config, config: &Config) -> Result<Self, Failure> {
        let within = Duration::from_millis(config.connect_time_max_ms);
        let connecting = async {
            let (client, connection) = address.connect(NoTls).await?;
            let carrier = tokio::spawn(connection.map(|ended| {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection to the database has ended");
                }
            }));
            let session =
                Self { client, temp_tables: TempTables::new(), plans: Plans::default(), is_busy: false, carrier };
            session.client.batch_execute(&config.session_settings()).await?;
            Ok::<_, Failure>(session)
        };
        let connected = tokio::time::timeout(within, connecting).await;
        connected.unwrap_or_else(|_| Err(Failure::away(format!("no connection to the database within {within:?}"))))
    }

    /// Whether the connection has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.client.is_closed() || self.carrier.is_finished()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The server notices an ended connection only now and then while it works, and keeps its locks until it does.
        if self.is_busy
            && !self.has_ended()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let token = self.client.cancel_token();
            runtime.spawn(async move {
                let _ = tokio::time::timeout(CANCEL_WITHIN, token.cancel_query(NoTls)).await;
            });
        }
        self.carrier.abort();
    }
}
