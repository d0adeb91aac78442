//! gRPC: the methods of `playhead.watch.v1.Watch`, health and reflection. The same use cases as over HTTP.

mod front;
mod message;
mod method;
mod status;
mod stream;
mod watch;

pub(crate) use front::GrpcFront;
