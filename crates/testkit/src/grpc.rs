//! A gRPC client of the watch service.

use std::net::SocketAddr;
use std::time::Duration;

use playhead_contracts::watch::watch_client::WatchClient;
use tonic::transport::{Channel, Endpoint, Error};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Connects to the server at `address`.
pub async fn watch_client(address: SocketAddr) -> Result<WatchClient<Channel>, Error> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?.connect_timeout(CONNECT_TIMEOUT);
    Ok(WatchClient::new(endpoint.connect().await?))
}
