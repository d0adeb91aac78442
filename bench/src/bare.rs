//! The ceiling of HTTP: a server of hyper alone, with the listeners' settings of the program, which reads a request to its
//! end and answers a constant of the same size. It runs in a process of its own, as the program does.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpListener;

use crate::ground::Ground;

const ANSWER: &[u8] = br#"{"event_time":1700000000000,"received_time":1700000000000}"#;
const READY_WITHIN: Duration = Duration::from_secs(10);

/// Serves until it is killed.
pub(crate) fn serve(at: SocketAddr) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(at).await?;
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(20)).max_buf_size(64 * 1024);
        let builder = std::sync::Arc::new(builder);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let builder = std::sync::Arc::clone(&builder);
            tokio::spawn(async move {
                // What ends a connection is the caller's business.
                let _ = builder.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
            });
        }
    })
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    // A body that breaks off ends the connection by itself.
    let _ = request.into_body().collect().await;
    Ok(Response::new(Full::new(Bytes::from_static(ANSWER))))
}

/// That server as a process, killed when it is dropped.
pub(crate) struct Bare {
    pub(crate) at: SocketAddr,
    child: Child,
}

impl Bare {
    pub(crate) fn start(ground: &Ground) -> anyhow::Result<Self> {
        let at = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = Command::new(&ground.own).args(["--bare", &at.to_string()]).stdin(Stdio::null()).spawn()?;
        let bare = Self { at, child };
        let deadline = Instant::now() + READY_WITHIN;
        while std::net::TcpStream::connect(at).is_err() {
            anyhow::ensure!(Instant::now() < deadline, "the bare server does not listen on {at}");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(bare)
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
