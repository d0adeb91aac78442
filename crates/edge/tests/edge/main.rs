//! The edge over real sockets, with the real log, recent positions and base, and stand-ins where a test must say what happens.

mod drain;
mod grpc_stream;
mod grpc_unary;
mod http_batches;
mod http_positions;
mod http_sql;
mod http_topics;
mod limits;
mod openapi;
mod probes;
mod problems;
mod random;
mod support;
mod tokens;
