//! What a handler leaves unread of a request's body.
//!
//! hyper closes a connection of HTTP/1 whose request was not read to its end, and the answer does not say so: a caller who is
//! still sending then reads a broken pipe instead of the answer, and one who sends the next request on it loses that. So the
//! rest is taken and thrown away here, within bounds; past them the answer says that the connection ends.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::Request;
use http::header::EXPECT;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};

/// How much is thrown away at most.
const UNREAD_BYTES_MAX: usize = 32 << 20;
/// How long the rest may take to come.
const UNREAD_WITHIN: Duration = Duration::from_secs(5);

type Slot = Arc<Mutex<Option<Incoming>>>;

/// A body that comes back when its reader lets go of it.
struct Lent {
    body: Option<Incoming>,
    back: Slot,
}

/// What may be left of a body.
pub(crate) struct Unread {
    back: Option<Slot>,
    /// The caller waits to be told to go on before it sends any of it.
    waits: bool,
}

/// Lends the request's body to whoever reads it.
pub(crate) fn lend(request: Request<Incoming>) -> (Request<Body>, Unread) {
    if request.body().is_end_stream() {
        return (request.map(Body::new), Unread { back: None, waits: false });
    }
    let waits = request.headers().contains_key(EXPECT);
    let back = Slot::default();
    let lent = request.map(|body| Body::new(Lent { body: Some(body), back: Arc::clone(&back) }));
    (lent, Unread { back: Some(back), waits })
}

impl Unread {
    /// Takes what is left, if `may_wait`; gives whether the connection can go on. The handler has answered.
    pub(crate) async fn settle(self, may_wait: bool) -> bool {
        let Some(back) = self.back else { return true };
        let Some(mut body) = back.lock().unwrap_or_else(PoisonError::into_inner).take() else { return false };
        if body.is_end_stream() {
            return true;
        }
        if self.waits || !may_wait {
            return false;
        }
        tokio::time::timeout(UNREAD_WITHIN, discard(&mut body)).await.unwrap_or(false)
    }
}

/// Reads to the end and keeps nothing; false if the end is too far.
async fn discard(body: &mut Incoming) -> bool {
    let mut left = UNREAD_BYTES_MAX;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
            Some(rest) => left = rest,
            None => return false,
        }
    }
    true
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, Incoming::size_hint)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        *self.back.lock().unwrap_or_else(PoisonError::into_inner) = self.body.take();
    }
}
