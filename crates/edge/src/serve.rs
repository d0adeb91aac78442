//! Listeners and connections: accepting, the guards against slow and many callers, and leaving in good order.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::client::Peer;
use crate::grpc::GrpcFront;
use crate::http::HttpFront;
use crate::{Config, Edge};

/// How often metrics and client rates are tidied.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);
/// How long to wait after the system refused a connection, such as for want of file handles.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);
/// HTTP/2 callers that do not answer a ping for so long are gone.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_WAIT: Duration = Duration::from_secs(20);
const STREAMS_PER_CONNECTION: u32 = 512;
/// Wide enough that a stream of events is never held up by its window on a local network.
const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 4 * 1024 * 1024;
/// Connections that the system holds for the program until it accepts them.
const BACKLOG: u32 = 1_024;

/// Addresses that are taken for this program, before it can answer there: callers are refused until it listens, rather than
/// left waiting.
pub struct Addresses {
    http: Address,
    grpc: Address,
}

struct Address {
    name: &'static str,
    at: SocketAddr,
    socket: TcpSocket,
}

impl Addresses {
    /// Takes both addresses; port 0 is any free one. An address that somebody else listens on is an error.
    pub fn take(http: SocketAddr, grpc: SocketAddr) -> io::Result<Self> {
        Ok(Self { http: Address::take("http", http)?, grpc: Address::take("grpc", grpc)? })
    }

    /// Begins to listen on both.
    pub fn listen(self) -> io::Result<Listeners> {
        Ok(Listeners { http: self.http.listen()?, grpc: self.grpc.listen()? })
    }
}

impl Address {
    fn take(name: &'static str, at: SocketAddr) -> io::Result<Self> {
        let taken = || {
            let socket = if at.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            // Connections of a run before, which the system still remembers, must not keep this one out.
            socket.set_reuseaddr(true)?;
            socket.bind(at)?;
            Ok(socket)
        };
        Ok(Self { name, at, socket: taken().map_err(|error| cannot_listen(name, at, &error))? })
    }

    fn listen(self) -> io::Result<TcpListener> {
        self.socket.listen(BACKLOG).map_err(|error| cannot_listen(self.name, self.at, &error))
    }
}

/// Why, by which flag another address is chosen, and what to do.
fn cannot_listen(name: &str, at: SocketAddr, error: &io::Error) -> io::Error {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program listens there, perhaps another playhead: stop it, or choose another address"
        }
        io::ErrorKind::AddrNotAvailable => "this machine does not have that address: choose one that it has",
        io::ErrorKind::PermissionDenied => "ports below 1024 are not for everybody: choose a higher one",
        _ => "choose another address",
    };
    io::Error::new(error.kind(), format!("--{name} {at}: cannot listen there ({error}); {advice} with --{name} ADDR"))
}

/// Where callers come in.
pub struct Listeners {
    /// HTTP/1.1 and HTTP/2 without TLS.
    pub http: TcpListener,
    /// gRPC.
    pub grpc: TcpListener,
}

impl Listeners {
    /// Listens on both addresses; port 0 is any free one.
    pub fn bind(http: SocketAddr, grpc: SocketAddr) -> io::Result<Self> {
        Addresses::take(http, grpc)?.listen()
    }

    /// Where HTTP is answered.
    pub fn http_addr(&self) -> io::Result<SocketAddr> {
        self.http.local_addr()
    }

    /// Where gRPC is answered.
    pub fn grpc_addr(&self) -> io::Result<SocketAddr> {
        self.grpc.local_addr()
    }
}

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections that had to be cut at the deadline; 0 if everybody was answered.
    pub connections_cut: usize,
}

/// What answers the requests of a listener.
pub(crate) trait Front: Clone + Send + Sync + 'static {
    /// The body of its answers.
    type Body: Body<Data = Bytes, Error: Into<Box<dyn StdError + Send + Sync>>> + Send + 'static;

    /// The answer. Whatever goes wrong is an answer too.
    fn answer(&self, peer: Peer, request: Request<Incoming>) -> impl Future<Output = Response<Self::Body>> + Send;
}

