//! A blocking gRPC client of the watch service, for tests that are plain threads.

use std::net::SocketAddr;
use std::time::Duration;

use playhead_contracts::watch::watch_client;
use tokio::runtime::{Builder, Runtime};
use tonic::transport::{Channel, Endpoint, Error};
use tonic::{Request, Response, Status};

use crate::raw_codec::RawCodec;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);
const CALL_TIMEOUT: Duration = Duration::from_secs(240);

/// A client on a connection.
pub type WatchClient = watch_client::WatchClient<Channel>;

/// Connects to the server at `address`.
pub async fn watch_client(address: SocketAddr) -> Result<WatchClient, Error> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?.connect_timeout(CONNECT_TIMEOUT);
    Ok(WatchClient::new(endpoint.connect().await?))
}

/// A connection of its own thread. A connection that breaks comes back with the next call.
#[derive(Debug)]
pub struct Grpc {
    runtime: Runtime,
    channel: Channel,
    client: WatchClient,
}

impl Grpc {
    /// A client of the server at `address`, which need not be there yet.
    pub fn new(address: SocketAddr) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
        let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address is a URL");
        let channel = {
            let _within = runtime.enter();
            endpoint.connect_timeout(CONNECT_TIMEOUT).connect_lazy()
        };
        Self { runtime, client: WatchClient::new(channel.clone()), channel }
    }

    /// Makes a call and waits for its answer: `grpc.call(async |client| client.get_position(request).await)`.
    pub fn call<T>(
        &mut self,
        call: impl AsyncFnOnce(&mut WatchClient) -> Result<Response<T>, Status>,
    ) -> Result<T, Status> {
        let Self { runtime, client, .. } = self;
        let answered = runtime.block_on(async { tokio::time::timeout(CALL_TIMEOUT, call(client)).await });
        answered.map_err(|_| Status::deadline_exceeded("the test waited in vain"))?.map(Response::into_inner)
    }

    /// Calls a method of the watch service with these bytes as its message, be they one or not.
    pub fn raw(&mut self, method: &str, message: Vec<u8>) -> Result<Vec<u8>, Status> {
        let path = format!("/playhead.watch.v1.Watch/{method}").parse().expect("a method is a path");
        let mut grpc = tonic::client::Grpc::new(self.channel.clone());
        let answered = self.runtime.block_on(async {
            let call = async {
                grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
                grpc.unary(Request::new(message), path, RawCodec).await
            };
            tokio::time::timeout(CALL_TIMEOUT, call).await
        });
        answered.map_err(|_| Status::deadline_exceeded("the test waited in vain"))?.map(Response::into_inner)
    }

    /// Runs anything with the client, streams for instance, for as long as it takes.
    pub fn run<T>(&mut self, run: impl AsyncFnOnce(&mut WatchClient) -> T) -> T {
        let Self { runtime, client, .. } = self;
        runtime.block_on(run(client))
    }
}

/// The message with a token.
pub fn with_token<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let value = format!("Bearer {token}").parse().expect("a token is of ASCII");
    request.metadata_mut().insert("authorization", value);
    request
}
