//! What tests of the real program need: the program as a process, clients, builders, and ways to break its world.
//!
//! A fault found here is a panic with all that is known of it: this crate serves tests alone. It knows the program from
//! outside only, by its command line, its HTTP and gRPC interfaces and its tables.

mod cli;
mod clock;
mod event;
mod grpc;
mod http;
mod ports;
mod postgres;
mod program;
mod random;
mod raw_codec;
mod sql;
mod tmpfs;
mod wait;

pub use cli::{Finished, run_to_end};
pub use clock::ManualClock;
pub use event::{EventBuilder, event};
pub use grpc::{Grpc, WatchClient, watch_client, with_token};
pub use http::{Answer, Http, Lost};
pub use postgres::{Postgres, PostgresSetup};
pub use program::{Program, Setup};
pub use random::{Seeded, seeded};
pub use rustix::process::Signal;
pub use sql::{Row, sql, try_sql};
pub use tmpfs::{Ballast, Tmpfs};
pub use tonic::{Code, Request, Status, Streaming};
pub use wait::wait_until;