/// Serves until `shutdown`, then finishes what is under way, for at most `deadline`.
pub async fn serve(edge: Arc<Edge>, listeners: Listeners, shutdown: CancellationToken, deadline: Duration) -> Drained {
    let stop_accepting = CancellationToken::new();
    let http = HttpFront::new(Arc::clone(&edge));
    let grpc = GrpcFront::new(Arc::clone(&edge));
    let health = grpc.clone();
    let http = accept(edge.config.clone(), listeners.http, http, stop_accepting.clone(), deadline);
    let grpc = accept(edge.config.clone(), listeners.grpc, grpc, stop_accepting.clone(), deadline);
    let both = async { futures::join!(http, grpc) };
    let told = async {
        shutdown.cancelled().await;
        edge.draining.cancel();
        tokio::time::sleep(edge.config.drain_grace()).await;
        stop_accepting.cancel();
        std::future::pending::<()>().await;
    };
    let mut both = pin!(both);
    let mut told = pin!(told);
    let mut tidy = pin!(async { futures::join!(upkeep(&edge), health.report_health()) });
    tokio::select! {
        (http, grpc) = &mut both => Drained { connections_cut: http + grpc },
        () = &mut told => unreachable!("it waits for the listeners to end"),
        _ = &mut tidy => unreachable!("it tidies for ever"),
    }
}

async fn upkeep(edge: &Edge) {
    let mut every = tokio::time::interval(UPKEEP_EVERY);
    loop {
        every.tick().await;
        edge.metrics.upkeep();
        edge.rates.upkeep();
    }
}

/// Accepts connections until told to stop; how many had to be cut in the end.
async fn accept<F: Front>(
    config: Config,
    listener: TcpListener,
    front: F,
    stop: CancellationToken,
    deadline: Duration,
) -> usize {
    let builder = Arc::new(builder(&config));
    let room = Arc::new(Semaphore::new(config.connections_max.clamp(1, Semaphore::MAX_PERMITS)));
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer, permit) = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = accept_one(&listener, &room) => accepted,
        };
        let connection = Connection {
            builder: Arc::clone(&builder),
            front: front.clone(),
            first_within: config.header_read_timeout(),
            stop: stop.child_token(),
        };
        connections.spawn(async move {
            connection.run(stream, peer).await;
            drop(permit);
        });
    }
    drop(listener);
    let all_over = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(deadline, all_over).await.is_err() {
        tracing::warn!(connections = connections.len(), "the deadline to stop has passed; connections are cut");
    }
    let cut = connections.len();
    connections.shutdown().await;
    cut
}

/// The next connection, once there is room for it. Dropping the future loses none.
async fn accept_one(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit) {
    let permit = Arc::clone(room).acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, permit),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

fn builder(config: &Config) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // Above the limit on headers that the front names in words; past this hyper itself answers 431.
    let head_bytes = (config.header_bytes_max * 2).max(16 * 1024);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(config.header_read_timeout())
        .max_buf_size(head_bytes.max(64 * 1024));
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_WAIT)
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_header_list_size(u32::try_from(head_bytes).unwrap_or(u32::MAX));
    builder
}

/// One connection.
struct Connection<F> {
    builder: Arc<Builder<TokioExecutor>>,
    front: F,
    /// A caller that asks nothing for so long is sent away: telling HTTP/1 from HTTP/2 has no time limit of its own.
    first_within: Duration,
    stop: CancellationToken,
}

impl<F: Front> Connection<F> {
    async fn run(self, stream: TcpStream, peer: SocketAddr) {
        // A failure costs time alone: answers may wait for the caller's acknowledgement.
        let _ = stream.set_nodelay(true);
        let has_asked = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&has_asked);
        let peer = Peer(peer.ip());
        let front = self.front;
        let service = service_fn(move |request| {
            asked.store(true, Ordering::Relaxed);
            let front = front.clone();
            async move { Ok::<_, Infallible>(front.answer(peer, request).await) }
        });
        let mut connection = pin!(self.builder.serve_connection(TokioIo::new(stream), service));
        let mut first = pin!(tokio::time::sleep(self.first_within));
        let mut stop = pin!(self.stop.cancelled());
        let mut is_stopping = false;
        loop {
            tokio::select! {
                biased;
                // What ends a connection is the caller's business, or was answered.
                _ = connection.as_mut() => return,
                // Not looked at any more once it has asked; in the very moment of both it is looked at once in vain.
                () = first.as_mut(), if !has_asked.load(Ordering::Relaxed) => {
                    if !has_asked.load(Ordering::Relaxed) {
                        return;
                    }
                }
                () = stop.as_mut(), if !is_stopping => {
                    is_stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}
